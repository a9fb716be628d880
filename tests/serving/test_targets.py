"""Which layers a config means, held against PEFT's own walk through the model."""

from __future__ import annotations

from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from torch import nn

from ft_magics import models
from ft_magics.models import Base
from ft_magics.serving.targets import BaseLayers, scaling_of, targeted

CONFIGS: list[dict[str, Any]] = [
    {"target_modules": "all-linear"},
    {"target_modules": ["q_proj", "mlp.up_proj"]},
    {"target_modules": ["model.layers.2.self_attn.o_proj"]},
    {"target_modules": r".*(q|v)_proj"},
    {"target_modules": ["q_proj"], "layers_to_transform": 1},
    {"target_modules": ["q_proj"], "layers_to_transform": [0, 2], "layers_pattern": "layers"},
    {"target_modules": ["q_proj", "v_proj"], "exclude_modules": ["v_proj"]},
    {"target_modules": "all-linear", "exclude_modules": r".*\.mlp\..*"},
    {"target_modules": ["lm_head"]},
    {
        "target_modules": ["q_proj", "k_proj", "down_proj"],
        "rank_pattern": {"k_proj": 3, r"layers\.0\.self_attn\.q_proj": 5},
        "alpha_pattern": {"down_proj": 1, "model.layers.1.self_attn.q_proj": 9},
        "use_rslora": True,
    },
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_layers_ranks_and_scalings_are_pefts(tiny_base: Base, config: dict[str, Any]) -> None:
    tuned = get_peft_model(models.share(tiny_base.model), LoraConfig(r=4, lora_alpha=6, **config))
    theirs = {
        name.removeprefix("base_model.model."): (module.r["default"], module.scaling["default"])
        for name, module in tuned.named_modules()
        if hasattr(module, "lora_A")
    }
    layers = BaseLayers.of(tiny_base.model)
    full = {"r": 4, "lora_alpha": 6, **config}
    ours = {n: scaling_of(full)(n) for n in targeted(full, layers.linears, layers.head)}
    assert ours == theirs


def test_the_layers_of_a_base(tiny_base: Base) -> None:
    layers = BaseLayers.of(tiny_base.model)
    assert len(layers.linears) == 22
    assert layers.head == "lm_head"
    assert "model.embed_tokens" in layers.others
    assert "lm_head.weight" in layers.parameters, "tied weights go by both names"
    assert BaseLayers.of(nn.Sequential(nn.Linear(1, 1))).head == ""
