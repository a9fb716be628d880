"""From what a user set to what a run does: every number resolved, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ft_magics.errors import MemoryShort, RunError, SettingError, nearest
from ft_magics.spec import FinetuneSpec
from ft_magics.training import defaults
from ft_magics.training.trl_names import check_trl, optimizers, schedulers

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts, Device

__all__ = ["Plan", "plan"]

_SET = "set by you"


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
    where: str = "%%finetune",
) -> Plan:
    """Resolve every setting from the hardware and the data, before anything is spent.

    Args:
        spec: What the user set.
        lengths: Tokens of each training row, uncut.
        eval_rows: Rows that are scored and not trained on.
        base: The base model.
        device: Where the run will be.
        where: The cell, for errors.

    Raises:
        SettingError: A setting cannot work here.
        RunError: There is nothing to train on.
        MemoryShort: The device has too little memory; the remedy names what would fit.
    """
    if not lengths:
        raise RunError(where, "there are no rows to train on", "Add rows to the data set.")
    strategy = _check(spec, where, device)
    why: dict[str, str] = {}
    taken = _Taken(spec, why)
    length = taken("max_length", defaults.choose_max_length(list(lengths), device.kind))
    taken("per_device_train_batch_size", defaults.choose_batch(len(lengths), device.kind))
    fit = _fit(spec, strategy, lengths, length, base, device, where, why)
    per_epoch = defaults.steps_per_epoch(len(lengths), fit.batch, fit.accumulation)
    if spec.max_steps is not None:
        total, epochs = spec.max_steps, spec.max_steps / per_epoch
        why["max_steps"] = _SET
        why["num_train_epochs"] = f"{total} steps of {per_epoch} an epoch, by max_steps"
    else:
        epochs = taken("num_train_epochs", defaults.choose_epochs(len(lengths), per_epoch))
        total = math.ceil(epochs * per_epoch)
    warmup = taken("warmup_steps", defaults.choose_warmup(total))
    loss_type = spec.loss_type or "nll"
    _explain_given(spec, why)
    return Plan(
        method="sft",
        strategy=strategy,
        dtype=_dtype(base, strategy, why),
        learning_rate=taken(
            "learning_rate", defaults.choose_learning_rate(strategy, base.parameters)
        ),
        num_train_epochs=float(epochs),
        max_steps=spec.max_steps,
        total_steps=total,
        per_device_train_batch_size=fit.batch,
        gradient_accumulation_steps=fit.accumulation,
        max_length=length,
        lr_scheduler_type=taken("lr_scheduler_type", _SCHEDULE),
        warmup_steps=math.ceil(warmup * total) if 0 < warmup < 1 else int(warmup),
        weight_decay=spec.weight_decay,
        max_grad_norm=spec.max_grad_norm,
        optim=spec.optim,
        gradient_checkpointing=fit.checkpointing,
        seed=spec.seed,
        eval_steps=taken("eval_steps", defaults.choose_eval_steps(total, per_epoch, eval_rows)),
        lora_r=spec.lora_r,
        lora_alpha=taken("lora_alpha", defaults.Chosen(2.0 * spec.lora_r, "twice lora_r")),
        lora_dropout=spec.lora_dropout,
        lora_target_modules=spec.lora_target_modules,
        beta=None,
        loss_type=loss_type,
        trl=check_trl(spec.trl, where),
        reasons=why,
        memory_bytes=fit.memory_bytes,
        memory_free_bytes=device.free_bytes,
    )


# Source: «Straight to Zero» (Bergsma et al., 2025, arXiv 2502.15938): linear decay to zero is as
# good as cosine or better, and has nothing to tune.
_SCHEDULE = defaults.Chosen("linear", "it falls evenly to zero, as good as any and nothing to tune")


class _Taken:
    """Takes the user's value, else the chosen one, and notes why."""

    def __init__(self, spec: FinetuneSpec, why: dict[str, str]) -> None:
        self.spec = spec
        self.why = why

    def __call__(self, name: str, chosen: defaults.Chosen[Any]) -> Any:
        value = getattr(self.spec, name)
        self.why[name] = chosen.why if value is None else _SET
        return chosen.value if value is None else value


def _explain_given(spec: FinetuneSpec, why: dict[str, str]) -> None:
    """Reasons for the settings that have a fixed default."""
    usual = FinetuneSpec()
    for name, reason in {
        "weight_decay": "none: few steps leave little to hold back",
        "max_grad_norm": "the custom of all trainers; a single odd row cannot throw the run",
        "optim": "AdamW, the optimizer all these numbers were found with",
        "seed": "any number; the same one gives the same adapter",
        "lora_r": "enough for small sets: LoRA's paper finds little gain above it",
        "lora_dropout": "none, so that runs repeat and nothing learned is dropped",
        "lora_target_modules": "every linear layer: better than attention alone (QLoRA's paper)",
    }.items():
        why[name] = reason if getattr(spec, name) == getattr(usual, name) else _SET


