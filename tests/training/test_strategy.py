"""What `auto` chooses: by what the rows hold, and by memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ft_magics.errors import MemoryShort, SettingError
from ft_magics.spec import FinetuneSpec
from ft_magics.training import Plan, plan
from ft_magics.training.defaults import lora_parameters
from ft_magics.training.strategy import RANKS, Shape, beside_base, capacity_tokens, qlora_would_fit

from .test_plan import CPU, GPU, LARGE, SMALL

ROOMY = replace(GPU, free_bytes=70 * 2**30)


def make(trained: int, **settings: Any) -> Plan:
    known = {k: settings.pop(k) for k in ("base", "device", "shape", "loaded") if k in settings}
    known = {"base": SMALL, "device": ROOMY, **known}
    return plan(
        FinetuneSpec(**settings), lengths=[60] * 20, eval_rows=0, trained_tokens=trained, **known
    )


@pytest.mark.parametrize(
    ("trained", "strategy", "rank"),
    [
        (1_000, "lora", 16),
        (capacity_tokens(SMALL, 16, 7), "lora", 16),
        (capacity_tokens(SMALL, 16, 7) + 1, "lora", 32),
        (capacity_tokens(SMALL, 128, 7), "lora", 128),
        (capacity_tokens(SMALL, 128, 7) + 1, "full", 128),
    ],
)
def test_rank_and_strategy_grow_with_the_rows(trained: int, strategy: str, rank: int) -> None:
    made = make(trained)
    assert (made.strategy, made.lora_r) == (strategy, rank)
    assert made.lora_alpha == 2 * rank
    assert "arXiv 2404.05405" in made.sources["lora_r"]
    assert "LoRA Without Regret" in made.sources["strategy"]


def test_an_adapter_holds_two_bits_a_parameter() -> None:
    assert capacity_tokens(SMALL, 16, 7) == 2 * lora_parameters(SMALL, 16, 7)
    assert list(RANKS) == sorted(RANKS)


def test_many_rows_stay_with_an_adapter_on_a_large_base_or_in_little_memory() -> None:
    many = 10**12
    large = make(many, base=LARGE)
    assert (large.strategy, large.lora_r) == ("lora", 128)
    assert "the base is large" in large.reasons["strategy"]
    tight = make(many, device=replace(CPU, free_bytes=3 * 2**30))
    assert tight.strategy == "lora" and "memory is short" in tight.reasons["strategy"]
    assert "not all of their facts" in tight.reasons["lora_r"]


def test_what_the_user_set_stands() -> None:
    made = make(10**12, lora_r=16, strategy="lora")
    assert (made.lora_r, made.strategy) == (16, "lora")
    assert made.reasons["lora_r"] == made.reasons["strategy"] == "set by you"
    assert not {"lora_r", "strategy"} & made.sources.keys()
    assert make(1, strategy="full").strategy == "full"


def test_a_second_stage_has_the_shape_of_the_first() -> None:
    shape = Shape("ollie", "lora", 8, 4.0, ["q_proj", "v_proj"])
    made = make(10**12, shape=shape)
    assert (made.strategy, made.lora_r, made.lora_alpha) == ("lora", 8, 4.0)
    assert made.lora_target_modules == ["q_proj", "v_proj"]
    for name in ("strategy", "lora_r", "lora_alpha", "lora_target_modules"):
        assert made.reasons[name] == "as ollie has it, which this goes on with"
    assert make(1, shape=Shape("o", "full", 16, 32.0, "all-linear")).strategy == "full"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lora_r": 4}, r"ollie has lora_r 8, this run 4\. Set lora_r: 8, or leave it out"),
        ({"lora_alpha": 16}, "ollie has lora_alpha 32, this run 16"),
        ({"strategy": "full"}, "strategy is full, and ollie is a LoRA adapter"),
    ],
)
def test_what_the_first_stage_has_not_is_refused(settings: dict[str, object], words: str) -> None:
    shape = Shape("ollie", "lora", 8, 32.0, "all-linear")
    with pytest.raises(SettingError, match=words):
        make(1, shape=shape, **settings)
    assert make(1, shape=shape, lora_r=8, strategy="lora").lora_alpha == 32.0
    with pytest.raises(SettingError, match="ollie is a full fine-tune"):
        make(1, shape=Shape("ollie", "full", 16, 32.0, "all-linear"), strategy="lora")


def test_room_is_kept_for_a_base_that_is_not_loaded() -> None:
    here, later = make(1000), make(1000, loaded=False)
    assert here.memory_free_bytes - later.memory_free_bytes == SMALL.bytes
    assert here.memory_bytes == later.memory_bytes
    with pytest.raises(
        MemoryShort, match=r"small takes 0.5 GB, CPU has 0.0 GB free\. Take a smaller"
    ):
        beside_base(SMALL, replace(CPU, free_bytes=2**20), "%ft advise")


def test_four_bits_are_named_where_they_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    tight = replace(GPU, free_bytes=12 * 2**30)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert qlora_would_fit(LARGE, tight)
    assert not qlora_would_fit(LARGE, replace(tight, free_bytes=2**30))
    assert not qlora_would_fit(LARGE, replace(CPU, free_bytes=2**40))
    with pytest.raises(MemoryShort, match=r"qlora\) would fit, but this version cannot"):
        plan(FinetuneSpec(), lengths=[60], eval_rows=0, base=LARGE, device=tight, loaded=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not qlora_would_fit(LARGE, tight)
