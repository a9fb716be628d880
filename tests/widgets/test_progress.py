"""A run on one line."""

from __future__ import annotations

from preference_runs import recorded

from ft_magics.monitor import RunState
from ft_magics.widgets import progress_line
from ft_magics.widgets.plain import display_width


def test_one_line_tells_step_loss_and_time(running: RunState) -> None:
    line = progress_line(running)
    assert line.startswith("ollie  ━━━━━━━━━━━━────────  step 120 of 200  loss 0.5")
    assert line.endswith("1 min 20 s left  412 tokens/s")
    assert "\n" not in line


def test_what_does_not_fit_is_left_out(running: RunState) -> None:
    for width in range(10, 120):
        assert display_width(progress_line(running, width)) <= width
    assert "step 120 of 200  loss 0." in progress_line(running, 60)
    assert "eval" not in progress_line(running, 60)


def test_before_and_after(waiting: RunState, finished: RunState) -> None:
    assert progress_line(waiting).endswith("loading the base model")
    assert "finished · 120 steps" in progress_line(finished)
    assert " left" not in progress_line(finished)


def test_of_preferences_the_margin_is_told() -> None:
    line = progress_line(RunState.replay(recorded("dpo")))
    assert "loss 0.013  eval 0.018  margin 4.11" in line
