"""Settings that only preferences have."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.errors import MemoryShort, RunError
from ft_magics.models import Device
from ft_magics.spec import FinetuneSpec
from ft_magics.training import Labels, Plan, count_labels, plan

from .test_plan import CPU, SMALL


def make(method: str, rows: int = 20, labels: Labels | None = None, **settings: Any) -> Plan:
    device: Device = settings.pop("device", CPU)
    return plan(
        FinetuneSpec(**settings),
        lengths=[100] * rows,
        eval_rows=0,
        base=SMALL,
        device=device,
        method=method,
        labels=labels,
    )


def test_each_method_has_its_own_loss_and_beta() -> None:
    assert (make("sft").loss_type, make("sft").beta) == ("nll", None)
    assert (make("dpo").loss_type, make("dpo").beta) == ("sigmoid", 0.1)
    kto = make("kto", labels=Labels(10, 10))
    assert (kto.loss_type, kto.beta) == ("kto", 0.1)
    assert (kto.desirable_weight, kto.undesirable_weight) == (1.0, 1.0)
    assert make("dpo", beta=0.5, loss_type="ipo").reasons["beta"] == "set by you"
    assert make("dpo").desirable_weight is None


@pytest.mark.parametrize(
    ("good", "bad", "weights"),
    [(10, 10, (1, 1)), (12, 10, (1, 1)), (30, 10, (1, 3)), (5, 20, (4, 1)), (8, 0, (1, 1))],
)
def test_few_labels_weigh_more(good: int, bad: int, weights: tuple[float, float]) -> None:
    """Equation 8 of KTO: the weighted shares are between 1 and 4/3 to one."""
    made = make("kto", good + bad, Labels(good, bad))
    assert (made.desirable_weight, made.undesirable_weight) == weights
    if good and bad:
        ratio = good * weights[0] / (bad * weights[1])
        assert 3 / 4 <= ratio <= 4 / 3


def test_who_sets_one_weight_has_weighed_both() -> None:
    made = make("kto", 40, Labels(30, 10), desirable_weight=2.0)
    assert (made.desirable_weight, made.undesirable_weight) == (2.0, 1.0)


def test_a_pair_takes_the_memory_of_two_rows() -> None:
    one, two = (
        make("sft", per_device_train_batch_size=4),
        make("dpo", per_device_train_batch_size=2),
    )
    assert two.memory_bytes == one.memory_bytes


def test_a_batch_of_kto_is_never_one() -> None:
    assert make("kto", 3, Labels(2, 1)).per_device_train_batch_size >= 2
    tight = make("kto", labels=Labels(10, 10))
    short = Device("cpu", "CPU", False, 2**40, int(tight.memory_bytes * 0.2))
    with pytest.raises(MemoryShort):
        make("kto", labels=Labels(10, 10), device=short, gradient_checkpointing=False)
    with pytest.raises(RunError, match="only 1 row"):
        make("kto", 1, Labels(1, 0))
    assert make("kto", 1, Labels(1, 0), loss_type="apo_zero_unpaired").total_steps > 0


def test_labels_are_counted(answers: Any, pairs: Any) -> None:
    assert count_labels(answers(5)) == Labels(2, 3)
    assert count_labels(pairs(2)) is None
