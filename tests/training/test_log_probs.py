"""The head on labelled positions gives trl's own log-probabilities, and their gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from trl.trainer.utils import add_fused_lm_head

from ft_magics import models
from ft_magics.training.log_probs import LabelledLogProbs
from ft_magics.training.preference_batches import pair_batch


def batch_of(pairs: Any) -> dict[str, Any]:
    made = pair_batch(pairs, pad=2)
    labels = made["input_ids"].masked_fill(made.pop("completion_mask") == 0, -100)
    return {**made, "labels": labels, "use_cache": False}


def trees(base: Any) -> tuple[Any, Any]:
    ours, theirs = models.duplicate(base.model), models.duplicate(base.model)
    for tree in (ours, theirs):
        tree.requires_grad_(True)
        add_fused_lm_head(tree)
    return ours, theirs


def test_log_probs_and_gradients_are_trls(tiny_base: Any, pairs: Any) -> None:
    ours, theirs = trees(tiny_base)
    LabelledLogProbs(ours)
    batch = batch_of(pairs(3))
    found = [tree(**batch, fused_lm_head=True).log_probs for tree in (ours, theirs)]
    assert torch.allclose(*found, atol=1e-5)
    assert (found[0] != 0).equal(batch["labels"][:, 1:] != -100)
    for log_probs in found:
        (log_probs.sum(dim=1) ** 2).sum().backward()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("how", ["asked for", "too many"])
def test_trls_head_takes_what_is_not_ours(
    tiny_base: Any, pairs: Any, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = trees(tiny_base)
    if how == "too many":
        monkeypatch.setattr("ft_magics.training.loss.MOST_LOGITS", 1)
    LabelledLogProbs(ours, always_trl=how == "asked for")
    batch = batch_of(pairs(2))
    with torch.no_grad():
        ours_made, theirs_made = (t(**batch, fused_lm_head=True) for t in (ours, theirs))
    assert torch.equal(ours_made.log_probs, theirs_made.log_probs)


def test_without_the_call_the_model_is_as_ever(tiny_base: Any) -> None:
    tree = models.share(tiny_base.model)
    add_fused_lm_head(tree)
    LabelledLogProbs(tree)
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        assert torch.equal(tree(input_ids=ids).logits, tiny_base.model(input_ids=ids).logits)
        loss = tree(input_ids=ids, labels=ids).loss
        assert torch.equal(loss, tiny_base.model(input_ids=ids, labels=ids).loss)


def test_a_batch_without_labels_gives_nothing_and_a_gradient_of_nothing(
    tiny_base: Any, pairs: Any
) -> None:
    ours, _ = trees(tiny_base)
    LabelledLogProbs(ours)
    batch = batch_of(pairs(2))
    batch["labels"] = torch.full_like(batch["labels"], -100)
    log_probs = ours(**batch, fused_lm_head=True).log_probs
    assert not log_probs.any()
    log_probs.sum().backward()
