from __future__ import annotations

from typing import Any

import pytest
import torch

from ft_magics.data import Encoded
from ft_magics.training.batches import DealtOrder, RowOrder, TrainLoader, collate, eval_batches


def test_order_depends_on_seed_and_epoch_alone() -> None:
    order = RowOrder(10, 4, seed=1)
    first = list(order)
    torch.rand(5)
    assert list(order) == first
    assert [len(batch) for batch in first] == [4, 4, 2]
    assert sorted(i for batch in first for i in batch) == list(range(10))
    order.set_epoch(1)
    assert list(order) != first
    assert list(RowOrder(10, 4, seed=2)) != first


def test_a_loader_draws_nothing_from_the_shared_state(rows: Any) -> None:
    before = torch.get_rng_state()
    made = rows(6)
    loader = TrainLoader(made, RowOrder(6, 4, seed=1), lambda chosen: collate(chosen, 2))
    assert len(loader) == len(list(loader)) == 2
    assert torch.equal(torch.get_rng_state(), before)


def test_batches_are_padded_on_the_right_and_score_the_next_token() -> None:
    batch = collate(
        [
            Encoded(ids=(5, 6, 7, 8), labels=(-100, -100, 7, 8), cut=0, number=1),
            Encoded(ids=(9, 10), labels=(-100, 10), cut=0, number=2),
        ],
        pad=0,
    )
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8], [9, 10, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert batch["labels"].tolist() == [[-100, -100, 7, 8], [-100, 10, -100, -100]]
    assert batch["positions"].tolist() == [1, 2, 4]
    assert batch["targets"].tolist() == [7, 8, 10]


def test_the_first_token_of_a_row_is_never_scored() -> None:
    rows = [Encoded(ids=(5, 6), labels=(5, 6), cut=0, number=n) for n in (1, 2)]
    assert collate(rows, pad=0)["targets"].tolist() == [6, 6]


def test_eval_sees_every_row_once_in_a_fixed_order(rows: Any) -> None:
    made = rows(7)
    seen = [int(n) for b in eval_batches(made, 3, 0) for n in b["attention_mask"].sum(1)]
    assert seen == sorted((len(row.ids) for row in made), reverse=True)


def test_dealt_batches_stay_together_and_hold_both_labels() -> None:
    labels = [i % 4 == 0 for i in range(40)]
    order = DealtOrder(labels, 8, seed=3)
    first = list(order)
    order.set_epoch(1)
    assert list(order) != first
    assert sorted(map(tuple, order)) == sorted(map(tuple, first))
    assert sorted(i for batch in first for i in batch) == list(range(40))
    assert {sum(labels[i] for i in batch) for batch in first} == {2}


@pytest.mark.parametrize("count", range(2, 20))
@pytest.mark.parametrize("batch", [2, 3, 4])
def test_no_dealt_batch_holds_a_single_row(count: int, batch: int) -> None:
    order = DealtOrder([True] * count, batch, seed=0)
    sizes = [len(rows) for rows in order]
    assert sum(sizes) == count
    assert min(sizes) >= 2 and max(sizes) <= batch + 1
