"""From what a user set to what a run does: every number resolved, each with its reason."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from ft_magics.errors import RunError, SettingError, nearest
from ft_magics.spec import FinetuneSpec
from ft_magics.training import defaults
from ft_magics.training.fitting import SET, Fit, Need, fit_memory
from ft_magics.training.sources import SOURCE_OF, cite
from ft_magics.training.strategy import Ground, beside_base, choose_rank, choose_strategy
from ft_magics.training.trl_names import check_trl, optimizers, schedulers

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts, Device

__all__ = ["Plan", "check", "plan"]


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

    @property
    def sources(self) -> dict[str, str]:
        """Setting -> the paper or guide its value rests on; none for what the user set."""
        defaults_ = [name for name, why in self.reasons.items() if why != SET]
        return {
            name: cite(*SOURCE_OF[name]) for name in (*defaults_, "memory") if name in SOURCE_OF
        }

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
    second_stage: bool = False,
    loaded: bool = True,
    where: str = "%%finetune",
) -> Plan:
    """Resolve every setting from the hardware and the data, before anything is spent.

    `strategy: auto` is decided here, for a run, for its `--plan` and for an advice alike.

    Args:
        spec: What the user set.
        lengths: Tokens of each training row, uncut.
        eval_rows: Rows that are scored and not trained on.
        base: The base model.
        device: Where the run will be.
        trained_tokens: Tokens of all rows that carry loss; all of their tokens unless given.
        second_stage: The run starts from an adapter.
        loaded: Whether the base is in memory already; else room is kept for it.
        where: The cell, for errors.

    Raises:
        SettingError: A setting cannot work here.
        RunError: There is nothing to train on.
        MemoryShort: The device has too little memory; the remedy names what would fit.
    """
    if not lengths:
        raise RunError(where, "there are no rows to train on", "Add rows to the data set.")
    _check_with(spec, base, where)
    why = _fixed_reasons(spec)
    device = device if loaded else beside_base(base, device, where)
    tokens = sum(lengths) if trained_tokens is None else trained_tokens
    spec, strategy = _decide(spec, Ground(tokens, max(lengths), base, device, second_stage), why)
    taken = _Taken(spec, why)
    length, need = _need(spec, strategy, lengths, base, device, taken)
    fit = fit_memory(need, device, where, why)
    per_epoch = defaults.steps_per_epoch(len(lengths), fit.batch, fit.accumulation)
    epochs, total = _span(spec, len(lengths), per_epoch, taken)
    return Plan(
        **{name: getattr(spec, name) for name in _AS_SET},
        **_rates(spec, strategy, base, total, taken),
        method="sft",
        strategy=strategy,
        dtype=_dtype(base, strategy, why),
        num_train_epochs=epochs,
        total_steps=total,
        **_fitted(fit, device),
        max_length=length,
        eval_steps=taken("eval_steps", defaults.choose_eval_steps(total, per_epoch, eval_rows)),
        beta=None,
        loss_type=spec.loss_type or "nll",
        trl=check_trl(spec.trl, where),
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


class _Taken:
    """Takes the user's value, else the chosen one, and notes why."""

    def __init__(self, spec: FinetuneSpec, why: dict[str, str]) -> None:
        self.spec = spec
        self.why = why

    def __call__(self, name: str, chosen: defaults.Chosen[Any]) -> Any:
        value = getattr(self.spec, name)
        self.why[name] = chosen.why if value is None else SET
        return chosen.value if value is None else value


def _fixed_reasons(spec: FinetuneSpec) -> dict[str, str]:
    """Reasons for the settings whose default is the same everywhere."""
    usual = FinetuneSpec()
    why = {
        "weight_decay": "none: few steps leave little to hold back",
        "max_grad_norm": "the custom of all trainers: one odd row cannot throw the run",
        "optim": "AdamW, the optimizer all these numbers were found with",
        "seed": "any number: the same one gives the same adapter",
        "lora_dropout": "none: nothing that was learned is dropped",
        "lora_target_modules": "every linear layer: better than attention alone (QLoRA's paper)",
    }
    for name in why:
        if getattr(spec, name) != getattr(usual, name):
            why[name] = SET
    return why


