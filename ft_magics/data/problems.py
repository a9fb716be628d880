"""What is wrong with rows that cannot be used, in few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ft_magics.data.findings import Finding, finding, row_words

__all__ = ["ProblemLog", "Problems", "grouped", "skipped_findings"]

Problems = Mapping[int, Sequence[tuple[str, str]]]
"""For each bad row's number what is wrong with it, and the remedies."""

_ALONE = 3
"""Up to this many rows with the same problem are told one by one."""

_MOST_LINES = 40
"""Lines of one error; the rest is counted."""

_MOST_ROWS = 20_000
"""Bad rows that are remembered one by one; the rest is counted."""


@dataclass
class ProblemLog:
    """The bad rows of a set, in bounded memory."""

    problems: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """For each bad row's number what is wrong with it; of the first `_MOST_ROWS`."""
    count: int = 0
    """Bad rows in all."""

    def add(self, number: int, told: Sequence[tuple[str, str]]) -> None:
        """Note a bad row.

        Args:
            number: Its number.
            told: What is wrong with it, each with the remedy.
        """
        self.count += 1
        if len(self.problems) < _MOST_ROWS:
            self.problems[number] = list(told)

    def lines(self) -> list[str]:
        """The problems as an error tells them, and how many rows are not among them."""
        more = self.count - len(self.problems)
        return [*grouped(self.problems), *([f"and {more:,} more bad rows"] if more else [])]


def grouped(problems: Problems) -> list[str]:
    """Problems as an error tells them: a line for each, the same one of many rows told once.

    Args:
        problems: For each row number what is wrong with it.

    Returns:
        Lines such as `row 3: the answer is empty (field 'assistant'). Write it, or remove …`, in
        the order of the rows.
    """
    same = _same(problems)
    lines = [f"{row_words(rows)}: {what}. {remedy}".rstrip() for rows, what, remedy in same]
    more = len(lines) - _MOST_LINES
    return lines if more <= 0 else [*lines[:_MOST_LINES], f"and {more:,} more problems"]


def skipped_findings(problems: Problems) -> list[Finding]:
    """The same as findings, for rows that are left out."""
    return [
        finding("bad-row", "error", rows, f"{what}; left out", remedy)
        for rows, what, remedy in _same(problems)[:_MOST_LINES]
    ]


def _same(problems: Problems) -> list[tuple[list[int], str, str]]:
    """Each problem with its rows; a problem that only a few rows have stands at each of them."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, told in problems.items():
        for problem in dict.fromkeys(told):
            found.setdefault(problem, []).append(number)
    lines = [
        (part, what, remedy)
        for (what, remedy), rows in found.items()
        for part in ([[row] for row in rows] if len(rows) <= _ALONE else [rows])
    ]
    return sorted(lines, key=lambda line: line[0][0])
