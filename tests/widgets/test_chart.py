"""The geometry of the curves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ft_magics.events import Evaluated, Event, RunEnded, StepEnded
from ft_magics.widgets.chart import chart, smooth, steady, words

if TYPE_CHECKING:
    from ft_magics.monitor import RunState

    Replay = Callable[..., RunState]
    Steps = Callable[..., list[Event]]


def test_smoothing_keeps_both_ends_and_does_not_lag() -> None:
    points = [(i, 100.0 - i + (5 if i % 2 else -5)) for i in range(100)]
    result = smooth(points)
    assert result[0] == points[0]
    assert result[-1] == points[-1]
    assert all(abs(value - (100 - i)) < 2.5 for i, value in result[10:-10])


def test_a_steady_line_ends_at_the_mean_of_the_last_points() -> None:
    points = [(i + 1, float(i % 2)) for i in range(60)]
    result = steady(points, 10, 60)
    assert result[0] == points[0] and result[-1] == (60, 0.5)
    assert all(abs(value - 0.5) < 0.06 for _, value in result[10:])
    few = steady(points, 10, 7)
    assert set(few) <= set(result) and [step for step, _ in few][::6] == [1, 60]
    assert len(few) == 7
    assert steady([], 4, 7) == [] and steady([(3, 1.5)], 4, 7) == [(3, 1.5)]


def test_at_most_200_points_of_a_long_run(replay: Replay, steps: Steps) -> None:
    drawn = chart(
        replay(*steps(3000, 3000), RunEnded(at_s=0, state="finished", step=3000, best_step=84))
    )
    assert len(drawn.raw) + len(drawn.train) + len(drawn.evals) <= 200
    assert drawn.train[-1][0] == 1.0
    assert drawn.evals[0][0] == 0.0


def test_everything_lies_within_the_plot(running: RunState) -> None:
    drawn = chart(running)
    for x, y in (*drawn.raw, *drawn.train, *drawn.evals):
        assert 0 <= x <= 1
        assert 0 <= y <= 1
    assert drawn.end == pytest.approx(120 / 200)


def test_the_best_step_and_the_memorised_stretch_are_marked(running: RunState) -> None:
    drawn = chart(running)
    assert drawn.best == pytest.approx(84 / 200)
    assert any(label.text == "best · step 84" for label in drawn.labels)
    assert drawn.band == (pytest.approx((running.overfit_since or 0) / 200), drawn.end)


def test_labels_at_the_ends_do_not_overlap(replay: Replay, steps: Steps) -> None:
    events = steps(24, 24, evals=False)
    same = events[-1]
    assert isinstance(same, StepEnded)
    state = replay(*events, Evaluated(at_s=0, step=24, eval_loss=same.loss))
    ends = [label for label in chart(state, gap=0.08).labels if label.kind in ("train", "eval")]
    assert abs(ends[0].y - ends[1].y) >= 0.08 - 1e-9
    assert all(0 <= label.y <= 1 for label in ends)


def test_losses_that_are_no_numbers_are_left_out(replay: Replay, steps: Steps) -> None:
    bad = StepEnded(at_s=0, step=31, epoch=1, loss=math.nan, learning_rate=1e-3)
    worse = StepEnded(at_s=0, step=32, epoch=1, loss=math.inf, learning_rate=1e-3)
    state = replay(*steps(30, 120), bad, worse, RunEnded(at_s=0, state="failed", step=32))
    drawn = chart(state)
    assert all(math.isfinite(v) for point in drawn.train for v in point)
    assert "nan" not in "".join(label.text for label in drawn.labels)


def test_without_a_step_there_is_an_empty_plot(waiting: RunState) -> None:
    drawn = chart(waiting)
    assert not drawn.train
    assert not drawn.evals
    assert words(waiting) == "Loss curve: no step yet."


def test_a_flat_curve_has_a_scale(replay: Replay, steps: Steps) -> None:
    flat = [StepEnded(at_s=0, step=i, epoch=1, loss=0.0, learning_rate=1e-3) for i in range(1, 5)]
    drawn = chart(replay(*steps(0), *flat))
    assert len(drawn.train) == 4
    assert len({y for _, y in drawn.train}) == 1


def test_the_words_tell_the_curve(finished: RunState) -> None:
    told = words(finished)
    assert told.startswith("Loss curve over 120 steps. Training loss from 4.")
    assert "at step 84, then to" in told


def test_the_scale_begins_at_zero_while_the_curve_grows(replay: Replay, steps: Steps) -> None:
    growing = replay(*steps(8, 120))
    assert min(float(x.text) for x in chart(growing).labels if x.kind == "y") == 0
    ended = replay(*steps(8, 120), RunEnded(at_s=0, state="stopped", step=8))
    assert min(float(x.text) for x in chart(ended).labels if x.kind == "y") > 2


def test_smoothing_costs_the_same_for_each_point() -> None:
    points = [(i, 3.0 + i % 7) for i in range(100_001)]
    assert smooth(points)[50_000][1] == pytest.approx(6.0, abs=1e-3)
