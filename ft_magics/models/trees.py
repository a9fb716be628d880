"""Several module trees on one set of weights, and the proof that nobody changed them."""

from __future__ import annotations

import copy
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["duplicate", "probe_logits", "share", "versions"]

PROBE = "The quick brown fox jumps over the lazy dog."


def share(model: Module) -> Module:
    """A second module tree on the same weights: no memory, and tied weights stay tied.

    Adapters are injected in place and trainers patch `forward`; on a tree of their own neither
    reaches the other trees. The trees share the Parameter objects, so also `requires_grad` and
    in-place writes: this is for frozen bases (LoRA, references, serving), never for training all
    weights; see `duplicate`.

    Args:
        model: Any tree of the base.
    """
    memo = {id(t): t for t in chain(model.parameters(), model.buffers())}
    return copy.deepcopy(model, memo)


def duplicate(model: Module) -> Module:
    """A copy with weights of its own, for full fine-tuning; takes the model's memory again.

    Nothing in it requires gradients until its user says so.

    Args:
        model: A tree without adapters.
    """
    return copy.deepcopy(model)


def versions(model: Module) -> tuple[int, ...]:
    """How often each parameter was written in place: equal counts before and after, no writes.

    Together with `probe_logits` it proves in milliseconds what hashing the weights proves in
    seconds.
    """
    return tuple(p._version for p in model.parameters())


def probe_logits(model: Module, tokenizer: Any) -> Tensor:
    """The logits of a fixed text, to compare bit for bit.

    One row without padding: padding alone moves logits by 3e-5.

    Args:
        model: A tree in eval mode.
        tokenizer: Its tokenizer.

    Returns:
        [1, seq, vocab] float32, cpu.
    """
    import torch

    ids = tokenizer(PROBE, add_special_tokens=False)["input_ids"]
    where = next(model.parameters()).device
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids], device=where), use_cache=False).logits
    return logits.float().cpu()
