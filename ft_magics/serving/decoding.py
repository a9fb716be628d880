"""Token by token: one group of answers that share a model and a prompt, as one batch."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import torch
from torch import Tensor, nn

from ft_magics.serving.layers import Adapter, Selection, choice_of
from ft_magics.spec import GenerateSpec

__all__ = ["Column", "Group", "forward_logits", "length_limit", "pick"]


@dataclass(frozen=True, eq=False)
class Column:
    """One answer that is being written.

    Args:
        number: Its place among the answers asked for.
        adapter: What acts on the shared tree for it; None is the tree, or the model, as it is.
        generator: Its own random numbers, so that no other cell or column changes them.
    """

    number: int
    adapter: Adapter | None
    generator: torch.Generator


class Group:
    """Answers to one prompt by one model with several adapters, decoded together.

    Args:
        model: The model, in eval mode.
        selection: That of the model's slots.
        prompt: Token ids, the same for all columns.
        columns: Whose answers; at least one.
        settings: Temperature, top_p, max_new_tokens.
        ends: Tokens that end an answer.
    """

    def __init__(
        self,
        model: nn.Module,
        selection: Selection,
        prompt: tuple[int, ...],
        columns: Sequence[Column],
        settings: GenerateSpec,
        ends: Collection[int],
    ) -> None:
        self.model = model
        self.columns = list(columns)
        self._selection = selection
        self._prompt = prompt
        self._settings = settings
        self._ends = frozenset(ends)
        self._device = next(model.parameters()).device
        self._choice = choice_of([c.adapter for c in columns])
        self._next = torch.tensor([prompt] * len(columns), device=self._device)
        self._cache: Any = None
        self._made = 0
        limit = length_limit(model)
        self._room = settings.max_new_tokens
        if limit is not None:
            self._room = min(self._room, limit - len(prompt))

    def step(self) -> list[tuple[Column, int, bool]]:
        """Decode one token for each column.

        Returns:
            For each column: itself, its token, and whether that ends the answer. Columns that
            ended, and all when the length is spent, have left the group then.

        Raises:
            RowsLost: This model cannot use several adapters in one batch; only at the first step.
        """
        with torch.no_grad(), self._selection.of(self._choice):
            logits, self._cache = forward_logits(
                self.model, self._next, self._cache, use_cache=True
            )
        tokens = pick(logits[:, -1], self._settings, [c.generator for c in self.columns])
        self._made += 1
        made = [
            (column, token, token in self._ends)
            for column, token in zip(self.columns, tokens, strict=True)
        ]
        self._go_on([row for row, (_, _, ended) in enumerate(made) if not ended], tokens)
        return made

    def split(self) -> list[Group]:
        """The same answers, from their start, in groups of one."""
        return [
            Group(self.model, self._selection, self._prompt, [c], self._settings, self._ends)
            for c in self.columns
        ]

    def _go_on(self, rows: list[int], tokens: Sequence[int]) -> None:
        """Keep the rows that go on; those that ended cost nothing any more."""
        if self._made >= self._room or not rows:
            self.columns, self._cache = [], None
            return
        if len(rows) < len(self.columns):
            self._cache.reorder_cache(torch.tensor(rows, device=self._device))
            self.columns = [self.columns[row] for row in rows]
            self._choice = choice_of([c.adapter for c in self.columns])
        self._next = torch.tensor([[tokens[row]] for row in rows], device=self._device)


def forward_logits(
    model: nn.Module,
    ids: Tensor,
    past: Any = None,
    *,
    use_cache: bool = False,
    positions: Tensor | None = None,
) -> tuple[Tensor, Any]:
    """Run a causal language model.

    Args:
        model: A transformers model.
        ids: [batch, seq] int64.
        past: What the call before returned; None at the start.
        use_cache: Keep keys and values for the next call, and give the last logits only.
        positions: Which positions' logits are wanted, [n] int64; all unless given.

    Returns:
        Logits [batch, n, vocab], and the cache.
    """
    extra: dict[str, Any] = {}
    if _takes_positions(model):
        if positions is not None:
            extra["logits_to_keep"] = positions
        elif use_cache:
            extra["logits_to_keep"] = 1
    out = model(input_ids=ids, past_key_values=past, use_cache=use_cache, **extra)
    logits = out.logits
    if positions is not None and not extra:
        logits = logits[:, positions]
    return logits, out.past_key_values if use_cache else None


def _takes_positions(model: nn.Module) -> bool:
    getter = getattr(model, "get_base_model", None)
    return _has_positions(cast("Hashable", type(getter() if getter else model)))


@cache
def _has_positions(kind: Any) -> bool:
    """Asked once for each kind of model: signatures are slow, and this is asked for each token."""
    return "logits_to_keep" in inspect.signature(kind.forward).parameters


def length_limit(model: nn.Module) -> int | None:
    """The longest sequence, in tokens, that the model has positions for; None if it has no end."""
    return getattr(getattr(model, "config", None), "max_position_embeddings", None)


def pick(
    logits: Tensor, settings: GenerateSpec, generators: Sequence[torch.Generator]
) -> list[int]:
    """Choose the next token of each row.

    Args:
        logits: [rows, vocab].
        settings: temperature 0 takes the likeliest; else tokens are drawn from the likeliest that
            make up top_p.
        generators: One for each row, on the CPU.
    """
    if settings.temperature == 0:
        return logits.argmax(-1).tolist()
    rows = logits.cpu().double()
    return [_draw(row, settings, g) for row, g in zip(rows, generators, strict=True)]


def _draw(logits: Tensor, settings: GenerateSpec, generator: torch.Generator) -> int:
    """Draw a token by one random number on the cumulated probabilities.

    One number for each token, drawn on the CPU: the same seed gives the same text on every device
    and in every batch, up to the rounding of logits.

    Source: top_p is nucleus sampling, Holtzman et al., arXiv 1904.09751, section 3.1.
    """
    probabilities = ((logits - logits.max()) / settings.temperature).softmax(-1)
    if settings.top_p < 1:
        falling, order = probabilities.sort(descending=True, stable=True)
        dropped = order[falling.cumsum(-1) - falling >= settings.top_p]
        # Cumulated in the vocabulary's order: tokens of nearly the same weight, which a batch's
        # rounding may sort either way, keep their places.
        probabilities[dropped] = 0.0
    sums = probabilities.cumsum(-1)
    point = torch.rand((), dtype=torch.float64, generator=generator) * sums[-1]
    place = int(torch.searchsorted(sums, point, right=True))
    return min(place, int(probabilities.nonzero()[-1]))
