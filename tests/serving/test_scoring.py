"""The loss of an answer is the model's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ft_magics.data import Encoded
from ft_magics.models import Base
from ft_magics.serving import Server


def row(ids: list[int], trained: int) -> Encoded:
    """A row whose last tokens are trained."""
    labels = [-100] * (len(ids) - trained) + ids[len(ids) - trained :]
    return Encoded(ids=tuple(ids), labels=tuple(labels), cut=0, number=1)


def test_the_loss_is_that_of_transformers(
    tiny_base: Base, server: Server, prompt: list[int]
) -> None:
    rows = [row(prompt, 3), row(prompt[:9], 8), row(prompt, len(prompt))]
    expected = [
        tiny_base.model(torch.tensor([r.ids]), labels=torch.tensor([r.labels])).loss.item()
        for r in rows
    ]
    assert server.answer_loss(None, rows) == pytest.approx(expected, rel=1e-6)


def test_an_adapter_has_its_own_loss_and_a_masked_row_none(
    server: Server, save_adapter: Callable[..., Path], prompt: list[int]
) -> None:
    server.load("ollie", save_adapter())
    rows = [row(prompt, 4), row(prompt, 0)]
    base, tuned = server.answer_loss(None, rows), server.answer_loss("ollie", rows)
    assert base[0] != tuned[0]
    assert math.isnan(base[1])
    assert server.answer_loss("ollie", []) == []
