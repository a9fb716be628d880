"""Pages of rows, whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ft_magics.data import DataFacts, Row, RowFile, write_rows
from ft_magics.data.findings import finding
from ft_magics.widgets.row_pages import HELD, Page, RowPages

Make = Callable[[int, str, str], Row]


class Counted(Sequence[Row]):
    """Rows that count how often one is read."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.reads = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        self.reads += 1
        return self.rows[index]


@pytest.fixture
def rows(make_row: Make) -> tuple[Row, ...]:
    """Ninety rows; row 7 was left out."""
    numbers = [i for i in range(1, 92) if i != 7]
    return tuple(make_row(i, f"What is {i}?", "odd" if i % 2 else "EVEN") for i in numbers)


@pytest.fixture
def facts(data_facts: DataFacts) -> DataFacts:
    found = (
        finding("style", "note", range(20, 60), "style", ""),
        finding("bad-row", "error", [7], "left out", ""),
        finding("contradiction", "warning", [5, 34], "one", ""),
        finding("contradiction", "warning", [6, 34], "two", ""),
    )
    return replace(data_facts, findings=found, held=(9, 90), eval_rows=2)


def numbers(page: Page) -> list[int]:
    return [view.row.number for view in page.rows]


def test_chips(rows: tuple[Row, ...], facts: DataFacts) -> None:
    chips = [(c.check, c.title, c.count, c.severity) for c in RowPages(rows, facts).chips]
    assert chips == [
        ("", "all rows", 90, ""),
        ("bad-row", "bad row", 1, "error"),
        ("contradiction", "contradiction", 3, "warning"),
        ("style", "style", 40, "note"),
        (HELD, "held out", 2, ""),
    ]


def test_pages_of_all_rows(rows: tuple[Row, ...], facts: DataFacts) -> None:
    pages = RowPages(rows, facts)
    assert numbers(pages.page("", "", 0)) == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11]
    last = pages.page("", "", 8)
    assert (numbers(last)[-1], last.first, last.found, last.done) == (91, 80, 90, True)
    assert numbers(pages.page("", "", 9)) == []
    view = pages.page("", "", 0).rows[4]
    assert [f.check for f in view.findings] == ["contradiction"] and not view.held
    assert pages.page("", "", 0).rows[7].held


def test_pages_of_a_finding(rows: tuple[Row, ...], facts: DataFacts) -> None:
    pages = RowPages(rows, facts)
    assert numbers(pages.page("contradiction", "", 0)) == [5, 6, 34]
    assert numbers(pages.page("style", "", 3)) == list(range(50, 60))
    assert numbers(pages.page(HELD, "", 0)) == [9, 90]
    gone = pages.page("bad-row", "", 0)
    assert (gone.rows, gone.found, gone.done) == ((), 0, True)
    assert pages.page("no such check", "", 0).rows == ()


def test_search(rows: tuple[Row, ...], facts: DataFacts) -> None:
    pages = RowPages(rows, facts)
    assert numbers(pages.page("", " even ", 1)) == list(range(22, 41, 2))
    assert numbers(pages.page("contradiction", "even", 0)) == [6, 34]
    assert numbers(pages.page("", "#34", 0)) == [34]
    assert numbers(pages.page("", "#7", 0)) == [] and numbers(pages.page("", "#900", 0)) == []
    assert numbers(pages.page("", "nothing of this", 0)) == []


def test_a_search_goes_on_where_it_stopped(rows: tuple[Row, ...], facts: DataFacts) -> None:
    read = Counted(rows)
    pages = RowPages(read, facts, scan_rows=30)
    page = pages.page("", "is 91?", 0)
    assert (numbers(page), page.scanned, page.total, page.done) == ([], 30, 90, False)
    assert pages.page("", "is 91?", 0).scanned == 60
    page = pages.page("", "is 91?", 0)
    assert (numbers(page), page.scanned, page.done) == ([91], 90, True)
    assert read.reads <= 90 + 1
    assert pages.page("", "is 1?", 0).scanned == 30  # another search begins anew


def test_a_full_page_looks_no_further(rows: tuple[Row, ...], facts: DataFacts) -> None:
    page = RowPages(rows, facts).page("", "what", 0)
    assert len(page.rows) == 10 and page.found == 11 and not page.done


def test_rows_of_a_file_in_another_order(
    rows: tuple[Row, ...], facts: DataFacts, tmp_path: Path
) -> None:
    write_rows(tmp_path / "rows.jsonl", reversed(rows))
    for mixed in (RowFile(tmp_path / "rows.jsonl"), tuple(reversed(rows))):
        pages = RowPages(mixed, facts)
        assert numbers(pages.page("contradiction", "", 0)) == [5, 6, 34]
        assert numbers(pages.page("", "#1", 0)) == [1] and numbers(pages.page("", "#7", 0)) == []
