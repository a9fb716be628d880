from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ft_magics.training import Job
from ft_magics.training.defaults import (
    choose_batch,
    choose_eval_steps,
    choose_warmup,
    lora_parameters,
    steps_per_epoch,
)
from ft_magics.training.quiet import quiet
from ft_magics.training.trees import plant


@pytest.mark.parametrize(
    ("rows", "batch", "accumulation", "steps"),
    [(10, 4, 1, 3), (10, 4, 2, 2), (1, 4, 1, 1), (8, 4, 4, 1)],
)
def test_steps_per_epoch(rows: int, batch: int, accumulation: int, steps: int) -> None:
    assert steps_per_epoch(rows, batch, accumulation) == steps


def test_batches_are_small_for_few_rows() -> None:
    assert [choose_batch(n, "cpu").value for n in (1, 4, 8, 12, 16, 999)] == [1, 1, 2, 3, 4, 4]
    assert choose_batch(999, "cuda").value == 8


def test_evals_once_an_epoch_but_not_more_than_twenty() -> None:
    assert choose_eval_steps(50, 5, 3).value == 5
    assert choose_eval_steps(500, 5, 3).value == 25
    assert choose_eval_steps(3, 5, 3).value == 3


def test_warmup_is_a_twentieth() -> None:
    assert [choose_warmup(n).value for n in (5, 50, 1000)] == [0, 2, 50]


def test_adapter_size_is_estimated_within_a_factor_of_two(bench: Any, rows: Any) -> None:
    job = Job("x", bench.plan(rows(2)), rows(2), [], Path("unused"))
    with quiet():
        exact = sum(p.numel() for p in plant(job, bench.base).trained.values())
    assert exact / 2 <= lora_parameters(bench.base.facts, 16, 7) <= exact * 2
