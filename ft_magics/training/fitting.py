"""Batch and checkpointing by memory: what fits is chosen, what cannot fit is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ft_magics.errors import MemoryShort
from ft_magics.spec import FinetuneSpec
from ft_magics.training.defaults import lora_parameters

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts, Device

__all__ = ["SET", "Fit", "Need", "fit_memory", "target_count"]

SET = "set by you"


@dataclass(frozen=True)
class Fit:
    """A way to run a step.

    Attributes:
        batch: Rows in one forward pass.
        accumulation: Forward passes for one optimizer step.
        checkpointing: Whether activations are computed again in the backward pass.
        memory_bytes: Estimated peak beside the base that is loaded already.
    """

    batch: int
    accumulation: int
    checkpointing: bool
    memory_bytes: int


@dataclass(frozen=True)
class Need:
    """What decides how much memory a run takes.

    Attributes:
        longest: Tokens of the longest row, after cutting.
        wanted: Rows in one forward pass, if memory allows.
        sides: Conversations in a row: two of a pair.
        fewest: Rows that a forward pass must have.
    """

    spec: FinetuneSpec
    strategy: Literal["lora", "full"]
    base: BaseFacts
    longest: int
    wanted: int
    sides: int = 1
    fewest: int = 1

    def memory_bytes(self, batch: int, checkpointing: bool) -> int:
        """Estimated peak beside the base that is loaded already."""
        from ft_magics import models

        rank = self.spec.lora_r or 16
        return models.training_memory_bytes(
            self.base,
            strategy=self.strategy,
            batch=batch * self.sides,
            length=self.longest,
            lora_parameters=lora_parameters(self.base, rank, target_count(self.spec)),
            checkpointing=checkpointing,
        )

    def ways(self) -> Iterator[Fit]:
        """From the fastest to the smallest: halve the batch first, then checkpoint."""
        given = self.spec.gradient_checkpointing
        for checkpointing in (False, True) if given is None else (given,):
            batch = self.wanted
            while batch >= self.fewest:
                # A halved batch takes twice the passes a step, so that a step means the same.
                accumulation = self.spec.gradient_accumulation_steps or self.wanted // batch
                yield Fit(
                    batch, accumulation, checkpointing, self.memory_bytes(batch, checkpointing)
                )
                if self.spec.per_device_train_batch_size is not None:
                    break
                batch //= 2


def target_count(spec: FinetuneSpec) -> int:
    """How many of a layer's seven linear maps get an adapter."""
    targets = spec.lora_target_modules
    return 7 if isinstance(targets, str) else min(7, len(targets))


def fit_memory(need: Need, device: Device, where: str, why: dict[str, str]) -> Fit:
    """The first way that fits into what the device has free.

    Args:
        need: What is to be run.
        device: Where.
        where: The cell, for errors.
        why: Gets a reason for batch, accumulation and checkpointing.

    Raises:
        MemoryShort: None does; the remedy names what would.
    """
    for fit in need.ways():
        if fit.memory_bytes <= device.free_bytes:
            _explain(need, fit, why)
            return fit
    raise _short(need, device, where)


def _explain(need: Need, fit: Fit, why: dict[str, str]) -> None:
    spec = need.spec
    if fit.batch != need.wanted:
        why["per_device_train_batch_size"] = f"{need.wanted} would not fit into memory"
    if spec.gradient_accumulation_steps is not None:
        accumulation = SET
    elif fit.accumulation == 1:
        accumulation = "each step is one pass"
    else:
        accumulation = f"a step still sees {fit.batch * fit.accumulation} rows"
    why["gradient_accumulation_steps"] = accumulation
    if spec.gradient_checkpointing is not None:
        checkpointing = SET
    elif fit.checkpointing:
        checkpointing = "memory needs it"
    else:
        checkpointing = "memory does not need it, and it costs a third of the speed"
    why["gradient_checkpointing"] = checkpointing


def _short(need: Need, device: Device, where: str) -> MemoryShort:
    allowed = need.spec.gradient_checkpointing is not False
    fewest = need.fewest
    smallest = need.memory_bytes(fewest, True)
    needed = need.memory_bytes(need.wanted, allowed)
    what = (
        f"a batch of {need.wanted} rows of {need.longest} tokens needs about "
        f"{needed / 2**30:.1f} GiB, {device.name} has {device.free_bytes / 2**30:.1f} GiB free"
    )
    batch = need.wanted // 2
    while batch > fewest and need.memory_bytes(batch, allowed) > device.free_bytes:
        batch //= 2
    if batch >= fewest and need.memory_bytes(batch, allowed) <= device.free_bytes:
        return MemoryShort(where, what, f"Set batch: {batch}.")
    if smallest <= device.free_bytes:
        return MemoryShort(where, what, f"Set batch: {fewest} and gradient_checkpointing: true.")
    lora = "strategy: lora, " if need.strategy == "full" else ""
    return MemoryShort(
        where, what, f"Take {lora}a smaller model, or a max_length below {need.longest}."
    )
