"""From what a user set to what a run does: every number resolved, each with its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from ft_magics.errors import SettingError
from ft_magics.spec import FinetuneSpec
from ft_magics.training import defaults
from ft_magics.training.checking import check
from ft_magics.training.fitting import SET, Fit, Need, fit_memory
from ft_magics.training.judging import Labels, check_rows, choose_judging
from ft_magics.training.sources import JUDGED_SOURCE_OF, SOURCE_OF, cite
from ft_magics.training.strategy import (
    Ground,
    Shape,
    beside_base,
    check_shape,
    choose_rank,
    choose_strategy,
)
from ft_magics.training.taken import Taken, fixed_reasons, rates, shaped, span
from ft_magics.training.trl_names import check_trl

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts, Device

__all__ = ["WHY_METHOD", "Plan", "plan"]

WHY_METHOD = {
    "sft": "the rows are texts to imitate",
    "dpo": "the rows say which of two answers is better",
    "kto": "the rows mark answers as good or bad",
}
"""Why rows are trained by a method."""


_AS_SET = (
    "max_steps",
    "weight_decay",
    "max_grad_norm",
    "optim",
    "seed",
    "lora_r",
    "lora_dropout",
    "lora_target_modules",
)
"""Settings that are taken as they stand: theirs is a default for every run."""


@dataclass(frozen=True)
class Plan:
    """Every setting of a run, resolved. Names and units as in `FinetuneSpec`.

    Attributes:
        dtype: Number format of the weights that are computed with.
        num_train_epochs: Passes over the rows; a fraction when max_steps ends in mid-epoch.
        total_steps: Optimizer steps of the whole run.
        warmup_steps: Steps of rising learning rate.
        eval_steps: Optimizer steps between two evaluations, which are also the kept steps.
        trl: Fields that go straight to trl's config; names checked.
        reasons: Setting -> why it has this value, one sentence without a full stop.
        memory_bytes: Estimated peak on the device beyond the base that is loaded already.
        memory_free_bytes: What the device had free when the plan was made.
    """

    method: str
    strategy: str
    dtype: str
    learning_rate: float
    num_train_epochs: float
    max_steps: int | None
    total_steps: int
    per_device_train_batch_size: int
    gradient_accumulation_steps: int
    max_length: int
    lr_scheduler_type: str
    warmup_steps: int
    weight_decay: float
    max_grad_norm: float
    optim: str
    gradient_checkpointing: bool
    seed: int
    eval_steps: int
    lora_r: int
    lora_alpha: float
    lora_dropout: float
    lora_target_modules: list[str] | str
    beta: float | None
    loss_type: str
    trl: dict[str, Any]
    reasons: dict[str, str]
    memory_bytes: int
    memory_free_bytes: int
    desirable_weight: float | None = None
    undesirable_weight: float | None = None

    @property
    def sources(self) -> dict[str, str]:
        """Setting -> the paper or guide its value rests on; none for what the user set."""
        defaults_ = [name for name, why in self.reasons.items() if why != SET]
        known = SOURCE_OF | JUDGED_SOURCE_OF.get(self.method, {})
        return {name: cite(*known[name]) for name in (*defaults_, "memory") if name in known}

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Plan:
        """The plan of `to_dict`, also of one that an older version wrote with more fields."""
        known = {f.name for f in fields(cls)}
        return cls(**{k: v for k, v in values.items() if k in known})


def plan(
    spec: FinetuneSpec,
    *,
    lengths: Sequence[int],
    eval_rows: int,
    base: BaseFacts,
    device: Device,
    trained_tokens: int | None = None,
    method: str = "sft",
    labels: Labels | None = None,
    shape: Shape | None = None,
    loaded: bool = True,
    where: str = "%%finetune",
) -> Plan:
    """Resolve every setting from the hardware and the data, before anything is spent.

    `strategy: auto` is decided here, for a run, for its `--plan` and for an advice alike.

    Args:
        spec: What the user set.
        lengths: Tokens of each training row, uncut; of a pair those of the longer side.
        eval_rows: Rows that are scored and not trained on.
        base: The base model.
        device: Where the run will be.
        trained_tokens: Tokens of all rows that carry loss; all of their tokens unless given.
        method: sft, dpo or kto, as the rows are.
        labels: How many rows are good and bad, for kto.
        shape: Of the adapter the run starts from; None for a first stage.
        loaded: Whether the base is in memory already; else room is kept for it.
        where: The cell, for errors.

    Raises:
        SettingError: A setting cannot work here, or not with the adapter it goes on with.
        RunError: There is nothing to train on.
        MemoryShort: The device has too little memory; the remedy names what would fit.
    """
    check_rows(lengths, labels, spec, where)
    _check_with(spec, base, where, method, shape)
    why = fixed_reasons(spec) | {"method": SET if spec.method else WHY_METHOD[method]}
    device = device if loaded else beside_base(base, device, where)
    tokens = sum(lengths) if trained_tokens is None else trained_tokens
    spec, strategy = _decide(spec, Ground(tokens, max(lengths), base, device, shape), why)
    taken = Taken(spec, why)
    length, need = _need(spec, strategy, lengths, base, device, taken, method)
    fit = fit_memory(need, device, where, why)
    per_epoch = defaults.steps_per_epoch(len(lengths), fit.batch, fit.accumulation)
    epochs, total = span(spec, len(lengths), per_epoch, taken, method)
    return Plan(
        **{name: getattr(spec, name) for name in _AS_SET},
        **rates(spec, strategy, base, total, taken, method, shape),
        **choose_judging(spec, method, labels, why, taken),
        method=method,
        strategy=strategy,
        dtype=_dtype(base, strategy, why),
        num_train_epochs=epochs,
        total_steps=total,
        **_fitted(fit, device),
        max_length=length,
        eval_steps=taken("eval_steps", defaults.choose_eval_steps(total, per_epoch, eval_rows)),
        trl=check_trl(spec.trl, where, method),
        reasons=why,
    )


def _fitted(fit: Fit, device: Device) -> dict[str, Any]:
    return {
        "per_device_train_batch_size": fit.batch,
        "gradient_accumulation_steps": fit.accumulation,
        "gradient_checkpointing": fit.checkpointing,
        "memory_bytes": fit.memory_bytes,
        "memory_free_bytes": device.free_bytes,
    }


def _decide(
    spec: FinetuneSpec, ground: Ground, why: dict[str, str]
) -> tuple[FinetuneSpec, Literal["lora", "full"]]:
    """What is trained, and the settings with the adapter's rank in them."""
    chosen, rank = choose_strategy(spec, ground), choose_rank(spec, ground)
    why |= {"strategy": chosen.why, "lora_r": rank.why}
    spec = dataclasses.replace(spec, lora_r=rank.value)
    if ground.shape is not None:
        spec = shaped(spec, ground.shape, why)
    return spec, chosen.value


