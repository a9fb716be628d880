from __future__ import annotations

import math
import random

import pytest

from ft_magics.course import Course, Level, level, number, recent, width
from ft_magics.verdict import Curve, Point


def points(*values: float) -> list[Point]:
    return [(i + 1, value) for i, value in enumerate(values)]


def test_where_a_series_stands_is_the_mean_of_its_last_steps() -> None:
    assert level([]) is None and recent([]) is None
    assert recent(points(5.0)) == 5.0
    assert recent(points(*[9.0] * 20, 1.0, 2.0, 3.0, 4.0)) == 2.5
    assert [width(n) for n in (0, 1, 24, 60, 6000)] == [4, 4, 4, 10, 200]


def test_a_value_that_is_no_number_is_left_out() -> None:
    assert recent(points(1.0, math.nan, 3.0)) == 2.0
    assert level(points(math.nan, math.inf)) is None


def test_a_change_is_told_from_chance() -> None:
    still = level(points(1.0, 1.2, 0.8, 1.0, 1.1, 0.9, 1.2, 0.8))
    rising = level(points(0.0, 0.1, 0.0, 0.1, 1.0, 1.1, 1.0, 1.1))
    assert still is not None and (still.side(), still.trend()) == (1, 0)
    assert rising is not None and (rising.side(), rising.trend()) == (1, 1)
    falling = level([(step, -value) for step, value in points(0.0, 0.1, 0, 0.1, 1.0, 1.1, 1, 1.1)])
    assert falling is not None and (falling.side(), falling.trend()) == (-1, -1)


def test_one_wild_batch_is_no_trend() -> None:
    wild = level(points(*[0.0] * 7, 3.0))
    assert wild is not None and (wild.side(), wild.trend()) == (0, 0)


@pytest.mark.parametrize("seed", range(40))
def test_noise_around_0_is_seldom_told(seed: int) -> None:
    draw = random.Random(seed)
    found = level(points(*(draw.gauss(0, 0.02) for _ in range(48))))
    assert found is not None and (found.side(), found.trend()) == (0, 0)


def test_near_0_nothing_is_told_however_sure() -> None:
    assert Level(0.04, 0.0).side() == 0
    assert Level(0.06, 0.0).side() == 1
    assert Level(-0.06, 0.04).side() == 0


def test_the_accuracy_of_the_first_step_is_no_0_of_10() -> None:
    shares = {"rewards/accuracies": points(0.0, 1.0, 1.0, 1.0, 1.0)}
    now = Course("dpo", Curve("running", points(0.7)), shares).level("rewards/accuracies")
    assert now is not None and now.mean == 1.0


def test_what_the_loss_began_with_is_known_of_the_first_step_alone() -> None:
    assert Course("dpo", Curve("running", points(25.0, 3.0))).first_loss == 25.0
    assert Course("dpo", Curve("running", [(7, 0.4)])).first_loss is None
    assert Course("dpo", Curve("running", points(math.nan))).first_loss is None
    assert Course("dpo", Curve("queued", [])).first_loss is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.6931, "0.69"),
        (0.5, "0.5"),
        (1.0, "1.0"),
        (0.9999, "1.0"),
        (25.0, "25"),
        (9.99, "10"),
        (12345.0, "12000"),
        (0.0831, "0.083"),
        (0.001, "0"),
        (-0.4567, "-0.46"),
    ],
)
def test_a_number_has_at_most_two_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text
