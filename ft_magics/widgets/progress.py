"""A run on one line of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.widgets.plain import clean, display_width, fit
from ft_magics.widgets.training_card import standing
from ft_magics.widgets.units import count, duration, judged_loss, loss, reward

if TYPE_CHECKING:
    from ft_magics.monitor import RunState

__all__ = ["progress_line"]

_BAR = 20


def progress_line(state: RunState, width: int = 100) -> str:
    """`ollie  ━━━━━━━━────────────  step 40 of 120  loss 0.41  eval 0.96  1 min left`.

    Args:
        state: The run.
        width: Of the terminal, in columns; what does not fit is left out, the least needed first.
    """
    done = state.step / state.total_steps if state.total_steps else 0.0
    filled = round(_BAR * min(1.0, done))
    bar = "━" * filled + "─" * (_BAR - filled)
    parts = [clean(state.name), bar, standing(state, live=False)]
    # In the order in which they are given up, last first.
    extras = []
    said = loss if state.method == "sft" else judged_loss
    if state.loss is not None:
        extras.append(f"loss {said(state.loss)}")
    if state.eval_loss is not None:
        extras.append(f"eval {said(state.eval_loss)}")
    margins = state.metrics.get("rewards/margins", ())
    if margins:
        extras.append(f"margin {reward(state.recent(margins))}")
    if state.state == "running" and state.step:
        if state.eta_s is not None:
            extras.append(f"{duration(state.eta_s)} left")
        if state.tokens_per_s is not None:
            extras.append(f"{count(state.tokens_per_s)} tokens/s")
    for extra in extras:
        if display_width("  ".join([*parts, extra])) > width:
            break
        parts.append(extra)
    return fit("  ".join(parts), width)
