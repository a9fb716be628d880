"""A full fine-tune is kept beside the base, if it is one of this base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ft_magics import models
from ft_magics.errors import AdapterError
from ft_magics.models import Base
from ft_magics.serving import Server

Save = Callable[..., Path]
A_KEY = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"
B_KEY = A_KEY.replace("lora_A", "lora_B")


def test_a_full_fine_tune_is_a_second_set_of_weights(
    tiny_base: Base, server: Server, tmp_path: Path, prompt: list[int]
) -> None:
    tuned = models.duplicate(tiny_base.model)
    with torch.no_grad():
        tuned.get_parameter("model.layers.0.mlp.up_proj.weight").normal_()
        expected = tuned(torch.tensor([prompt])).logits[0]
    tuned.save_pretrained(tmp_path)
    tiny_base.tokenizer.save_pretrained(tmp_path)
    facts = server.load_full("whole", tmp_path)
    server.use("whole")
    assert not facts.quick
    assert facts.rank is None
    assert facts.bytes == sum(p.numel() * 4 for p in tuned.parameters())
    assert torch.equal(server.logits(prompt), expected)
    server.use(None)
    assert not torch.equal(server.logits(prompt), expected)
    assert server.prove_base()


def save_full(model: Any, tokenizer: Any, folder: Path) -> Path:
    """A full fine-tune, as transformers writes it."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_model_of_other_shapes_is_refused(
    tiny_base: Base, server: Server, tokenizer: Any, tmp_path: Path
) -> None:
    config = type(tiny_base.model.config).from_dict(
        {**tiny_base.model.config.to_dict(), "intermediate_size": 32}
    )
    save_full(type(tiny_base.model)(config), tokenizer, tmp_path)
    with pytest.raises(AdapterError, match=r"mlp.down_proj.weight has shape \(64, 32\)"):
        server.load_full("whole", tmp_path)
    assert server.slots() == []


def test_a_model_with_nan_is_refused(
    tiny_base: Base, server: Server, tokenizer: Any, tmp_path: Path
) -> None:
    tuned = models.duplicate(tiny_base.model)
    with torch.no_grad():
        tuned.get_parameter("model.norm.weight")[3] = float("nan")
    with pytest.raises(AdapterError, match=r"NaN or infinity in 1 of .* model.norm.weight"):
        server.load_full("whole", save_full(tuned, tokenizer, tmp_path))


def test_a_folder_without_safetensors_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(AdapterError, match=r"no .safetensors weights"):
        server.load_full("whole", tmp_path)
