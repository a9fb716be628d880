"""Runs one spec to the end, and is the only user of trl.

Importing this package brings no torch; `train` brings it when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ft_magics.training.advice import METHODS, SENTENCES, Advice, Lengths, advise
from ft_magics.training.checking import check
from ft_magics.training.control import Control, StopNow
from ft_magics.training.estimate import Estimate, Measured, estimate_time, operations_per_token
from ft_magics.training.hooks import Hooks, Job, Outcome
from ft_magics.training.judging import Labels, count_labels
from ft_magics.training.plan import Plan, plan
from ft_magics.training.sources import cite
from ft_magics.training.strategy import Shape
from ft_magics.training.suitability import Reason, judge
from ft_magics.training.traits import Traits, traits_of
from ft_magics.training.trl_names import check_trl, trl_fields

if TYPE_CHECKING:
    from ft_magics.training.launch.local import train

__all__ = [
    "METHODS",
    "SENTENCES",
    "Advice",
    "Control",
    "Estimate",
    "Hooks",
    "Job",
    "Labels",
    "Lengths",
    "Measured",
    "Outcome",
    "Plan",
    "Reason",
    "Shape",
    "StopNow",
    "Traits",
    "advise",
    "check",
    "check_trl",
    "cite",
    "count_labels",
    "estimate_time",
    "judge",
    "operations_per_token",
    "plan",
    "train",
    "traits_of",
    "trl_fields",
]


def __getattr__(name: str) -> Any:
    if name == "train":
        from ft_magics.training.launch.local import train

        return train
    raise AttributeError(f"module 'ft_magics.training' has no attribute '{name}'")
