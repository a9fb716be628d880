"""The prompts that two models are compared on, from wherever the user has them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import NameUnknown, SettingError, nearest

if TYPE_CHECKING:
    from ft_magics.data import AnyRow, Dataset, Message
    from ft_magics.session.resolve import Target
    from ft_magics.session.state import Session

__all__ = ["Questions", "question_text", "read_questions"]

Prompt = tuple["Message", ...]

_FIELDS = ("prompt", "user", "messages", "system")


@dataclass(frozen=True)
class Questions:
    """Prompts without repeats, and where they come from."""

    prompts: tuple[Prompt, ...]
    title: str
    """In words: `the data set catgpt`."""
    led: bool = False
    """Whether each has the system text that it was trained with, so that none is put before it."""


def read_questions(
    session: Session, given: Any, targets: Sequence[Target], where: str
) -> Questions:
    """Find the prompts.

    Args:
        session: Where sets are kept.
        given: `golden:NAME`, `data:NAME`, a name, a file, or a list of prompts; None takes those
            that the last of the models was trained on, else the first.
        targets: The models.
        where: The cell, for errors.

    Raises:
        NameUnknown: There is nothing of that name.
        DataError: The prompts cannot be read.
        SettingError: There are none, or the name means two things.
    """
    found = _trained_on(targets) if given is None else _of(session, given, where)
    if found is None:
        remedy = "Name them: --prompts golden:NAME, data:NAME, a file or $VARIABLE."
        raise SettingError(where, "neither model says what it was trained on", remedy)
    prompts = tuple(dict.fromkeys(found.prompts))
    if not prompts:
        remedy = "Name others with --prompts."
        raise SettingError(where, f"there are no prompts in {found.title}", remedy)
    return replace(found, prompts=prompts)


def question_text(prompt: Prompt) -> str:
    """A prompt as a person reads it: its question; of a conversation, all turns."""
    turns = [turn for turn in prompt if turn.role != "system"]
    if len(turns) == 1:
        return turns[0].content
    return "\n\n".join(f"{turn.role}: {turn.content}" for turn in turns)


def _trained_on(targets: Sequence[Target]) -> Questions | None:
    """The prompts of the rows that a run has kept."""
    from ft_magics.data import Dataset, RowFile

    for target in reversed(targets):
        folder = target.folder
        record = folder.record.get("dataset") if folder is not None else None
        file = folder.path / "rows.jsonl" if folder is not None else None
        if record and file is not None and file.is_file():
            made = Dataset.from_records(record, RowFile(file))
            title = f"the rows that {target.title} was trained on"
            return Questions(tuple(_of_rows(made)), title, led=True)
    return None


def _of(session: Session, given: Any, where: str) -> Questions:
    if not isinstance(given, str | Path):
        return Questions(tuple(_of_values(given, where)), "the list")
    kind, name = _meant(session, str(given), where)
    if kind == "golden":
        questions = session.golden(name, where).questions
        return Questions(tuple(q.messages for q in questions), f"the golden set {name}")
    if kind == "data":
        made = session.dataset(name, where)
        return Questions(tuple(_of_rows(made)), f"the data set {name}")
    return _of_file(Path(name).expanduser(), where)


def _meant(session: Session, written: str, where: str) -> tuple[str, str]:
    """The kind of thing that a name means, and its plain name."""
    kind, colon, name = written.partition(":")
    if colon and kind in ("golden", "data"):
        return kind, name
    plain = written.partition("~")[0]
    kinds = [kind for kind in ("golden", "data") if plain in session.store.set_names(kind)]
    if len(kinds) > 1:
        remedy = f"Write golden:{written} or data:{written}."
        raise SettingError(where, f"'{written}' is a golden set and a data set", remedy)
    if kinds:
        return kinds[0], written
    if Path(written).expanduser().is_file():
        return "file", written
    known = [*session.store.set_names("golden"), *session.store.set_names("data")]
    what = f"there is no golden set, data set or file '{written}'"
    raise NameUnknown(where, what, nearest(plain, known))


def _of_rows(made: Dataset) -> Iterator[Prompt]:
    from ft_magics.data.rows import with_system

    for row in made.rows:
        prompt = _question(row)
        if prompt:
            yield with_system(prompt, made.system)


def _question(row: AnyRow) -> Prompt:
    """A row up to its last question; empty for a plain text, and for what calls tools."""
    from ft_magics.data import Row

    turns = row.messages if isinstance(row, Row) else row.prompt
    last = max((i for i, turn in enumerate(turns) if turn.role == "user"), default=-1)
    asked = turns[: last + 1]
    if row.tools or any(turn.tool_calls or turn.role == "tool" for turn in asked):
        return ()
    return tuple(replace(turn, trained=False) for turn in asked)


def _of_file(path: Path, where: str) -> Questions:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            where, f"{path.name} cannot be read: {error}", "Save it as UTF-8."
        ) from None
    lines = [line for line in text.split("\n") if line.strip()]
    if path.suffix not in (".jsonl", ".ndjson", ".json"):
        return Questions(tuple(_of_values([line.strip() for line in lines], where)), path.name)
    try:
        whole = json.loads(text) if path.suffix == ".json" else None
        values = whole if isinstance(whole, list) else [json.loads(line) for line in lines]
    except ValueError as error:
        what = f"{path.name} is not JSON: {error}"
        raise SettingError(where, what, 'Write a line for each: {"prompt": "…"}.') from None
    return Questions(tuple(_of_values(values, where)), path.name)


def _of_values(values: Any, where: str) -> Iterator[Prompt]:
    """Prompts of a list: texts, objects with a prompt, or conversations."""
    from ft_magics.data import make_golden

    if isinstance(values, Mapping) or not isinstance(values, Iterable):
        what = f"a {type(values).__name__} holds no prompts"
        raise SettingError(where, what, "Give a list of texts.")
    records = [_record(value) for value in values]
    if records:
        # Read as golden questions are, which are told apart and refused in plain words.
        for question in make_golden("prompts", records, where=where).questions:
            yield question.messages


def _record(value: Any) -> Any:
    if isinstance(value, str):
        return {"prompt": value}
    if isinstance(value, list | tuple):
        return {"messages": list(value)}
    if isinstance(value, Mapping):
        return {key: field for key, field in value.items() if key in _FIELDS}
    return value
