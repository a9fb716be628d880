"""What goes into a training run and what comes out: Job, Hooks, Outcome. No torch here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ft_magics.events import Event
from ft_magics.training.control import Control

if TYPE_CHECKING:
    import torch

    from ft_magics.training.plan import Plan

__all__ = ["Hooks", "Job", "Outcome", "Save", "Weights", "Write"]

Write = Callable[[Path], None]
"""Fills an empty folder."""
Save = Callable[[int, Write], None]
"""Takes a step (counted from 1) and what fills its folder; makes it whole or not at all."""
Weights = Callable[[], "tuple[dict[str, torch.Tensor], dict[str, Any]]"]
"""Gives the LoRA tensors under PEFT's file keys, and the adapter_config."""


@dataclass
class Hooks:
    """How a run reaches the outside; the caller fills it, a test with a list.

    Attributes:
        emit: Takes what happens, in the training thread. Must not block for long.
        control: What other threads want of the run.
        save: Keeps the weights of a step in their published layout.
        step_lock: Held while an optimizer step changes the weights.
        save_checkpoint: Keeps what a resume needs; only the newest is of use. None keeps nothing.
        weights: Set by training while it runs: a clone of the LoRA tensors, taken between two
            steps, and the adapter_config. None before, after, and in a full fine-tune. May be
            called from any thread.
    """

    emit: Callable[[Event], None]
    control: Control
    save: Save
    step_lock: threading.Lock
    save_checkpoint: Save | None = None
    weights: Weights | None = None


@dataclass(frozen=True)
class Job:
    """One run, everything resolved.

    Attributes:
        name: What the user calls it, for errors.
        plan: Every setting, with its reason.
        train: Rows as token ids and labels: `data.Encoded`, for dpo `data.EncodedPair`, for kto
            `data.EncodedAnswer`.
        eval: Rows that are only scored; may be empty.
        folder: A scratch folder for what trl insists on writing to; removed if it stays empty.
        parent: Adapter folder (PEFT layout), or model folder of a full fine-tune, to start from.
        checkpoint: Folder that an earlier part of this same run wrote by `save_checkpoint`.
    """

    name: str
    plan: Plan
    train: Sequence[Any]
    eval: Sequence[Any]
    folder: Path
    parent: Path | None = None
    checkpoint: Path | None = None

    @property
    def where(self) -> str:
        """The cell, for errors."""
        return f"%%finetune {self.name}"


@dataclass(frozen=True)
class Outcome:
    """How a run ended, if it did not fail.

    Attributes:
        state: `finished`, or `stopped` on demand.
        step: The last step whose weights were kept; 0 when none were. After `now` it may lie
            before the last step that was taken.
        best_step: The kept step with the lowest eval loss; None without eval rows.
    """

    state: Literal["finished", "stopped"]
    step: int
    best_step: int | None = None
