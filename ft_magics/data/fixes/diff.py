"""What repairs changed, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ft_magics.data.excerpts import visible
from ft_magics.data.fixes.rows import Change

__all__ = ["DiffLine", "diff_lines"]


@dataclass(frozen=True)
class DiffLine:
    """One line of a diff."""

    row: int
    """The number of the row it belongs to."""
    kind: Literal["row", "removed", "added", "kept"]
    """`row` is a heading: the row and the repair."""
    text: str
    """The line, with its hidden characters and the white space at its ends made visible; short."""


def diff_lines(changes: Iterable[Change]) -> list[DiffLine]:
    """Changes as lines to show, each change under a heading, with a line kept around it.

    Args:
        changes: As `fix_rows` gave them.
    """
    return [line for change in changes for line in _lines(change)]


def _lines(change: Change) -> Iterator[DiffLine]:
    yield DiffLine(change.row, "row", f"row {change.row}: {change.fix}")
    # Line ends are kept, since they may be all that changed.
    before, after = change.before.split("\n"), change.after.split("\n") if change.after else []
    kinds = {"-": "removed", "+": "added", " ": "kept"}
    for line in list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]:
        if line[0] in kinds:
            first = _first_difference(line[1:], after if line[0] == "-" else before)
            yield DiffLine(change.row, kinds[line[0]], visible(line[1:], first))  # type: ignore[arg-type]


def _first_difference(line: str, others: list[str]) -> int:
    """Where a line begins to differ from the nearest of the other side's, to show that part."""
    near = difflib.get_close_matches(line, others[:50], n=1, cutoff=0.6) if len(line) < 2000 else []
    if not near:
        return 0
    pairs = zip(line, near[0], strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(line), len(near[0])))
