"""What is trained, and how large an adapter: from how much the rows hold, and from memory."""

from __future__ import annotations

import dataclasses
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ft_magics.errors import MemoryShort, SettingError
from ft_magics.spec import FinetuneSpec
from ft_magics.training.defaults import Chosen, lora_parameters
from ft_magics.training.fitting import SET, Need, target_count

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts, Device

__all__ = [
    "RANKS",
    "Ground",
    "Shape",
    "beside_base",
    "check_shape",
    "choose_rank",
    "choose_strategy",
    "qlora_would_fit",
]

RANKS = (16, 32, 64, 128)
"""Ranks that are chosen by themselves."""

_BITS_PER_PARAMETER = 2
_BITS_PER_TOKEN = 1
_SMALL_BASE = 1_000_000_000
_MARGIN = 0.5
"""Share of the free memory that full fine-tuning may take when nobody asked for it."""


@dataclass(frozen=True)
class Shape:
    """What a second stage must have of the adapter it goes on with.

    Attributes:
        name: The adapter's.
        strategy: `lora` or `full`.
        targets: As `lora_target_modules`.
    """

    name: str
    strategy: Literal["lora", "full"]
    rank: int
    alpha: float
    targets: list[str] | str

    @property
    def why(self) -> str:
        """The reason for what is taken over."""
        return f"as {self.name} has it, which this goes on with"


def check_shape(spec: FinetuneSpec, shape: Shape | None, where: str) -> None:
    """Refuse settings that the adapter a second stage goes on with does not have.

    Raises:
        SettingError: Which, and its value.
    """
    if shape is None:
        return
    if spec.strategy not in ("auto", shape.strategy):
        kind = "a full fine-tune" if shape.strategy == "full" else "a LoRA adapter"
        what = f"strategy is {spec.strategy}, and {shape.name} is {kind}"
        raise SettingError(where, what, "Leave strategy out: it is taken over.")
    for name, theirs in (("lora_r", shape.rank), ("lora_alpha", shape.alpha)):
        ours = getattr(spec, name)
        if shape.strategy == "lora" and ours is not None and ours != theirs:
            what = f"{shape.name} has {name} {theirs:g}, this run {ours:g}"
            raise SettingError(where, what, f"Set {name}: {theirs:g}, or leave it out.")


@dataclass(frozen=True)
class Ground:
    """What the choice stands on.

    Attributes:
        trained_tokens: Tokens of all rows that carry loss.
        longest: Tokens of the longest row.
        shape: Of the adapter the run starts from; None for a first stage.
    """

    trained_tokens: int
    longest: int
    base: BaseFacts
    device: Device
    shape: Shape | None = None


def capacity_tokens(base: BaseFacts, rank: int, targets: int) -> int:
    """About how many trained tokens an adapter can take up.

    Source: a model holds about two bits in a parameter (arXiv 2404.05405), and a token of an
    ordinary text, whose loss is about 0.69, is about one bit («LoRA Without Regret», which reckons
    so too). It is what knowing every row by heart would take; to learn their manner takes less.
    """
    parameters = lora_parameters(base, rank, targets)
    return parameters * _BITS_PER_PARAMETER // _BITS_PER_TOKEN


def choose_rank(spec: FinetuneSpec, ground: Ground) -> Chosen[int]:
    """The rank of the adapter: the smallest of `RANKS` that holds the rows."""
    if spec.lora_r is not None:
        return Chosen(spec.lora_r, SET)
    if ground.shape is not None:
        return Chosen(ground.shape.rank, ground.shape.why)
    targets = target_count(spec)
    for rank in RANKS:
        room = capacity_tokens(ground.base, rank, targets)
        if room >= ground.trained_tokens:
            return Chosen(
                rank, f"{_holds(rank, room)}, and the rows have {ground.trained_tokens:,}"
            )
    room = capacity_tokens(ground.base, RANKS[-1], targets)
    return Chosen(
        RANKS[-1],
        f"{_holds(RANKS[-1], room)}, and the rows have {ground.trained_tokens:,}: it will learn "
        "their manner, and not all of their facts",
    )


def _holds(rank: int, tokens: int) -> str:
    return f"rank {rank} can hold about {tokens / 1e6:.3g} million trained tokens"


def choose_strategy(spec: FinetuneSpec, ground: Ground) -> Chosen[Literal["lora", "full"]]:
    """Train an adapter or every weight; `auto` is decided here and nowhere else.

    Full fine-tuning is chosen only where an adapter of the largest rank could not hold the rows,
    the base is small, and memory is free with a margin: up to that point the two learn the same,
    and an adapter forgets less of what the base knew and is a file of a few MB.
    """
    if spec.strategy == "full":
        return Chosen("full", SET)
    if spec.strategy == "lora":
        return Chosen("lora", SET)
    base, targets = ground.base, target_count(spec)
    most = capacity_tokens(base, RANKS[-1], targets)
    if ground.shape is not None:
        return Chosen(ground.shape.strategy, ground.shape.why)
    if ground.trained_tokens <= most:
        return Chosen("lora", "an adapter learns these rows as well as every weight would")
    if base.parameters >= _SMALL_BASE:
        return Chosen("lora", "the rows hold more than an adapter does, but the base is large")
    need = Need(spec, "full", base, ground.longest, 1).memory_bytes(1, True)
    if need > _MARGIN * ground.device.free_bytes:
        why = "the rows hold more than an adapter does, but memory is short for every weight"
        return Chosen("lora", why)
    return Chosen(
        "full",
        f"the rows have {ground.trained_tokens:,} trained tokens, more than an adapter of rank "
        f"{RANKS[-1]} holds, and the base is small",
    )


def beside_base(base: BaseFacts, device: Device, where: str) -> Device:
    """The device as it will be once a base that is not loaded yet has been.

    Raises:
        MemoryShort: The base does not fit; the remedy says whether one of four bits would.
    """
    left = device.free_bytes - base.bytes
    if left > 0:
        return dataclasses.replace(device, free_bytes=left)
    remedy = "Take a smaller model."
    if qlora_would_fit(base, device):
        remedy += " A base of four bits (strategy: qlora) would fit, but this version cannot train on one."
    what = (
        f"{base.name} takes {base.bytes / 1e9:.1f} GB, "
        f"{device.name} has {device.free_bytes / 1e9:.1f} GB free"
    )
    raise MemoryShort(where, what, remedy)


def qlora_would_fit(base: BaseFacts, device: Device) -> bool:
    """Whether a base of four bits would fit and could be used: CUDA, with bitsandbytes."""
    if device.kind != "cuda" or importlib.util.find_spec("bitsandbytes") is None:
        return False
    from ft_magics import models

    needed = models.training_memory_bytes(
        base,
        strategy="qlora",
        batch=1,
        length=512,
        lora_parameters=lora_parameters(base, RANKS[0], 7),
        checkpointing=True,
    )
    return needed <= device.free_bytes
