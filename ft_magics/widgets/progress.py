"""A run on one line of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.widgets.plain import clean, display_width, fit
from ft_magics.widgets.training_card import standing
from ft_magics.widgets.units import count, duration, loss

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
    if state.loss is not None:
        extras.append(f"loss {loss(state.loss)}")
    if state.eval_loss is not None:
        extras.append(f"eval {loss(state.eval_loss)}")
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
