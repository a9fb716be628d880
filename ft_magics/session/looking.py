"""Rows of a data set, looked at one by one, by word: the same that the card's browser shows."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError, NameUnknown, SettingError, nearest
from ft_magics.session.objects import Shown
from ft_magics.session.row_tokens import row_tokens

if TYPE_CHECKING:
    from ft_magics.data import AnyRow, Dataset, Finding

__all__ = ["RowTokens", "SomeRows", "look"]

MOST_SHOWN = 50
"""Rows shown at once."""


@dataclass(repr=False)
class RowTokens(Shown):
    """One row as the model reads it."""

    name: str
    row: AnyRow
    findings: tuple[Finding, ...]
    """Those that name this row."""
    sides: list[tuple[str, Any]]
    """Each side's title, empty for a row that has one, and its `TokenPiece`s."""

    def __repr__(self) -> str:
        return f"row {self.row.number} of {self.name}"


@dataclass(repr=False)
class SomeRows(Shown):
    """Some rows, with what was found in each."""

    name: str
    rows: list[AnyRow]
    findings: tuple[Finding, ...]
    """All of the data set."""
    note: str

    def __repr__(self) -> str:
        return f"{len(self.rows)} rows of {self.name}"


def look(
    made: Dataset,
    *,
    row: int | str | None = None,
    rows: str | None = None,
    finding: str | None = None,
    where: str = "",
) -> RowTokens | SomeRows:
    """Look at rows of a data set.

    Args:
        made: The data set.
        row: The number of one row: it is shown token by token.
        rows: Numbers from and to, `11-20`.
        finding: The check whose rows are shown; `rows` then counts among these.
        where: The cell, for errors.

    Raises:
        NameUnknown: There is no such row, or no such finding.
        SettingError: The numbers are not understood.
    """
    if row is not None:
        return _tokens(made, row, where)
    first, last = _range(rows, where)
    if finding is None:
        last = min(last, first + MOST_SHOWN - 1)
        found = [one for one in made.rows if first <= one.number <= last]
        note = f"{len(found)} of {len(made.rows):,} rows"
    else:
        numbers = _numbers(made, finding, where)
        found = _kept(made, numbers[first - 1 : last][:MOST_SHOWN])
        note = f"{len(found)} of {len(numbers):,} rows with the finding {finding}"
        if not found and rows is None:
            what = f"the rows with the finding {finding} were left out of {made.name}"
            raise NameUnknown(where, what, f"Its card names them: %ft show data:{made.name}.")
    if not found:
        raise NameUnknown(where, f"{made.name} has no rows {rows}", _has(made))
    return SomeRows(made.name, found[:MOST_SHOWN], made.findings, note)


def _tokens(made: Dataset, row: int | str, where: str) -> RowTokens:
    try:
        number = int(row)
    except ValueError:
        remedy = "Write the number of a row: --row 4."
        raise SettingError(where, f"--row is {row!r}", remedy) from None
    try:
        found = made.row(number)
    except ValueError:
        raise NameUnknown(where, f"{made.name} has no row {number}", _has(made)) from None
    named = tuple(f for f in made.findings if number in f.rows)
    try:
        sides = list(row_tokens(made, number))
    except DataError as error:
        raise DataError(where, error.problems, error.remedy) from None
    return RowTokens(made.name, found, named, sides)


def _range(rows: str | None, where: str) -> tuple[int, int]:
    if rows is None:
        return 1, MOST_SHOWN
    found = re.fullmatch(r"(\d+)(?:-(\d+))?", str(rows))
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise SettingError(where, f"--rows is {rows!r}", "Write numbers from and to: --rows 11-20.")
    return int(found[1]), int(found[2] or found[1])


def _numbers(made: Dataset, finding: str, where: str) -> Sequence[int]:
    """The rows that a check named."""
    checks = {f.check for f in made.findings if f.rows}
    if finding not in checks:
        remedy = nearest(finding, checks) or "Nothing was found in its rows."
        raise NameUnknown(where, f"{made.name} has no finding '{finding}'", remedy)
    return sorted({number for f in made.findings if f.check == finding for number in f.rows})


def _kept(made: Dataset, numbers: Sequence[int]) -> list[AnyRow]:
    """The rows of these numbers that are there: bad and repeated ones may have been left out."""
    found = []
    for number in numbers:
        with contextlib.suppress(ValueError):
            found.append(made.row(number))
    return found


def _has(made: Dataset) -> str:
    if len(made.rows) == 1:
        return f"It has one row, number {made.rows[0].number}."
    # A shuffled set begins with any of them.
    numbers = [row.number for row in made.rows]
    first, last = min(numbers), max(numbers)
    return f"It has {len(made.rows):,} rows, numbered {first} to {last}."
