"""How rows are named in a line."""

from __future__ import annotations

import pytest

from ft_magics.data.findings import row_words
from ft_magics.data.problems import grouped


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([3], "row 3"),
        ([3, 4], "rows 3-4"),
        ([1, 4, 5, 6, 9], "rows 1, 4-6 and 9"),
        (list(range(1, 41, 2)), "rows 1, 3, 5, 7, 9, 11, 13, 15 and 12 more"),
    ],
)
def test_row_words(rows: list[int], words: str) -> None:
    assert row_words(rows) == words


def test_problems_stand_in_the_order_of_the_rows() -> None:
    problems = {n: [("bad", "Mend it.")] for n in (2, 5, 6, 7)} | {
        1: [("odd", ""), ("odd", "")],
        3: [("odd", "")],
    }
    assert grouped(problems) == ["row 1: odd.", "rows 2 and 5-7: bad. Mend it.", "row 3: odd."]
