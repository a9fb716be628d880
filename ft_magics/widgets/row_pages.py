"""Pages of a data set's rows, by finding and by a search text, however many rows there are.

Rows may be read from a file one by one, so a page never looks at more than some thousand of them: a
search that is not done says how far it came, and goes on when it is asked again.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ft_magics.data.rows import conversations
from ft_magics.widgets.findings import by_severity
from ft_magics.widgets.row_view import RowView

if TYPE_CHECKING:
    from ft_magics.data import DataFacts
    from ft_magics.data.rows import AnyRow

__all__ = ["HELD", "Chip", "Page", "RowPages"]

HELD = "held out"
"""The filter for rows that are held out; no check is called so."""

SCAN_ROWS = 4_000
"""Rows looked at for one page, at most: about a quarter of a second."""


@dataclass(frozen=True)
class Chip:
    """A filter that can be chosen."""

    check: str
    """What is asked for; empty for all rows."""
    title: str
    count: int
    severity: str = ""


@dataclass(frozen=True)
class Page:
    """Some rows, and where they stand among those that fit."""

    rows: tuple[RowView, ...]
    size: int
    """How many a full page has."""
    first: int
    """Place of the first among those that fit, from 0."""
    found: int
    """How many fit, as far as was looked."""
    scanned: int
    """How many were looked at."""
    total: int
    """How many there are to look at."""

    @property
    def done(self) -> bool:
        """Whether all were looked at."""
        return self.scanned >= self.total


@dataclass
class _Search:
    """A search that goes on from page to page."""

    check: str
    text: str
    found: array[int]
    """Places of rows that fit."""
    scanned: int = 0


class RowPages:
    """The rows of a data set in pages.

    Args:
        rows: All rows; quickest in the order of their numbers.
        facts: What was found in them.
        per_page: Rows on a page.
        scan_rows: Rows looked at for one page, at most.
    """

    def __init__(
        self,
        rows: Sequence[AnyRow],
        facts: DataFacts,
        *,
        per_page: int = 10,
        scan_rows: int = SCAN_ROWS,
    ) -> None:
        self._rows = rows
        self._facts = facts
        self._per_page = per_page
        self._scan_rows = scan_rows
        self._numbers = _by_check(facts)
        self._search = _Search("", "", array("Q"))

    @property
    def chips(self) -> tuple[Chip, ...]:
        """All rows, then each check that named rows, the worst first, then what is held out."""
        severities = {f.check: f.severity for f in reversed(by_severity(self._facts.findings))}
        named = [
            Chip(check, check.replace("-", " "), len(numbers), severities[check])
            for check, numbers in self._numbers.items()
            if check != HELD
        ]
        held = [Chip(HELD, HELD, self._facts.eval_rows)] if self._numbers.get(HELD) else []
        return (Chip("", "all rows", len(self._rows)), *named, *held)

    def page(self, check: str, text: str, number: int) -> Page:
        """The rows of a page.

        Args:
            check: A chip's filter; an unknown one fits nothing.
            text: What a row's texts must contain, whatever its case; `#12` is the row of that
                number.
            number: Of the page, from 0.
        """
        text = text.strip().casefold()
        if text[:1] == "#" and text[1:].isdecimal():
            place = self.place_of(int(text[1:]))
            places = [] if place is None else [place]
            return self._made(places, 0, len(places), 1, 1)
        first = number * self._per_page
        if not text and not check:
            total = len(self._rows)
            places = list(range(first, min(total, first + self._per_page)))
            return self._made(places, first, total, total, total)
        search = self._searched(check, text, first + self._per_page)
        total = len(self._numbers.get(check, ())) if check else len(self._rows)
        places = list(search.found[first : first + self._per_page])
        return self._made(places, first, len(search.found), search.scanned, total)

    def _made(
        self, places: Sequence[int], first: int, found: int, scanned: int, total: int
    ) -> Page:
        views = tuple(self.view(self._rows[place]) for place in places)
        return Page(views, self._per_page, first, found, scanned, total)

    def view(self, row: AnyRow) -> RowView:
        """A row with its findings."""
        named = tuple(f for f in self._facts.findings if _holds(f.rows, row.number))
        return RowView(row, named, _holds(self._facts.held, row.number))

    def place_of(self, number: int) -> int | None:
        """The place of the row with this number; None if there is none."""
        rows = self._rows
        # Rows that were left out make places smaller than numbers, never larger.
        place = bisect_left(rows, number, hi=min(len(rows), number), key=lambda row: row.number)
        if place < len(rows) and rows[place].number == number:
            return place
        return self._place_anywhere(number)

    def _place_anywhere(self, number: int) -> int | None:
        """The place in rows that may have been shuffled."""
        index_of = getattr(self._rows, "index_of", self._order.index)
        try:
            return int(index_of(number))
        except ValueError:
            return None

    @cached_property
    def _order(self) -> array[int]:
        if hasattr(self._rows, "index_of"):
            return array("Q")  # rows in a file know the places of their numbers
        return array("Q", (row.number for row in self._rows))

    def _searched(self, check: str, text: str, wanted: int) -> _Search:
        """The search, gone on with until enough was found or enough was looked at."""
        if (self._search.check, self._search.text) != (check, text):
            self._search = _Search(check, text, array("Q"))
        search = self._search
        left = self._scan_rows
        for place in self._candidates(check, search.scanned):
            if left == 0 or len(search.found) > wanted:
                break
            left -= 1
            search.scanned += 1
            if place is not None and (not text or text in _texts(self._rows[place])):
                search.found.append(place)
        return search

    def _candidates(self, check: str, skip: int) -> Iterator[int | None]:
        """Places of the rows to look at; None for a row that was left out."""
        if not check:
            yield from range(skip, len(self._rows))
            return
        for number in self._numbers.get(check, ())[skip:]:
            yield self.place_of(number)


def _by_check(facts: DataFacts) -> Mapping[str, Sequence[int]]:
    """The numbers of the rows that each check named, the worst check first."""
    found: dict[str, set[int]] = {}
    for finding in by_severity(facts.findings):
        if finding.rows:
            found.setdefault(finding.check, set()).update(finding.rows)
    numbers: dict[str, Sequence[int]] = {check: sorted(rows) for check, rows in found.items()}
    return {**numbers, **({HELD: facts.held} if facts.held else {})}


def _holds(numbers: Sequence[int], number: int) -> bool:
    at = bisect_left(numbers, number)
    return at < len(numbers) and numbers[at] == number


def _texts(row: AnyRow) -> str:
    """All that is said in a row, tools and calls too, to be searched."""
    parts = [getattr(row, "text", None) or "", *row.tools]
    for side in conversations(row):
        for m in side.messages:
            parts += [m.content, m.reasoning, m.name]
            parts += [f"{call.name} {call.arguments}" for call in m.tool_calls]
    return "\n".join(parts).casefold()
