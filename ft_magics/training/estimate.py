"""How long a run will take: a first estimate, with a range that says how far it may be off."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ft_magics.training.sources import cite

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts
    from ft_magics.training.plan import Plan

__all__ = ["Estimate", "Measured", "estimate_time", "operations_per_token"]

_PER_CORE = 25e9
"""Arithmetic operations a second of a CPU core in training: 50 to 60 GFLOP/s were measured on two
cores without AVX-512, with SmolLM2-135M."""
_RATES = {"cuda": 30e12, "mps": 2e12}
"""The same of GPUs: what small batches reach on a middling one, not what the maker promises."""
_MOST_CORES = 32
_STEP_S = {"cuda": 0.08, "mps": 0.15, "cpu": 0.02}
"""What a step takes beside its arithmetic: small models wait for it on a GPU."""
_KINDS = {"cuda": "GPU", "mps": "Mac's GPU", "cpu": "CPU like this"}
_MEASURED_SPREAD = 1.5
_GUESSED_SPREAD = 4.0


@dataclass(frozen=True)
class Measured:
    """How fast an earlier run went on this kind of device."""

    name: str
    """The run's."""
    tokens_per_s: float
    operations: float
    """Arithmetic operations for one of its tokens."""
    same: bool
    """Whether it had this base."""


@dataclass(frozen=True)
class Estimate:
    """How long a run will take, without loading the base and asking golden questions."""

    seconds: float
    low_s: float
    high_s: float
    tokens: int
    """Tokens that go through the model in the whole run."""
    how: str
    """How it was reckoned, in one sentence without a full stop."""
    source: str


def operations_per_token(parameters: int, strategy: str, checkpointing: bool) -> float:
    """Arithmetic operations for a token in a training step.

    Source: two for each parameter forward and four backward (arXiv 2001.08361, section 2.1); an
    adapter leaves out the gradients of the base's weights, which are two of the four («LoRA Without
    Regret»); checkpointing goes forward twice.
    """
    return parameters * ((6 if strategy == "full" else 4) + (2 if checkpointing else 0))


def estimate_time(
    plan: Plan, base: BaseFacts, lengths: Sequence[int], measured: Measured | None = None
) -> Estimate:
    """Reckon the time of a run.

    Args:
        plan: What is to be done.
        base: The base model.
        lengths: Tokens of each conversation to train on, uncut: of a pair there are two.
        measured: An earlier run on this kind of device; without one the rate is guessed.
    """
    epoch = sum(min(length, plan.max_length) for length in lengths)
    tokens = round(epoch * plan.num_train_epochs)
    each = operations_per_token(base.parameters, plan.strategy, plan.gradient_checkpointing)
    each += 2 * base.parameters * _more_passes(plan)
    if measured is not None:
        rate = measured.tokens_per_s * measured.operations / each
        where = f"{measured.name} did {measured.tokens_per_s:,.0f} tokens a second here"
        scaled = "" if measured.same else ", scaled to this base's size"
        spread = _MEASURED_SPREAD if measured.same else 2 * _MEASURED_SPREAD
        return _ranged(tokens / rate, spread, tokens, where + scaled, "")
    power = _RATES.get(base.device) or _PER_CORE * min(_cores(), _MOST_CORES)
    seconds = tokens * each / power + plan.total_steps * _STEP_S[base.device]
    how = (
        f"a rough guess: {each / base.parameters:.0f} operations for each of "
        f"{base.parameters / 1e6:,.0f} million parameters and {tokens:,} tokens, at "
        f"{power / 1e9:,.0f} billion a second, usual on a {_KINDS[base.device]}; the first run "
        "here makes it better"
    )
    return _ranged(seconds, _GUESSED_SPREAD, tokens, how, cite("kaplan", "regret"))


def _more_passes(plan: Plan) -> float:
    """Passes forward of each row beside those of its step, in an epoch.

    The reference is asked once a run; KTO's comparison goes through the model too, and through the
    reference.
    """
    once = 1 / max(1.0, plan.num_train_epochs)
    return {"sft": 0.0, "dpo": once, "kto": 1 + 2 * once}[plan.method]


def _ranged(seconds: float, spread: float, tokens: int, how: str, source: str) -> Estimate:
    return Estimate(seconds, seconds / spread, seconds * spread, tokens, how, source)


def _cores() -> int:
    allowed = getattr(os, "sched_getaffinity", None)
    return max(1, len(allowed(0)) if allowed else (os.cpu_count() or 1))
