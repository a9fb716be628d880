"""What a check is, and how it collects what it saw."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Protocol

from ft_magics.data.findings import Example, Finding, Severity, finding
from ft_magics.data.rows import AnyRow

__all__ = ["MOST_EXAMPLES", "Check", "RowAt", "Tally"]

RowAt = Callable[[int], AnyRow]
"""Gives the row with this number back."""

MOST_EXAMPLES = 3
"""Shown with one finding; of things that belong in pairs, this many pairs."""


class Check(Protocol):
    """Looks at every row once, and tells at the end what it found."""

    def see(self, row: AnyRow) -> None:
        """Look at the next row; what is kept of it is small, never its text.

        Args:
            row: Of the kind the check was made for.
        """

    def findings(self, row_at: RowAt) -> list[Finding]:
        """What was found in all rows seen.

        Args:
            row_at: Gives a row back that was seen, for examples.
        """


class Tally:
    """The rows that have a fault, and the first few examples of it."""

    def __init__(self) -> None:
        self.rows = array("q")
        self.examples: list[Example] = []

    def add(self, row: int, text: str, title: str = "") -> None:
        """Count a row.

        Args:
            row: Its number.
            text: The piece of it to show.
            title: As in `Example`.
        """
        if self.rows and self.rows[-1] == row:
            return
        self.rows.append(row)
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(Example(row, text, title=title))

    @property
    def wants_example(self) -> bool:
        """Whether another example has room, for those that cost something to make."""
        return len(self.examples) < MOST_EXAMPLES

    def told(
        self, check: str, severity: Severity, text: str, remedy: str, fix: str = ""
    ) -> list[Finding]:
        """One finding about all its rows; none if there are none."""
        if not self.rows:
            return []
        return [finding(check, severity, self.rows, text, remedy, examples=self.examples, fix=fix)]
