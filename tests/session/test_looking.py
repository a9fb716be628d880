"""Rows by word: those that a check named, as far as they are there."""

from __future__ import annotations

import pytest

from ft_magics import session
from ft_magics.errors import NameUnknown

from .conftest import Remembers

ROWS = [
    {"user": "a?", "assistant": "b."},
    {"user": "a?", "assistant": "b.", "date": "2026"},
    {"user": "c?", "assistant": "d.", "date": "2026"},
    {"user": "e?"},
]


def test_rows_that_were_left_out_are_not_looked_for(front_end: Remembers) -> None:
    session.dataset("faq", ROWS, skip_bad=True, fix=True)
    found = session.show("data:faq", finding="unused-field")
    assert [row.number for row in found.rows] == [3]
    assert found.note == "1 of 2 rows with the finding unused-field"
    with pytest.raises(NameUnknown, match="rows with the finding bad-row were left out of faq"):
        session.show("data:faq", finding="bad-row")


def test_the_rows_there_are_are_told(front_end: Remembers) -> None:
    session.dataset("single", '{"user": "a", "assistant": "b"}')
    with pytest.raises(NameUnknown, match=r"It has one row, number 1\."):
        session.show("data:single", row=7)
    rows = [{"user": f"a{n}", "assistant": "b"} for n in range(9)]
    session.dataset("mixed", rows, shuffle=3)
    with pytest.raises(NameUnknown, match="It has 9 rows, numbered 1 to 9"):
        session.show("data:mixed", row=10)
