"""Text as a user writes it -> rows with their numbers, or plain words about what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from ft_magics.data.bodies.csv_rows import DELIMITERS, csv_rows
from ft_magics.data.bodies.dialogue import ROLE, dialogue_rows
from ft_magics.data.bodies.json_rows import JsonRows
from ft_magics.data.bodies.row_problem import Found, RowProblem
from ft_magics.data.bodies.yaml_rows import yaml_rows

__all__ = ["BodyKind", "RowProblem", "body_kind", "read_rows"]

BodyKind = Literal["empty", "json", "dialogue", "csv", "yaml"]

_PIECE = 65_536
"""Characters that a reader gets at once."""

_CSV_CELL = re.compile(r'\s*("[^"]*"|[^\W\d][\w .-]*)\s*')


def body_kind(text: str) -> BodyKind:
    """What a body looks like, by its first line that is neither blank nor a `#` comment.

    Args:
        text: A cell's body or a file.

    Returns:
        `empty`; `json` if it begins with `{` or `[`; `dialogue` if with `user:` or another role;
        `csv` if with a header of names between commas, semicolons, tabs or bars; else `yaml`.
    """
    lines = (line.strip() for line in text.lstrip("\ufeff").splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if not first:
        return "empty"
    if first[0] in "{[":
        return "json"
    if ROLE.match(first):
        return "dialogue"
    return "csv" if any(_is_header(first.split(mark)) for mark in DELIMITERS) else "yaml"


def _is_header(cells: list[str]) -> bool:
    # pandas writes its index as a first column without a name.
    named = cells[1:] if cells[0] == "" else cells
    return len(cells) > 1 and all(_CSV_CELL.fullmatch(cell) for cell in named)


def read_rows(text: str, where: str) -> list[tuple[int, Found]]:
    """Read rows as people write them: JSONL, a JSON array, YAML, CSV or a dialogue.

    A row that cannot be read does not hide those after it.

    Args:
        text: The rows.
        where: The cell or file, for the error.

    Returns:
        For each row its number, counted from 1, and its fields or what is wrong with it.

    Raises:
        DataError: The text is none of these, or its header cannot be used.
    """
    text = text.lstrip("\ufeff")
    kind = body_kind(text)
    # In pieces, since a row that cannot be read costs a look over all of the piece before it.
    pieces = (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
    return list(enumerate(READERS[kind](pieces, where, "the rows"), start=1))


Reader = Callable[[Iterable[str], str, str], Iterator[Found]]


def _no_rows(chunks: Iterable[str], where: str, name: str) -> Iterator[Found]:
    return iter(())


def _json_rows(chunks: Iterable[str], where: str, name: str) -> Iterator[Found]:
    return JsonRows(chunks, name).rows()


READERS: dict[BodyKind, Reader] = {
    "empty": _no_rows,
    "json": _json_rows,
    "yaml": yaml_rows,
    "csv": csv_rows,
    "dialogue": dialogue_rows,
}
"""What reads each kind of body: takes its text in pieces, the cell, and what problems call it."""
