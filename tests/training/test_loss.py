from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional
from transformers import Gemma2Config, Gemma2ForCausalLM, GPT2Config, GPT2LMHeadModel

from ft_magics import models
from ft_magics.training.batches import collate
from ft_magics.training.loss import LabelledHead


def plain_loss(model: Any, batch: dict[str, Any]) -> torch.Tensor:
    """Every position through the head, with the attention mask; masked labels ignored."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten(), reduction="sum"
    )


def check_equal(model: Any, batch: dict[str, Any]) -> None:
    head = LabelledHead(model)
    model.zero_grad()
    expected = plain_loss(model, batch)
    expected.backward()
    gradients = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    loss = head.loss_sum(model, batch)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        assert torch.allclose(parameter.grad, gradient, rtol=1e-3, atol=1e-4)


def test_the_same_loss_and_gradients_as_scoring_every_position(tiny_base: Any, rows: Any) -> None:
    model = models.duplicate(tiny_base.model).requires_grad_(True)
    check_equal(model, collate(rows(3), pad=2))


def test_soft_caps_and_other_families_hold(rows: Any) -> None:
    """What a model does after its head, or with positions, is the model's own."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        gemma = Gemma2ForCausalLM(
            Gemma2Config(
                vocab_size=40_000,
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=1,
                head_dim=16,
                final_logit_softcapping=0.5,
            )
        )
        gpt2 = GPT2LMHeadModel(
            GPT2Config(vocab_size=40_000, n_embd=32, n_layer=2, n_head=2, n_positions=64)
        )
    for model in (gemma, gpt2):
        check_equal(model.eval(), collate(rows(3), pad=0))


def test_nothing_labelled_is_zero_with_a_gradient(tiny_base: Any, rows: Any) -> None:
    from dataclasses import replace

    model = models.duplicate(tiny_base.model).requires_grad_(True)
    silent = [replace(row, labels=(-100,) * len(row.ids)) for row in rows(2)]
    loss = LabelledHead(model).loss_sum(model, collate(silent, pad=2))
    loss.backward()
    assert loss.item() == 0
    assert all(not p.grad.any() for p in model.parameters() if p.grad is not None)


def test_outside_of_a_loss_the_model_is_as_ever(tiny_base: Any, rows: Any) -> None:
    tree = models.share(tiny_base.model)
    batch = collate(rows(2), pad=2)
    with torch.no_grad():
        before = tree(input_ids=batch["input_ids"]).logits
        head = LabelledHead(tree)
        head.loss_sum(tree, batch)
        after = tree(input_ids=batch["input_ids"]).logits
    assert torch.equal(before, after)


def test_more_logits_than_may_be_held_go_elsewhere(tiny_base: Any) -> None:
    head = LabelledHead(models.share(tiny_base.model))
    assert head.fits(torch.arange(100))
    assert not head.fits(torch.arange(2**28 // head.vocabulary + 1))
