"""Input transformers: our cells and lines are taken as they stand.

IPython refuses a `%%` cell with a comment or a blank line above it, or with an empty body; it
reads a `?` at the end of a line as a question to its help, and strips `>>>` from bodies as if
they were doctests. Ours become plain calls before any of that looks at them.
"""

from __future__ import annotations

import tokenize
from textwrap import dedent
from typing import Any

from IPython.core.inputtransformer2 import (
    TokenTransformBase,
    assemble_continued_line,
    find_end_of_continued_line,
)

__all__ = ["CELL_MAGICS", "LINE_MAGICS", "OurLine", "call_cell", "drop_comments_above", "header_of"]

CELL_MAGICS = ("dataset", "golden", "finetune", "prompt")
LINE_MAGICS = ("ft", *CELL_MAGICS)


def header_of(lines: list[str]) -> int | None:
    """Where our `%%` line is.

    Args:
        lines: The lines of a cell.

    Returns:
        Its index: the first line that is neither blank nor a comment, if it begins one of our
        cells; None for any other cell. `%%finetune?`, with nothing between, is IPython's help.
    """
    for index, line in enumerate(lines):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if not text.startswith("%%"):
            return None
        name = text[2:].split(maxsplit=1)
        return index if name and name[0] in CELL_MAGICS else None
    return None


def drop_comments_above(lines: list[str]) -> list[str]:
    """Let our `%%` line be the first of its cell, without indentation."""
    at = header_of(lines)
    if at is None:
        return lines
    kept = lines[at:]
    if kept[0][0].isspace():
        kept = dedent("".join(kept)).splitlines(keepends=True)
    return kept


def call_cell(lines: list[str]) -> list[str]:
    """Turn our cell into the call that IPython would make, its body untouched."""
    if not lines or header_of(lines) != 0 or not lines[0].startswith("%%"):
        return lines
    name, _, line = lines[0][2:].rstrip().partition(" ")
    # IPython refuses an empty body; one blank line is the same to us.
    body = "".join(lines[1:]) or "\n"
    return [f"get_ipython().run_cell_magic({name!r}, {line!r}, {body!r})\n"]


# `check_complete`, which tells a terminal whether more lines are to come, leaves out transformers
# marked so: else a cell would be complete after its first line.
call_cell.has_side_effects = True  # type: ignore[attr-defined]


class OurLine(TokenTransformBase):  # type: ignore[misc]
    """`%ft …` and `x = %ft …` become calls, whatever stands at their end.

    Tokens, not a pattern: the same text inside a string of Python is left alone.
    """

    priority = 1
    """Before IPython's help (5) and its magics (10) at the same place."""

    def __init__(self, start: tuple[int, int], percent: tuple[int, int]) -> None:
        super().__init__(start)
        self.percent_line = percent[0] - 1
        self.percent_col = percent[1]

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> OurLine | None:
        """The first of our lines among a cell's tokens."""
        skipped = {tokenize.INDENT, tokenize.DEDENT}
        for tokens in tokens_by_line:
            line = [token for token in tokens if token.type not in skipped]
            for at in (0, _after_assignment(line)):
                if at is not None and _is_ours(line, at):
                    return cls(line[0].start, line[at].start)
        return None

    def transform(self, lines: list[str]) -> list[str]:
        """Replace the line, with those it is continued on by a backslash."""
        start = self.percent_line
        end = find_end_of_continued_line(lines, start)
        text = assemble_continued_line(lines, (start, self.percent_col), end)
        name, _, line = text[1:].partition(" ")
        before = lines[start][: self.percent_col]
        call = f"{before}get_ipython().run_line_magic({name!r}, {line!r})\n"
        return [*lines[:start], call, *lines[end + 1 :]]


def _after_assignment(line: list[Any]) -> int | None:
    """Where the right side of `NAME = …` begins."""
    for index, token in enumerate(line[:-1]):
        if token.string == "=":
            return index + 1
        if token.string not in ".,*" and token.type != tokenize.NAME:
            return None
    return None


def _is_ours(line: list[Any], at: int) -> bool:
    if len(line) < at + 2 or line[at].string != "%" or line[at + 1].string not in LINE_MAGICS:
        return False
    percent, name = line[at], line[at + 1]
    rest = name.line[name.end[1] :] if name.start[0] == percent.start[0] else ""
    # `%ft?` with nothing between is IPython's help; `%ft list?` is ours.
    return percent.end == name.start and (not rest.strip() or rest[0].isspace())
