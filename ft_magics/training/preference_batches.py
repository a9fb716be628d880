"""Pairs and labelled answers as padded batches, in the form trl's preference trainers read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ft_magics.data import MASKED, Encoded, EncodedAnswer, EncodedPair
from ft_magics.training.batches import collate

__all__ = ["answer_batch", "answer_start", "mismatched", "pair_batch"]


def pair_batch(pairs: Sequence[EncodedPair], pad: int) -> dict[str, Any]:
    """Chosen answers in the first half of a batch, rejected ones in the second.

    Args:
        pairs: With the whole conversation on either side.
        pad: Token id of the padding.

    Returns:
        `input_ids`, `attention_mask`, `completion_mask`: `[2 * pairs, seq] int64, cpu`; the last
        is 1 where a token carries loss.
    """
    return _masked([*(p.chosen for p in pairs), *(p.rejected for p in pairs)], pad)


def answer_batch(
    answers: Sequence[EncodedAnswer], pad: int, *, compared: bool = True
) -> dict[str, Any]:
    """Labelled answers, and the same answers to each other's questions.

    Args:
        answers: In the order in which each question gets the answer before it, as trl pairs them.
        pad: Token id of the padding.
        compared: Whether to add what KTO's estimate of the KL divergence needs.

    Returns:
        As `pair_batch` for `[answers, seq]`, `label` `[answers] bool`; with `compared` also
        `KL_input_ids`, `KL_attention_mask` and `KL_completion_mask`.
    """
    batch = _masked([a.answer for a in answers], pad)
    if compared:
        batch |= {f"KL_{name}": t for name, t in _masked(mismatched(answers), pad).items()}
    return {**batch, "label": torch.tensor([a.label for a in answers])}


def mismatched(answers: Sequence[EncodedAnswer]) -> list[Encoded]:
    """Each question with the answer of the row before it; the first one gets the last one's.

    Source: the KL estimate of KTO (arXiv 2402.01306, section 4.1), as trl's KTOTrainer does it.
    """
    rows = [a.answer for a in answers]
    made = []
    for row, other in zip(rows, [rows[-1], *rows[:-1]], strict=True):
        at, start = answer_start(row), answer_start(other)
        ids = (*row.ids[:at], *other.ids[start:])
        labels = (*row.labels[:at], *other.labels[start:])
        made.append(Encoded(ids, labels, 0, row.number))
    return made


def answer_start(row: Encoded) -> int:
    """The place of the first token that carries loss; the row's length if none does."""
    return next((i for i, label in enumerate(row.labels) if label != MASKED), len(row.ids))


def _masked(rows: Sequence[Encoded], pad: int) -> dict[str, Any]:
    made = collate(rows, pad)
    return {
        "input_ids": made["input_ids"],
        "attention_mask": made["attention_mask"],
        "completion_mask": (made["labels"] != MASKED).long(),
    }
