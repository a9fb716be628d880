"""Plain LoRA gives the logits that PEFT gives, and what does not fit is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ft_magics.errors import AdapterError
from ft_magics.serving import Server

Save = Callable[..., Path]
A_KEY = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"
B_KEY = A_KEY.replace("lora_A", "lora_B")


def double_width(tensors: dict[str, Tensor]) -> None:
    """As an adapter of a wider base has it."""
    for key in [k for k in tensors if "lora_A" in k]:
        tensors[key] = torch.cat([tensors[key]] * 2, dim=1)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"r": 8, "use_rslora": True},
        {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {r"layers\.1\..*v_proj": 3}},
        {"target_modules": "all-linear"},
        {"target_modules": r".*\.layers\.[01]\.mlp\..*_proj"},
        {"layers_to_transform": [1]},
        {"exclude_modules": ["down_proj"]},
        {"init_lora_weights": "orthogonal"},
    ],
    ids=lambda config: ",".join(config) or "plain",
)
def test_quick_logits_equal_pefts(
    server: Server,
    save_adapter: Save,
    peft_logits: Callable[..., Tensor],
    config: dict[str, Any],
    prompt: list[int],
) -> None:
    folder = save_adapter(**config)
    facts = server.load("ollie", folder)
    server.use("ollie")
    assert facts.quick
    assert facts.note == ""
    assert torch.equal(server.logits(prompt), peft_logits(folder))


def test_the_head_can_have_an_adapter(
    server: Server,
    save_adapter: Save,
    peft_logits: Callable[..., Tensor],
    tensors_of: Callable[[Path], dict[str, Tensor]],
    prompt: list[int],
) -> None:
    folder = save_adapter(target_modules=["lm_head"])
    tensors = {key: t for key, t in tensors_of(folder).items() if "lora_" in key}
    facts = server.assign("head", tensors, json.loads((folder / "adapter_config.json").read_text()))
    server.use("head")
    assert facts.quick
    assert torch.equal(server.logits(prompt), peft_logits(folder))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda t: t[A_KEY].view(-1)[3:4].fill_(float("nan")),
            r"NaN or infinity in 1 of its 42 tensors",
        ),
        (lambda t: t[A_KEY].view(-1)[3:4].fill_(float("inf")), r"NaN or infinity"),
        (lambda t: t.pop(B_KEY), r"q_proj lacks lora_B"),
        (
            lambda t: (t.pop(A_KEY), t.pop(B_KEY)),
            r"targets 21 layers.*none for model.layers.1.self_attn.q_proj",
        ),
        (lambda t: t.update({"odd.weight": torch.ones(2)}), r"no LoRA weight: odd.weight"),
        (double_width, r"takes 256 inputs and gives 64 outputs, this base's 128 and 64"),
        (
            lambda t: t.update({k.replace(".1.", ".9."): v.clone() for k, v in t.items()}),
            r"made for another base: this one has no model.layers.9",
        ),
    ],
    ids=["nan", "inf", "half a pair", "no pair", "strange", "shape", "layers"],
)
def test_damaged_or_foreign_weights(
    server: Server,
    save_adapter: Save,
    change: Callable[[dict[str, Tensor]], None],
    words: str,
    edit: Callable[..., Path],
) -> None:
    folder = edit(save_adapter(), change)
    with pytest.raises(AdapterError, match=words):
        server.load("bad", folder)
    assert server.slots() == []
    assert server.prove_base()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"r": 8}, r"shapes \[4, 128\] and \[64, 4\] where its config says rank 8"),
        (
            {"target_modules": ["q_proj"]},
            "its config does not target: model.layers.0.mlp.down_proj",
        ),
        ({"peft_type": "IA3"}, "its kind is IA3"),
    ],
    ids=["rank", "targets", "kind"],
)
def test_a_config_that_is_not_the_weights(
    server: Server,
    save_adapter: Save,
    values: dict[str, Any],
    words: str,
    edit_config: Callable[..., Path],
) -> None:
    folder = edit_config(save_adapter(), **values)
    with pytest.raises(AdapterError, match=words):
        server.load("bad", folder)


def test_half_precision_is_widened_as_peft_does(
    server: Server,
    save_adapter: Save,
    peft_logits: Callable[[Path], Tensor],
    prompt: list[int],
    edit: Callable[..., Path],
) -> None:
    folder = save_adapter()
    edit(folder, lambda t: t.update({k: v.bfloat16() for k, v in t.items()}))
    facts = server.load("half", folder)
    server.use("half")
    assert torch.equal(server.logits(prompt), peft_logits(folder))
    assert facts.bytes == 4 * facts.parameters
