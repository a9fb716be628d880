"""Rows in the order of the run's own seed, as padded batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import BatchSampler, DataLoader

from ft_magics.data import MASKED, Encoded
from ft_magics.training.random_state import generator

__all__ = ["RowOrder", "TrainLoader", "collate", "eval_batches"]


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


class TrainLoader(DataLoader):  # type: ignore[type-arg]
    """Batches of encoded rows, in `RowOrder`.

    In this thread, without workers: a batch is made in microseconds, and a forked worker would
    take the kernel's threads and locks with it.
    """

    def __init__(self, rows: Sequence[Encoded], batch: int, seed: int, pad: int) -> None:
        self.order = RowOrder(len(rows), batch, seed)
        super().__init__(
            list(rows),  # type: ignore[arg-type]
            batch_sampler=self.order,
            collate_fn=lambda chosen: collate(chosen, pad),
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
