"""Adapters in memory: what is kept of each, and how it came there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from ft_magics import models
from ft_magics.errors import AdapterError
from ft_magics.models import Base
from ft_magics.serving.adapters import AdapterFiles, check_base, check_finite
from ft_magics.serving.features import extras
from ft_magics.serving.layers import Adapter
from ft_magics.serving.low_rank import low_rank_adapter
from ft_magics.serving.peft_trees import peft_tree
from ft_magics.serving.targets import BaseLayers

__all__ = ["Slot", "SlotFacts", "adapter_slot", "full_slot"]


@dataclass(frozen=True)
class SlotFacts:
    """What is told of an adapter in memory."""

    rank: int | None
    """LoRA's rank; None for a full fine-tune."""
    alpha: float | None
    """LoRA's alpha; None for a full fine-tune."""
    parameters: int
    """Numbers that were trained."""
    bytes: int
    """Memory it takes beside the base."""
    quick: bool
    """Whether it swaps at no cost and answers in one batch with the base."""
    note: str
    """Why it is not quick, or what is odd; empty if all is plain."""


@dataclass(frozen=True, eq=False)
class Slot:
    """One adapter in memory: weights for the shared tree, or a model of its own."""

    facts: SlotFacts
    adapter: Adapter | None = None
    model: nn.Module | None = None


def adapter_slot(files: AdapterFiles, base: Base, layers: BaseLayers) -> Slot:
    """Check an adapter and make it ready: quickly if it is plain LoRA, else by PEFT.

    Raises:
        AdapterError: It is for another base, damaged, or not LoRA.
    """
    odd_name = check_base(files, base.facts)
    check_finite(files.tensors, files.where)
    needed = extras(files, layers)
    weights = sum(t.numel() for t in files.tensors.values())
    held = sum(t.numel() * t.element_size() for t in files.tensors.values())
    note, adapter, model = "", None, None
    if needed.reasons:
        model = peft_tree(base.model, files, copy=needed.copies)
        held += base.facts.bytes if needed.copies else 0
        note = f"through PEFT ({', '.join(needed.reasons)})"
        note += ", with a copy of the base" if needed.copies else ""
    else:
        adapter = low_rank_adapter(files, layers)
        parts = adapter.layers.values()
        held = sum(t.numel() * t.element_size() for p in parts for t in (p.down, p.up))
    facts = SlotFacts(
        rank=files.config.get("r", 8),
        alpha=files.config.get("lora_alpha", 8),
        parameters=weights,
        bytes=held,
        quick=adapter is not None,
        note="; ".join(part for part in (note, odd_name) if part),
    )
    return Slot(facts, adapter, model)


def full_slot(folder: Path, base: Base) -> Slot:
    """Load a full fine-tune of the base as a second set of weights.

    Raises:
        AdapterError: Its layers or shapes are not the base's, it is pickled, or holds NaN.
        ModelError: It cannot be read.
    """
    where = str(folder)
    if not any(folder.glob("*.safetensors")):
        raise AdapterError(
            where, "no .safetensors weights in it", "Name the folder of a finished full run."
        )
    tuned = models.load(where, dtype=base.facts.dtype, notify=_told_already).model
    ours = {name: tuple(p.shape) for name, p in base.model.named_parameters()}
    theirs = {name: tuple(p.shape) for name, p in tuned.named_parameters()}
    odd = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if odd:
        raise AdapterError(
            where,
            f"made for another base: {odd[0]} has shape {theirs.get(odd[0])}, this base "
            f"{ours.get(odd[0])}",
            "Load the base that it was made for.",
        )
    check_finite(dict(tuned.named_parameters()), where)
    tuned.requires_grad_(False).eval()
    size = sum(p.numel() * p.element_size() for p in tuned.parameters())
    facts = SlotFacts(
        rank=None,
        alpha=None,
        parameters=sum(p.numel() for p in tuned.parameters()),
        bytes=size,
        quick=False,
        note="a full fine-tune: a second set of weights in memory",
    )
    return Slot(facts, model=tuned)


def _told_already(*_: object) -> None:
    """What loading a model tells was told when its run began."""
