"""How well a model knows an answer."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from ft_magics.data import Encoded
from ft_magics.serving.decoding import forward_logits

__all__ = ["row_loss"]

MASKED = -100


def row_loss(model: nn.Module, row: Encoded) -> float:
    """The mean loss of a row's trained tokens, in nats per token.

    Rows go through the model alone and unpadded, so that a row's loss is the same whatever is
    scored beside it, and logits are made for the trained tokens only.

    Args:
        model: A causal language model, in eval mode.
        row: With ids and labels; each label stands at its own token's place.

    Returns:
        The loss; nan if no token is trained.
    """
    # The logits at one place tell the token at the next; the first token is told by none.
    trained = [i for i, label in enumerate(row.labels) if label != MASKED and i > 0]
    if not trained:
        return math.nan
    device = next(model.parameters()).device
    ids = torch.tensor([row.ids], device=device)
    before = torch.tensor(trained, device=device) - 1
    logits, _ = forward_logits(model, ids, positions=before)
    wanted = torch.tensor([row.labels[i] for i in trained], device=device)
    return functional.cross_entropy(logits[0].float(), wanted).item()
