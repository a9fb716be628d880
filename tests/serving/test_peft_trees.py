"""What is not plain LoRA goes through PEFT, and leaves the base alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor
from transformers import Qwen2Config, Qwen2ForCausalLM

from ft_magics import models
from ft_magics.errors import AdapterError
from ft_magics.models import Base
from ft_magics.serving import Server

Save = Callable[..., Path]
A_KEY = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"
B_KEY = A_KEY.replace("lora_A", "lora_B")


def double_width(tensors: dict[str, Tensor]) -> None:
    """As an adapter of a wider base has it."""
    for key in [k for k in tensors if "lora_A" in k]:
        tensors[key] = torch.cat([tensors[key]] * 2, dim=1)


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"modules_to_save": ["lm_head"]}, "trained whole"),
        ({"target_modules": ["embed_tokens", "q_proj"]}, "not linear"),
        ({"target_modules": ["lm_head", "q_proj"]}, "weights of the base itself"),
        ({"trainable_token_indices": [5, 6]}, "trained tokens"),
        ({"init_lora_weights": "pissa"}, "pissa"),
        ({"init_lora_weights": "olora"}, "olora"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_plain_goes_through_peft_and_says_so(
    server: Server,
    save_adapter: Save,
    peft_logits: Callable[..., Tensor],
    config: dict[str, Any],
    word: str,
    prompt: list[int],
) -> None:
    folder = save_adapter(**config)
    state = torch.get_rng_state()
    facts = server.load("odd", folder)
    assert torch.equal(torch.get_rng_state(), state)
    server.use("odd")
    assert not facts.quick
    assert word in facts.note
    assert torch.allclose(server.logits(prompt), peft_logits(folder), atol=1e-6)
    assert server.prove_base()


def test_trained_biases_do_not_reach_the_base(
    tiny_base: Base, tokenizer: Any, tmp_path: Path, prompt: list[int]
) -> None:
    """PEFT writes the biases of such an adapter into the model it is put on."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Qwen2ForCausalLM(
            Qwen2Config(
                vocab_size=len(tokenizer),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=2,
                max_position_embeddings=128,
            )
        )
    model.eval().requires_grad_(False)
    base = Base(model, tokenizer, tiny_base.facts, tmp_path)
    config = LoraConfig(r=2, target_modules=["q_proj"], bias="all")
    tuned = get_peft_model(models.duplicate(model), config)
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if "lora_" in name or name.endswith("bias"):
                parameter.normal_()
        expected = tuned(torch.tensor([prompt])).logits[0]
    tuned.save_pretrained(tmp_path / "biased")
    server = Server(base)
    facts = server.load("biased", tmp_path / "biased")
    server.use("biased")
    assert "copy of the base" in facts.note
    assert torch.allclose(server.logits(prompt), expected, atol=1e-6)
    assert server.prove_base()
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_what_peft_misses_of_its_own_kinds_is_refused_too(
    server: Server, save_adapter: Save, edit: Callable[..., Path]
) -> None:
    folder = edit(save_adapter(use_dora=True), lambda t: t.pop(A_KEY))
    with pytest.raises(AdapterError, match=r"weights are missing: .*q_proj.lora_A"):
        server.load("bad", folder)
    folder = edit(
        save_adapter(use_dora=True), lambda t: t.update({"base_model.model.odd": torch.ones(1)})
    )
    with pytest.raises(AdapterError, match=r"no place for odd"):
        server.load("bad", folder)


def test_another_bases_adapter_of_pefts_own_kinds(
    server: Server, save_adapter: Save, edit: Callable[..., Path]
) -> None:
    folder = edit(save_adapter(use_dora=True), double_width)
    with pytest.raises(AdapterError, match=r"PEFT cannot put it on this base: size mismatch"):
        server.load("bad", folder)
    assert server.prove_base()
