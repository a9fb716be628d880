"""Counts of choices in words, with how sure they are."""

from __future__ import annotations

import pytest

from ft_magics.evaluation import PreferenceScore
from ft_magics.evaluation.preference_score import sign_test, wilson


@pytest.mark.parametrize(
    ("times", "of", "low", "high"),
    [(7, 10, 0.3968, 0.8922), (0, 5, 0.0, 0.4345), (5, 5, 0.5655, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_is_wilsons(times: int, of: int, low: float, high: float) -> None:
    assert wilson(times, of) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("one", "other", "chance"),
    [(0, 0, 1.0), (3, 3, 1.0), (7, 3, 0.34375), (6, 0, 0.03125), (0, 6, 0.03125), (1, 0, 1.0)],
)
def test_the_sign_test_is_exact(one: int, other: int, chance: float) -> None:
    assert sign_test(one, other) == pytest.approx(chance)


def test_the_blind_words_name_nobody() -> None:
    words = PreferenceScore(first=3, second=7, ties=2).blind_words()
    assert words == (
        "One of the two leads 7 to 3, 2 ties; 95 % interval 40 to 89 %: so far this may be chance."
    )
    assert PreferenceScore(first=7, second=3, ties=2).blind_words() == words
    assert PreferenceScore(first=8).blind_words().endswith("this is clear.")
    assert PreferenceScore(skipped=1).blind_words() == "Nothing is decided yet, 1 skipped."
    assert PreferenceScore(2, 2).blind_words().startswith("Both are level, 2 to 2;")


def test_the_words_name_the_better_one_first() -> None:
    words = PreferenceScore(first=1, second=9, ties=1, same=2, left=5).words("base", "ollie")
    assert words.startswith(
        "ollie was preferred to base 9 to 1, 1 tie, 2 answered alike; 95 % interval 60 to 98 % for"
        " ollie: this is clear (sign test p = 0.021)."
    )
    assert "left" not in words
    assert PreferenceScore().words("a", "b") == "a and b: nothing was decided."
    assert PreferenceScore(1, 1, left=1).words("a", "b").startswith("a and b are level, 1 to 1;")


@pytest.mark.parametrize(("left", "side"), [(10, "left"), (0, "right"), (9, "left"), (5, "")])
def test_a_side_is_told_only_beyond_chance(left: int, side: str) -> None:
    words = PreferenceScore(5, 5, left=left).words("a", "b")
    assert (f"on the {side}" in words) == bool(side)
    assert ("more than chance" in words) == bool(side)


@pytest.mark.parametrize("decided", [10_000])
def test_many_choices_are_no_trouble(decided: int) -> None:
    assert PreferenceScore(decided, decided // 2).clear
