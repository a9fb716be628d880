"""Linear layers that add the adapter in use, and the one value that says which that is.

PEFT keeps the active adapter in every layer, so that a swap walks the whole model. Here every layer
asks one `Selection`; a swap sets one value, however many layers and adapters there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = [
    "Adapter",
    "BatchRows",
    "Choice",
    "LowRank",
    "RowsLost",
    "Selection",
    "SlotLinear",
    "choice_of",
]


@dataclass(frozen=True)
class LowRank:
    """What an adapter adds to one linear layer: `scaling * up(down(x))`.

    Args:
        down: LoRA's A, [rank, in_features].
        up: LoRA's B, [out_features, rank].
        scaling: LoRA's alpha / rank, or alpha / sqrt(rank).
    """

    down: Tensor
    up: Tensor
    scaling: float


@dataclass(frozen=True, eq=False)
class Adapter:
    """One adapter's weights, by the name of the layer they act on.

    It never changes after it was made: newer weights are a new Adapter. So an answer that is being
    written keeps the weights it began with, even while a training run replaces them.
    """

    layers: Mapping[str, LowRank]


class RowsLost(Exception):
    """A layer saw an input that no longer has one row for each row of the batch.

    Some models flatten the batch, or route tokens to experts; there a batch cannot use several
    adapters, and the rows are answered one by one.
    """


class BatchRows:
    """Which adapter acts on which row of a batch.

    Args:
        adapters: One for each row; None is the base.
    """

    def __init__(self, adapters: Sequence[Adapter | None]) -> None:
        self.adapters = tuple(adapters)
        self._stacked: dict[str, tuple[Tensor, Tensor, Tensor] | None] = {}

    def added(self, layer: str, x: Tensor) -> Tensor | None:
        """What the adapters add to a layer's output, [batch, seq, out]; None for nothing.

        Args:
            layer: The layer's name.
            x: The layer's input, [batch, seq, in].

        Raises:
            RowsLost: `x` is not one row for each adapter.
        """
        if layer not in self._stacked:
            self._stacked[layer] = self._stack(layer)
        stacked = self._stacked[layer]
        if stacked is None:
            return None
        if x.dim() != 3 or x.shape[0] != len(self.adapters):
            raise RowsLost(layer)
        down, up, scaling = stacked
        return torch.bmm(torch.bmm(x.to(down.dtype), down), up) * scaling

    def _stack(self, layer: str) -> tuple[Tensor, Tensor, Tensor] | None:
        """Stacked weights, ranks filled up with zeros, which add nothing."""
        parts = [a.layers.get(layer) if a else None for a in self.adapters]
        known = [p for p in parts if p is not None]
        if not known:
            return None
        rank = max(p.down.shape[0] for p in known)
        first = known[0]
        rows = len(parts)
        down = first.down.new_zeros(rows, first.down.shape[1], rank)
        up = first.up.new_zeros(rows, rank, first.up.shape[0])
        for row, part in enumerate(parts):
            if part is not None:
                down[row, :, : part.down.shape[0]] = part.down.T
                up[row, : part.up.shape[1], :] = part.up.T
        factors = [0.0 if p is None else p.scaling for p in parts]
        return down, up, torch.tensor(factors, dtype=up.dtype, device=up.device)[:, None, None]


Choice: TypeAlias = Adapter | BatchRows | None


def choice_of(adapters: Sequence[Adapter | None]) -> Choice:
    """What acts on a batch: rows that agree need no stacked weights, and none at all for the base."""
    first = adapters[0]
    return first if all(a is first for a in adapters) else BatchRows(adapters)


# Module level, as contextvars asks: a context keeps its variables alive for ever.
_CHOSEN: ContextVar[tuple[Selection, Choice] | None] = ContextVar("ft_magics_slot", default=None)


class Selection:
    """Which adapter the layers of one tree add: that in use, or this thread's own choice.

    `in_use` is what every thread sees; `of` chooses for the calling thread alone, so two threads
    may use two adapters on one tree at once.
    """

    def __init__(self) -> None:
        self.in_use: Adapter | None = None

    @property
    def choice(self) -> Choice:
        """The adapter, or the rows' adapters, that act in this thread now; None is the base."""
        chosen = _CHOSEN.get()
        if chosen is not None and chosen[0] is self:
            return chosen[1]
        return self.in_use

    @contextmanager
    def of(self, choice: Choice) -> Iterator[None]:
        """Choose for this thread, inside a `with` block."""
        token = _CHOSEN.set((self, choice))
        try:
            yield
        finally:
            _CHOSEN.reset(token)


class SlotLinear(nn.Module):
    """A linear layer that adds what the selected adapter has for it.

    The base layer is held, not copied, so its Parameter is the very object that other trees of the
    same base use.

    Args:
        base: The layer as it was.
        name: Its full name in the model.
        selection: The tree's selection.
    """

    def __init__(self, base: nn.Linear, name: str, selection: Selection) -> None:
        super().__init__()
        self.base = base
        self.name = name
        self.selection = selection
        self.training = base.training

    def forward(self, x: Tensor) -> Tensor:
        """The base's output plus the adapter's, in the base's dtype.

        The order of operations is that of peft's `lora.Linear.forward`, so that logits are equal.

        Args:
            x: [..., in_features]; [batch, seq, in_features] when rows have adapters of their own.
        """
        result = self.base(x)
        choice = self.selection.choice
        if choice is None:
            return result
        if isinstance(choice, BatchRows):
            added = choice.added(self.name, x)
            return result if added is None else (result + added).to(result.dtype)
        part = choice.layers.get(self.name)
        if part is None:
            return result
        hidden = functional.linear(x.to(part.down.dtype), part.down)
        return (result + functional.linear(hidden, part.up) * part.scaling).to(result.dtype)

    # Some models look at a layer's weight or sizes; they see the base layer's.

    @property
    def weight(self) -> Tensor:
        """The base layer's weight, [out_features, in_features]."""
        return self.base.weight

    @property
    def bias(self) -> Tensor | None:
        """The base layer's bias, [out_features]."""
        return self.base.bias

    @property
    def in_features(self) -> int:
        """Inputs of the base layer."""
        return self.base.in_features

    @property
    def out_features(self) -> int:
        """Outputs of the base layer."""
        return self.base.out_features
