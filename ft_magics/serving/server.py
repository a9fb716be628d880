"""The base and its adapters in memory: swap, answer, score."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ft_magics import models
from ft_magics.data import Encoded, end_ids
from ft_magics.errors import NameUnknown, nearest
from ft_magics.models import Base
from ft_magics.serving.adapters import AdapterFiles, read_adapter
from ft_magics.serving.answering import Answer, Request, answer
from ft_magics.serving.decoding import forward_logits
from ft_magics.serving.layers import Adapter, Selection, SlotLinear
from ft_magics.serving.scoring import row_loss
from ft_magics.serving.seal import Seal
from ft_magics.serving.slots import Slot, SlotFacts, adapter_slot, full_slot
from ft_magics.serving.targets import BaseLayers
from ft_magics.spec import GenerateSpec

__all__ = ["Server"]


class Server:
    """One base in memory, and any number of adapters on it.

    It has a tree of its own on the base's weights, so that training beside it changes nothing
    here. All methods may be called from any thread; an answer keeps the weights it began with.

    Args:
        base: The base model.
    """

    def __init__(self, base: Base) -> None:
        self.base = base
        self._layers = BaseLayers.of(base.model)
        self._tree = models.share(base.model).eval()
        self._selection = Selection()
        self._slots: dict[str, Slot] = {}
        self._active: str | None = None
        self._lock = threading.Lock()
        self._ends = frozenset(end_ids(base.tokenizer))
        # Of the base's own tree and of the one that answers: training takes from the first.
        self._seal = Seal(base.model, self._tree)
        self._probe = self._probe_logits()
        self._change = ""

    # Slots

    def load(self, slot: str, folder: Path) -> SlotFacts:
        """Read an adapter that PEFT saved into a slot; one that is there is replaced.

        Args:
            slot: The slot's name.
            folder: With `adapter_config.json` and `adapter_model.safetensors`.

        Raises:
            AdapterError: It is for another base, damaged, pickled, or not LoRA.
        """
        return self._put(slot, read_adapter(Path(folder)))

    def assign(
        self, slot: str, tensors: Mapping[str, Tensor], config: Mapping[str, Any]
    ) -> SlotFacts:
        """Put weights of a run in progress into a slot.

        Args:
            slot: The slot's name.
            tensors: The adapter under PEFT's file keys. They are kept without a copy where they
                are on the right device already: the caller must not write into them again.
            config: What `adapter_config.json` would hold.

        Raises:
            AdapterError: The weights do not fit the base, or hold NaN.
        """
        return self._put(slot, AdapterFiles(slot, config, tensors, {}))

    def load_full(self, slot: str, folder: Path) -> SlotFacts:
        """Load a full fine-tune into a slot: a second set of weights.

        Raises:
            AdapterError: It is no full fine-tune of this base.
            ModelError: It cannot be read.
        """
        return self._keep(slot, full_slot(Path(folder), self.base))

    def drop(self, slot: str) -> None:
        """Forget a slot; if it is in use, the base is in use afterwards.

        Raises:
            NameUnknown: There is no such slot.
        """
        with self._lock:
            self._slot(slot)
            del self._slots[slot]
            if self._active == slot:
                self._activate(None)

    def slots(self) -> list[str]:
        """The slots' names, oldest first."""
        return list(self._slots)

    def facts(self, slot: str) -> SlotFacts:
        """What is known of a slot.

        Raises:
            NameUnknown: There is no such slot.
        """
        return self._slot(slot).facts

    def use(self, slot: str | None) -> None:
        """Swap: from now on this slot is in use; None is the base. Takes microseconds.

        Raises:
            NameUnknown: There is no such slot.
        """
        with self._lock:
            self._activate(slot)

    @property
    def active(self) -> str | None:
        """The slot in use; None is the base."""
        return self._active

    # Answers

    def generate(
        self,
        columns: Sequence[str | None],
        prompts: Sequence[Sequence[int]],
        settings: GenerateSpec,
        *,
        on_piece: Callable[[int, str], None] | None = None,
        stop: threading.Event | None = None,
    ) -> list[Answer]:
        """Answer side by side.

        Columns with the same prompt go through the model as one batch; all columns advance
        together, a token at a time. The model's own generation settings (repetition penalty …)
        are not used.

        Args:
            columns: Whose answers: slots, or None for the base.
            prompts: Token ids for each column, with the opening of the answer.
            settings: Length, temperature, top_p, seed.
            on_piece: Called with a column's number and the text that it has more now.
            stop: When it is set, the answers so far are returned.

        Raises:
            NameUnknown: There is no such slot.
            ModelError: A prompt is empty or longer than the model takes.
            MemoryShort: The device has too little memory.
        """
        requests = [
            Request(*self._acting(slot), tuple(prompt))
            for slot, prompt in zip(columns, prompts, strict=True)
        ]
        return answer(
            requests, self._selection, self.base.tokenizer, self._ends, settings, on_piece, stop
        )

    def answer_loss(self, slot: str | None, encoded: Sequence[Encoded]) -> list[float]:
        """The mean loss of each row's trained tokens, in nats per token.

        Args:
            slot: The adapter; None is the base.
            encoded: Rows with ids and labels, as they are trained.

        Returns:
            One number for each row; nan for a row without a trained token.

        Raises:
            NameUnknown: There is no such slot.
        """
        model, adapter = self._acting(slot)
        with torch.no_grad(), self._selection.of(adapter):
            return [row_loss(model, row) for row in encoded]

    def logits(self, ids: Sequence[int]) -> Tensor:
        """The logits of what is in use.

        Args:
            ids: Token ids.

        Returns:
            [len(ids), vocab], on the model's device.
        """
        model, adapter = self._acting(self._active)
        batch = torch.tensor([list(ids)], device=next(model.parameters()).device)
        with torch.no_grad(), self._selection.of(adapter):
            return forward_logits(model, batch)[0][0]

    def base_change(self, *, whole: bool = False) -> str:
        """What has happened to the base since this server was made.

        The quick look takes less than a millisecond, so that it can follow each answer: made after
        one, it holds for the whole of it. What it sees, and what only the whole proof does, is
        told at `Seal`. What the whole proof once found is told ever after.

        Args:
            whole: Read every weight, and compare a probe's logits bit for bit.

        Returns:
            Words such as `lm_head.weight was written`; empty when nothing has happened.
        """
        found = self._change or (self._seal.whole() if whole else self._seal.broken())
        if whole and not found and not torch.equal(self._probe_logits(), self._probe):
            found = "a probe is answered differently"
        if whole:
            self._change = found
        return found

    def prove_base(self) -> bool:
        """Whether the base is bit for bit what it was when this server was made.

        The parameters' version counters and storages tell writes to any weight, the sum of their
        bits those that are not counted, the probe's logits what the model computes.
        """
        return not self.base_change(whole=True)

    # Inside

    def _put(self, slot: str, files: AdapterFiles) -> SlotFacts:
        made = adapter_slot(files, self.base, self._layers)
        if made.adapter is not None:
            self._wrap(made.adapter)
        return self._keep(slot, made)

    def _keep(self, slot: str, made: Slot) -> SlotFacts:
        with self._lock:
            self._slots[slot] = made
            if self._active == slot:
                self._activate(slot)
        return made.facts

    def _wrap(self, adapter: Adapter) -> None:
        """Give the layers that an adapter names their slots, once.

        One assignment for each layer: a thread that is computing meets the layer with or without
        a slot, which gives the same numbers for any adapter that was there before.
        """
        with self._lock:
            for name in adapter.layers:
                parent_name, _, child = name.rpartition(".")
                parent = self._tree.get_submodule(parent_name)
                layer = parent._modules[child]
                if isinstance(layer, nn.Linear):
                    parent._modules[child] = SlotLinear(layer, name, self._selection)

    def _slot(self, slot: str) -> Slot:
        try:
            return self._slots[slot]
        except KeyError:
            raise NameUnknown(
                "", f"no adapter '{slot}' in memory", nearest(slot, self._slots)
            ) from None

    def _activate(self, slot: str | None) -> None:
        self._selection.in_use = None if slot is None else self._slot(slot).adapter
        self._active = slot

    def _acting(self, slot: str | None) -> tuple[nn.Module, Adapter | None]:
        """The model that answers for a slot, and what acts on it."""
        if slot is None:
            return self._tree, None
        held = self._slot(slot)
        return held.model or self._tree, held.adapter

    def _probe_logits(self) -> Tensor:
        with torch.no_grad(), self._selection.of(None):
            return models.probe_logits(self._tree, self.base.tokenizer)
