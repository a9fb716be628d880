"""What an adapter's config asks for beyond plain LoRA."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from peft import LoraConfig

from ft_magics.models import Base
from ft_magics.serving.adapters import AdapterFiles
from ft_magics.serving.features import extras
from ft_magics.serving.targets import BaseLayers


def files(*keys: str, **config: Any) -> AdapterFiles:
    """An adapter with every field that PEFT writes."""
    full = LoraConfig(**{"target_modules": ["q_proj"], **config}).to_dict()
    return AdapterFiles("a", full, {key: torch.ones(1) for key in keys}, {})


@pytest.mark.parametrize(
    "config",
    [{}, {"use_rslora": True}, {"target_modules": "all-linear"}, {"init_lora_weights": "gaussian"}],
    ids=str,
)
def test_plain_lora_needs_nothing_more(tiny_base: Base, config: dict[str, Any]) -> None:
    assert extras(files(**config), BaseLayers.of(tiny_base.model)).reasons == ()


@pytest.mark.parametrize(
    ("adapter", "reason", "copies"),
    [
        (files(use_dora=True), "DoRA", False),
        (files(modules_to_save=["lm_head"]), "layers trained whole", False),
        (files(target_modules=["embed_tokens"]), "layers that are not linear", False),
        (files(bias="lora_only"), "bias", True),
        (files(init_lora_weights="pissa_niter_4"), "pissa_niter_4 start", True),
        (files("base_model.model.lm_head.weight"), "weights of the base itself", True),
        (files(target_parameters=["mlp.experts.up"]), "target_parameters", True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_needs_peft_and_what_needs_a_copy_too(
    tiny_base: Base, adapter: AdapterFiles, reason: str, copies: bool
) -> None:
    found = extras(adapter, BaseLayers.of(tiny_base.model))
    assert found.reasons == (reason,)
    assert found.copies is copies


def test_a_field_of_a_later_peft_is_not_ignored(tiny_base: Base) -> None:
    plain = files()
    later = AdapterFiles("a", {**plain.config, "use_quantum": True}, {}, {})
    found = extras(later, BaseLayers.of(tiny_base.model))
    assert found.reasons == ("use_quantum",)
    assert found.copies