def _decide(
    spec: FinetuneSpec, ground: Ground, why: dict[str, str]
) -> tuple[FinetuneSpec, Literal["lora", "full"]]:
    """What is trained, and the settings with the adapter's rank in them."""
    chosen, rank = choose_strategy(spec, ground), choose_rank(spec, ground)
    why |= {"method": "the rows are texts to imitate", "strategy": chosen.why}
    why["lora_r"] = rank.why
    return dataclasses.replace(spec, lora_r=rank.value), chosen.value


def _need(
    spec: FinetuneSpec,
    strategy: Literal["lora", "full"],
    lengths: Sequence[int],
    base: BaseFacts,
    device: Device,
    taken: _Taken,
) -> tuple[int, Need]:
    """max_length, and what decides the memory."""
    length = taken(
        "max_length", defaults.choose_max_length(lengths, device.kind, base.context_length)
    )
    wanted = taken("per_device_train_batch_size", defaults.choose_batch(len(lengths), device.kind))
    return length, Need(spec, strategy, base, min(max(lengths), length), wanted)


def _check_with(spec: FinetuneSpec, base: BaseFacts, where: str) -> None:
    """Refuse what cannot be done on any machine, or not with this base.

    Raises:
        SettingError: As for `check`; or max_length is above what the base can read.
    """
    check(spec, where)
    most = base.context_length
    if spec.max_length is not None and most and spec.max_length > most:
        what = f"max_length is {spec.max_length}, and {base.name} reads at most {most} tokens"
        raise SettingError(where, what, f"Set max_length to {most} or less, and split longer rows.")


def _span(spec: FinetuneSpec, rows: int, per_epoch: int, taken: _Taken) -> tuple[float, int]:
    """Epochs and steps of the whole run."""
    if spec.max_steps is not None:
        taken.why["max_steps"] = SET
        taken.why["num_train_epochs"] = f"{spec.max_steps} steps of {per_epoch} an epoch"
        return spec.max_steps / per_epoch, spec.max_steps
    epochs = float(taken("num_train_epochs", defaults.choose_epochs(rows, per_epoch)))
    return epochs, math.ceil(epochs * per_epoch)


def _rates(
    spec: FinetuneSpec, strategy: str, base: BaseFacts, total: int, taken: _Taken
) -> dict[str, Any]:
    """How large the steps are."""
    rank = spec.lora_r or 16
    warmup = taken("warmup_steps", defaults.choose_warmup(total))
    return {
        "learning_rate": taken(
            "learning_rate", defaults.choose_learning_rate(strategy, base.parameters)
        ),
        "lr_scheduler_type": taken("lr_scheduler_type", defaults.SCHEDULE),
        "warmup_steps": math.ceil(warmup * total) if 0 < warmup < 1 else int(warmup),
        "lora_alpha": taken("lora_alpha", defaults.Chosen(2.0 * rank, "twice lora_r, the custom")),
    }


def check(spec: FinetuneSpec, where: str) -> None:
    """Refuse what cannot be done on any machine: no model is needed, and no torch is imported.

    Raises:
        SettingError: What it is, with the nearest right name or the remedy.
    """
    if spec.method not in (None, "sft"):
        raise SettingError(
            where, f"method {spec.method} is not there yet", "This version trains sft."
        )
    if spec.strategy == "qlora":
        what = "qlora is not there yet (it will need a CUDA GPU and bitsandbytes)"
        raise SettingError(where, what, "Use strategy: lora.")
    if spec.beta is not None:
        raise SettingError(where, "beta is for preferences, and this is sft", "Leave it out.")
    if spec.loss_type not in (None, "nll", "dft"):
        raise SettingError(where, f"loss_type is '{spec.loss_type}'", "For sft it is nll or dft.")
    for name, known in (("lr_scheduler_type", schedulers()), ("optim", optimizers())):
        value = getattr(spec, name)
        if value is not None and value not in known:
            raise SettingError(where, f"{name} is '{value}'", nearest(value, known))
    check_trl(spec.trl, where)


def _dtype(base: BaseFacts, strategy: str, why: dict[str, str]) -> str:
    dtype = base.dtype.removeprefix("torch.")
    if strategy == "full" and dtype != "float32":
        why["dtype"] = f"weights are trained in float32, computed in {dtype}"
        return dtype
    why["dtype"] = "the base's own"
    return dtype
