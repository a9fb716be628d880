from __future__ import annotations

import dataclasses

import pytest

from ft_magics import models

SMALL = models.BaseFacts(
    name="small",
    asked="small",
    source="folder",
    revision=None,
    sha256="",
    fingerprint="",
    parameters=134_515_008,
    bytes=538_060_288,
    dtype="float32",
    device="cpu",
    chat_template_sha256="",
    layers=30,
    hidden_size=576,
    intermediate_size=1536,
    vocab_size=49_152,
    context_length=8192,
)
RANK_16 = 4_884_480


def estimate(facts: models.BaseFacts = SMALL, **changed: object) -> int:
    asked: dict[str, object] = {
        "strategy": "lora",
        "batch": 4,
        "length": 192,
        "lora_parameters": RANK_16,
        "checkpointing": False,
    }
    return models.training_memory_bytes(facts, **{**asked, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "measured_mb"),
    [
        ({"length": 64}, 987),
        ({}, 2552),
        ({"checkpointing": True}, 1295),
        ({"strategy": "full", "batch": 2, "length": 64}, 2753),
    ],
)
def test_it_is_what_was_measured_or_a_little_more(
    changed: dict[str, object], measured_mb: int
) -> None:
    assert 1.0 <= estimate(**changed) / (measured_mb * 1e6) < 1.15


def test_what_makes_it_grow() -> None:
    assert estimate(batch=8) > estimate()
    assert estimate(length=384) == pytest.approx(estimate(batch=8))
    assert estimate(checkpointing=True) < estimate() < estimate(strategy="qlora")
    assert estimate(strategy="qlora") < estimate(strategy="full")
    assert estimate(lora_parameters=10 * RANK_16) > estimate()
    assert estimate(dataclasses.replace(SMALL, dtype="bfloat16")) < estimate()


def test_a_model_of_unknown_shape_is_guessed() -> None:
    unknown = dataclasses.replace(SMALL, layers=0, hidden_size=0, intermediate_size=0, vocab_size=0)
    assert 0.3 < estimate(unknown) / estimate() < 3
