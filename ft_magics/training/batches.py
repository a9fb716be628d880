"""Rows in the order of the run's own seed, as padded batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import BatchSampler, DataLoader

from ft_magics.data import MASKED, Encoded
from ft_magics.training.random_state import generator

__all__ = ["DealtOrder", "RowOrder", "TrainLoader", "collate", "eval_batches"]


class RowOrder(BatchSampler):
    """Which rows form which batch in which epoch; depends on seed and epoch alone.

    Args:
        rows: How many there are.
        batch: Rows in a batch; the last one of an epoch may hold fewer.
        seed: The run's seed.
    """

    def __init__(self, rows: int, batch: int, seed: int) -> None:
        self.rows = rows
        self.batch_size = batch
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer at the start of each epoch, counted from 0."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        order = torch.randperm(
            self.rows, generator=generator(self.seed, "order", self.epoch)
        ).tolist()
        for start in range(0, self.rows, self.batch_size):
            yield order[start : start + self.batch_size]

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)


class DealtOrder(BatchSampler):
    """The same batches in every epoch, in another order; each holds its share of both labels.

    KTO compares a batch's answers with the same answers to each other's questions, so who stands
    in a batch with whom is decided once, and what the reference says of it is computed once.

    Args:
        labels: Of each row.
        batch: Rows in a batch, at least 2; one of an epoch may hold one row more, none just one.
        seed: The run's seed.
    """

    def __init__(self, labels: Sequence[bool], batch: int, seed: int) -> None:
        self.seed = seed
        self.epoch = 0
        self.batches = _dealt(labels, batch, seed)

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer at the start of each epoch, counted from 0."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        draw = generator(self.seed, "order", self.epoch)
        for place in torch.randperm(len(self.batches), generator=draw).tolist():
            yield self.batches[place]

    def __len__(self) -> int:
        return len(self.batches)


def _dealt(labels: Sequence[bool], batch: int, seed: int) -> list[list[int]]:
    shuffled = torch.randperm(len(labels), generator=generator(seed, "dealt")).tolist()
    sides = [[i for i in shuffled if bool(labels[i]) is side] for side in (True, False)]
    # Where the k-th of n rows of a side stands in the whole: both are spread evenly.
    placed = sorted(((k + 0.5) / len(side), i) for side in sides for k, i in enumerate(side))
    order = [i for _, i in placed]
    batches = [order[at : at + batch] for at in range(0, len(order), batch)]
    if len(batches) > 1 and len(batches[-1]) == 1:
        last = batches.pop()
        batches[-1] += last
    return batches


class TrainLoader(DataLoader):  # type: ignore[type-arg]
    """Batches of encoded rows.

    In this thread, without workers: a batch is made in microseconds, and a forked worker would
    take the kernel's threads and locks with it.

    Args:
        rows: What the order counts.
        order: Which rows form which batch; its `set_epoch` is called at the start of each epoch.
        make: Makes a batch of chosen rows.
    """

    def __init__(
        self,
        rows: Sequence[Any],
        order: RowOrder | DealtOrder,
        make: Callable[[list[Any]], dict[str, Any]],
    ) -> None:
        self.order = order
        super().__init__(
            list(rows),  # type: ignore[arg-type]
            batch_sampler=order,
            collate_fn=make,
            # Without one, each epoch would draw a seed from the shared random state.
            generator=torch.Generator(),
        )

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer at the start of each epoch, counted from 0."""
        self.order.set_epoch(epoch)


def collate(rows: Sequence[Encoded], pad: int) -> dict[str, Any]:
    """Pad rows on the right into one batch.

    Args:
        rows: Encoded rows.
        pad: Token id of the padding; never looked at by a labelled token.

    Returns:
        `input_ids`, `attention_mask`, `labels`: `[batch, seq] int64, cpu`, labels -100 where
        nothing is scored; `positions`, `targets`: `[labelled] int64, cpu`, the flattened places
        whose next token is scored, and these tokens.
    """
    length = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), length), pad, dtype=torch.int64)
    mask = torch.zeros((len(rows), length), dtype=torch.int64)
    labels = torch.full((len(rows), length), MASKED, dtype=torch.int64)
    for i, row in enumerate(rows):
        n = len(row.ids)
        ids[i, :n] = torch.tensor(row.ids)
        labels[i, :n] = torch.tensor(row.labels)
        mask[i, :n] = 1
    scored = torch.full_like(labels, MASKED)
    scored[:, :-1] = labels[:, 1:]
    flat = scored.reshape(-1)
    positions = (flat != MASKED).nonzero().reshape(-1)
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "labels": labels,
        "positions": positions,
        "targets": flat[positions],
    }


def eval_batches(rows: Sequence[Encoded], batch: int, pad: int) -> Iterator[dict[str, Any]]:
    """All rows once, longest first so that rows of a batch are of like length."""
    ordered = sorted(rows, key=lambda row: (-len(row.ids), row.number))
    for start in range(0, len(ordered), batch):
        yield collate(ordered[start : start + batch], pad)
