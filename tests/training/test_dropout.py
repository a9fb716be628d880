from __future__ import annotations

from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

from ft_magics import models
from ft_magics.training.dropout import Clock, SeededDropout, own_dropout, without_dropout
from ft_magics.training.quiet import quiet


def test_masks_depend_on_seed_step_and_layer_alone() -> None:
    clock = Clock()
    layer = SeededDropout(0.5, 1, "a", clock)
    x = torch.ones(4, 32)
    first = layer(x)
    torch.rand(3)
    assert torch.equal(layer(x), first)
    assert not torch.equal(SeededDropout(0.5, 1, "b", clock)(x), first)
    assert not torch.equal(SeededDropout(0.5, 2, "a", clock)(x), first)
    clock.micro = 1
    assert not torch.equal(layer(x), first)


def test_the_mean_is_kept_and_the_share_is_dropped() -> None:
    x = torch.ones(200, 200)
    y = SeededDropout(0.25, 1, "a", Clock())(x)
    assert abs(float(y.mean()) - 1) < 0.02
    assert abs(float((y == 0).float().mean()) - 0.25) < 0.02


def test_nothing_is_dropped_outside_of_training() -> None:
    x = torch.ones(3)
    assert SeededDropout(0.5, 1, "a", Clock()).eval()(x) is x


def test_lora_layers_get_their_own(tiny_base: Any) -> None:
    config = LoraConfig(lora_dropout=0.1, target_modules=["q_proj"])
    with quiet():
        model = get_peft_model(models.share(tiny_base.model), config)
    own_dropout(model, 1, Clock())
    found = [m for m in model.modules() if isinstance(m, SeededDropout)]
    assert len(found) == 3
    assert len({m.name for m in found}) == 3


def test_a_bases_own_dropout_is_switched_off() -> None:
    with torch.random.fork_rng(devices=[]):
        model = GPT2LMHeadModel(
            GPT2Config(vocab_size=64, n_embd=16, n_layer=1, n_head=2, n_positions=16)
        )
    assert without_dropout(model)
    assert all(m.p == 0 for m in model.modules() if isinstance(m, nn.Dropout))
    assert not without_dropout(model)