def _need(
    spec: FinetuneSpec,
    strategy: Literal["lora", "full"],
    lengths: Sequence[int],
    base: BaseFacts,
    device: Device,
    taken: Taken,
    method: str,
) -> tuple[int, Need]:
    """max_length, and what decides the memory."""
    length = taken(
        "max_length", defaults.choose_max_length(lengths, device.kind, base.context_length)
    )
    batch = defaults.choose_batch(len(lengths), device.kind, method)
    wanted = taken("per_device_train_batch_size", batch)
    sides, fewest = (2 if method == "dpo" else 1), (2 if method == "kto" else 1)
    longest = min(max(lengths), length)
    return length, Need(spec, strategy, base, longest, wanted, sides=sides, fewest=fewest)


def _check_with(
    spec: FinetuneSpec, base: BaseFacts, where: str, method: str, shape: Shape | None
) -> None:
    """Refuse what cannot be done on any machine, or not with this base.

    Raises:
        SettingError: As for `check`; or max_length is above what the base can read.
    """
    check(spec, where, method)
    check_shape(spec, shape, where)
    most = base.context_length
    if spec.max_length is not None and most and spec.max_length > most:
        what = f"max_length is {spec.max_length}, and {base.name} reads at most {most} tokens"
        raise SettingError(where, what, f"Set max_length to {most} or less, and split longer rows.")


def _dtype(base: BaseFacts, strategy: str, why: dict[str, str]) -> str:
    dtype = base.dtype.removeprefix("torch.")
    if strategy == "full" and dtype != "float32":
        why["dtype"] = f"weights are trained in float32, computed in {dtype}"
        return dtype
    why["dtype"] = "the base's own"
    return dtype
