"""How long a run will take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ft_magics.training.estimate import Measured, estimate_time, operations_per_token

from .test_plan import CPU, GPU, LARGE, SMALL, make


def test_operations() -> None:
    assert operations_per_token(10, "full", False) == 60
    assert operations_per_token(10, "lora", False) == 40
    assert operations_per_token(10, "lora", True) == 60


def test_tokens_are_those_of_every_pass_after_cutting() -> None:
    made = make(20, num_train_epochs=3.0, max_length=50)
    assert estimate_time(made, SMALL, [60] * 20).tokens == 20 * 50 * 3
    short = make(20, max_steps=5)
    assert estimate_time(short, SMALL, [60] * 20).tokens == 20 * 60


def test_a_guess_says_that_it_is_one() -> None:
    found = estimate_time(make(), SMALL, [60] * 20)
    assert "rough guess" in found.how and "4 operations for each of 135 million" in found.how
    assert found.low_s * 4 == pytest.approx(found.seconds) == pytest.approx(found.high_s / 4)
    assert "2001.08361" in found.source
    full = estimate_time(make(strategy="full", device=GPU), SMALL, [60] * 20)
    assert full.seconds > found.seconds


def test_a_run_that_was_measured_lies_in_the_range(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Measured: 16 rows, 6 epochs at batch 4 took 55 s on two cores.
    monkeypatch.setattr("ft_magics.training.estimate._cores", lambda: 2)
    found = estimate_time(make(16, num_train_epochs=6.0), SMALL, [60] * 16)
    assert found.low_s < 55 < found.high_s


def test_an_earlier_run_is_scaled() -> None:
    each = operations_per_token(SMALL.parameters, "lora", False)
    same = estimate_time(make(), SMALL, [60] * 20, Measured("one", 100.0, each, True))
    assert same.seconds == pytest.approx(same.tokens / 100)
    assert same.how == "one did 100 tokens a second here" and same.source == ""
    double = replace(SMALL, parameters=2 * SMALL.parameters)
    scaled = estimate_time(make(), double, [60] * 20, Measured("one", 100.0, each, False))
    assert scaled.seconds == pytest.approx(2 * same.seconds)
    assert "scaled" in scaled.how and scaled.high_s / scaled.low_s > same.high_s / same.low_s


def test_a_large_base_on_a_gpu() -> None:
    made = make(base=LARGE, device=GPU)
    assert 0 < estimate_time(made, LARGE, [60] * 20).seconds < 600
    assert CPU.kind == "cpu"
