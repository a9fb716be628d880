"""The next token: the likeliest, or drawn by its probability."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from ft_magics.serving import decoding

Save = Callable[..., Path]
A_KEY = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"
B_KEY = A_KEY.replace("lora_A", "lora_B")


def test_pick_draws_by_probability() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.2, 0.0]]).log()
    generator = torch.Generator().manual_seed(0)
    settings = SimpleNamespace(temperature=1.0, top_p=1.0)
    drawn = [decoding.pick(logits, settings, [generator])[0] for _ in range(3000)]
    shares = [drawn.count(token) / 3000 for token in range(4)]
    assert shares == pytest.approx([0.5, 0.3, 0.2, 0.0], abs=0.03)
    settings = SimpleNamespace(temperature=1.0, top_p=0.6)
    drawn = [decoding.pick(logits, settings, [generator])[0] for _ in range(1000)]
    assert set(drawn) == {0, 1}
    cold = SimpleNamespace(temperature=1e-300, top_p=1.0)
    assert decoding.pick(logits, cold, [generator]) == [0]