def _check(spec: FinetuneSpec, where: str, device: Device) -> str:
    """The strategy; SettingError for what cannot be done at all."""
    if spec.method not in (None, "sft"):
        raise SettingError(
            where, f"method {spec.method} is not there yet", "This version trains sft."
        )
    if spec.strategy == "qlora":
        what = "qlora needs a CUDA GPU and bitsandbytes" if device.kind != "cuda" else (
            "qlora is not there yet"
        )
        raise SettingError(where, what, "Use strategy: lora.")
    if spec.beta is not None:
        raise SettingError(where, "beta is for preferences, and this is sft", "Leave it out.")
    if spec.loss_type not in (None, "nll", "dft"):
        raise SettingError(
            where, f"loss_type is '{spec.loss_type}'", "For sft it is nll or dft."
        )
    for name, known in (("lr_scheduler_type", schedulers()), ("optim", optimizers())):
        value = getattr(spec, name)
        if value is not None and value not in known:
            raise SettingError(where, f"{name} is '{value}'", nearest(value, known))
    check_trl(spec.trl, where)
    return "full" if spec.strategy == "full" else "lora"


def _dtype(base: BaseFacts, strategy: str, why: dict[str, str]) -> str:
    dtype = base.dtype.removeprefix("torch.")
    if strategy == "full" and dtype != "float32":
        why["dtype"] = f"weights are trained in float32, computed in {dtype}"
        return dtype
    why["dtype"] = "the base's own"
    return dtype


@dataclass(frozen=True)
class _Fit:
    batch: int
    accumulation: int
    checkpointing: bool
    memory_bytes: int


def _fit(
    spec: FinetuneSpec,
    strategy: str,
    lengths: Sequence[int],
    max_length: int,
    base: BaseFacts,
    device: Device,
    where: str,
    why: dict[str, str],
) -> _Fit:
    """The batch and checkpointing that memory allows, and what they are estimated to take."""
    given = spec.per_device_train_batch_size
    wanted = given or defaults.choose_batch(len(lengths), device.kind).value
    longest = min(max(lengths), max_length)
    memory = _memory(spec, strategy, base, longest)
    for fit in _candidates(spec, wanted, given is not None):
        fit = replace(fit, memory_bytes=memory(fit.batch, fit.checkpointing))
        if fit.memory_bytes <= device.free_bytes:
            _explain_fit(spec, fit, wanted, why)
            return fit
    raise _short(spec, wanted, memory, longest, device, where)


def _memory(spec: FinetuneSpec, strategy: str, base: BaseFacts, longest: int) -> Any:
    """A function (batch, checkpointing) -> estimated bytes beyond the loaded base."""
    from ft_magics import models

    every = spec.lora_target_modules == "all-linear" or isinstance(spec.lora_target_modules, str)
    targets = 7 if every else min(7, len(spec.lora_target_modules))

    def estimate(batch: int, checkpointing: bool) -> int:
        return models.training_memory_bytes(
            base,
            strategy=strategy,
            batch=batch,
            length=longest,
            lora_parameters=defaults.lora_parameters(base.parameters, spec.lora_r, targets),
            checkpointing=checkpointing,
        )

    return estimate


def _candidates(spec: FinetuneSpec, wanted: int, batch_given: bool) -> list[_Fit]:
    """From the fastest to the smallest: halve the batch first, then recompute activations."""
    batches = [wanted] if batch_given else []
    batch = wanted
    while batch >= 1 and not batch_given:
        batches.append(batch)
        batch //= 2
    given = spec.gradient_checkpointing
    found = []
    for checkpointing in (False, True) if given is None else (given,):
        for batch in batches:
            # A halved batch takes twice the passes per step, so that the step means the same.
            accumulation = spec.gradient_accumulation_steps or max(1, wanted // batch)
            found.append(_Fit(batch, accumulation, checkpointing, 0))
    return found


def _explain_fit(spec: FinetuneSpec, fit: _Fit, wanted: int, why: dict[str, str]) -> None:
    if fit.batch != wanted:
        why["per_device_train_batch_size"] = f"{wanted} would not fit into memory"
    why["gradient_accumulation_steps"] = (
        _SET
        if spec.gradient_accumulation_steps is not None
        else "each step is one pass"
        if fit.accumulation == 1
        else f"a step still sees {wanted} rows"
    )
    why["gradient_checkpointing"] = (
        _SET
        if spec.gradient_checkpointing is not None
        else "memory needs it"
        if fit.checkpointing
        else "memory does not need it, and it costs a third of the speed"
    )


def _short(
    spec: FinetuneSpec, wanted: int, memory: Any, longest: int, device: Device, where: str
) -> MemoryShort:
    """The error for what does not fit, with what would."""
    checkpointing = spec.gradient_checkpointing is not False
    batch = wanted
    while batch > 1 and memory(batch, checkpointing) > device.free_bytes:
        batch //= 2
    needed = memory(wanted, checkpointing)
    what = (
        f"a batch of {wanted} rows of {longest} tokens needs about {needed / 2**30:.1f} GiB, "
        f"{device.name} has {device.free_bytes / 2**30:.1f} GiB free"
    )
    if batch < wanted and memory(batch, checkpointing) <= device.free_bytes:
        return MemoryShort(where, what, f"Set batch: {batch}.")
    if not checkpointing and memory(1, True) <= device.free_bytes:
        return MemoryShort(where, what, "Allow gradient_checkpointing.")
    smaller = "strategy: lora, " if spec.strategy == "full" else ""
    return MemoryShort(
        where, what, f"Take {smaller}a smaller model, or a max_length below {longest}."
    )
