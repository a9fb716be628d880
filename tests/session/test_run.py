"""A run as a user holds it."""

from __future__ import annotations

from typing import Any

import pytest
from preference_runs import recorded

from ft_magics.monitor import RunState
from ft_magics.session.run import Run


def run_of(method: str) -> Run:
    folder: Any = None
    run = Run("polite", folder)
    run.monitor = RunState.replay(recorded(method))
    return run


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_the_history_of_preferences_has_the_metrics_under_trls_names(method: str) -> None:
    run = run_of(method)
    table = run.history
    own = {"dpo": "rewards/accuracies", "kto": "kl"}[method]
    names = {"rewards/chosen", "rewards/rejected", "rewards/margins", "logps/chosen", own}
    assert {"step", "loss", "eval_loss", *names, *(f"eval_{n}" for n in names)} <= set(table)
    assert list(table["step"]) == list(range(21))
    for name in names:
        at = table.set_index("step")
        assert list(at[name].dropna().items()) == run.monitor.metrics[name]
        assert list(at[f"eval_{name}"].dropna().items()) == run.monitor.eval_metrics[name]


def test_the_history_of_imitation_has_the_losses_alone() -> None:
    folder: Any = None
    assert list(Run("ollie", folder).history.columns) == ["step", "loss", "eval_loss"]
