"""Adapters made by PEFT itself, with weights that change the answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor

from ft_magics import models
from ft_magics.models import Base
from ft_magics.serving import Server

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
PROMPT = [1, 4093, 198, 2020, 536, 7215, 3602, 47, 2, 198, 1, 520, 9531, 198]


@pytest.fixture
def prompt() -> list[int]:
    """Token ids of a short question."""
    return list(PROMPT)


@pytest.fixture
def server(tiny_base: Base) -> Server:
    """A server of its own for each test."""
    return Server(tiny_base)


@pytest.fixture(scope="session")
def save_adapter(tiny_base: Base, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make an adapter with PEFT on a copy of the tiny base; returns its folder."""

    def save(seed: int = 0, **config: Any) -> Path:
        config = {"r": 4, "lora_alpha": 16, "target_modules": LINEARS, **config}
        folder = tmp_path_factory.mktemp("adapter")
        torch.manual_seed(seed)
        tuned = get_peft_model(models.duplicate(tiny_base.model), LoraConfig(**config))
        with torch.no_grad():
            for name, parameter in tuned.named_parameters():
                if "lora_" in name or "modules_to_save" in name:
                    parameter.normal_(std=0.2)
                elif parameter.requires_grad:
                    parameter.add_(0.5)
        tuned.save_pretrained(folder)
        return folder

    return save


@pytest.fixture(scope="session")
def peft_logits(tiny_base: Base) -> Callable[..., Tensor]:
    """PEFT's own logits for an adapter, on a copy of the tiny base."""
    from peft import PeftModel

    def logits(folder: Path) -> Tensor:
        tuned = PeftModel.from_pretrained(models.duplicate(tiny_base.model), folder).eval()
        with torch.no_grad():
            return tuned(torch.tensor([PROMPT])).logits[0]

    return logits


@pytest.fixture(scope="session")
def tensors_of() -> Callable[[Path], dict[str, Tensor]]:
    """An adapter's weights, under PEFT's file keys."""
    return lambda folder: load_file(folder / "adapter_model.safetensors")


@pytest.fixture(scope="session")
def edit() -> Callable[[Path, Callable[[dict[str, Tensor]], object]], Path]:
    """Change an adapter's weights on disk."""

    def change_weights(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> Path:
        file = folder / "adapter_model.safetensors"
        tensors = {key: t.clone() for key, t in load_file(file).items()}
        change(tensors)
        save_file(tensors, file)
        return folder

    return change_weights


@pytest.fixture(scope="session")
def edit_config() -> Callable[..., Path]:
    """Change an adapter's config on disk."""

    def change_config(folder: Path, **values: Any) -> Path:
        file = folder / "adapter_config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))
        return folder

    return change_config
