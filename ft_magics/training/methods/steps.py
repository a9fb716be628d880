"""What every method's trainer has in common: the run's own order, its silence, what a step was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from transformers import PrinterCallback, Trainer

from ft_magics.training.hooks import Hooks, Job
from ft_magics.training.saving import load_trained
from ft_magics.training.trees import Tree

if TYPE_CHECKING:
    from ft_magics.training.callbacks import Progress

__all__ = ["Scores", "Steps"]


@dataclass(frozen=True)
class Scores:
    """What the eval rows gave.

    Attributes:
        loss: As in `Evaluated.eval_loss`.
        metrics: As in `Evaluated.metrics`.
    """

    loss: float
    metrics: dict[str, float] = field(default_factory=dict)


class Steps(Trainer):
    """The part of a trainer that is ours, whatever it learns by; stands before a trl trainer.

    What is left to trl and transformers: optimizer, schedule, accumulation, clipping, mixed
    precision, checkpointing of activations, and going on from a checkpoint.
    """

    job: Job
    hooks: Hooks
    tree: Tree
    processing_class: Any

    def begin(self, progress: Progress) -> None:
        """Take the callbacks over; called once, when the trainer is made."""
        self._losses: list[torch.Tensor] = []
        self._loss: float | None = None
        self._grad_norm: torch.Tensor | float | None = None
        self._tokens = 0
        self._parameters = list(self.tree.trained.values())
        progress.trainer = self
        self.add_callback(progress)
        self.remove_callback(PrinterCallback)

    # ------------------------------------------------------------------ what a method adds

    def prepare(self) -> None:
        """What is done once before the first step, with the weights the run starts from."""

    def eval_scores(self) -> Scores | None:
        """Score the eval rows; None if the run was stopped meanwhile."""
        raise NotImplementedError

    def step_metrics(self) -> dict[str, float]:
        """As in `StepEnded.metrics`."""
        return {}

    def kept_tensors(self) -> dict[str, torch.Tensor]:
        """What a resume needs of the run's beginning."""
        return {}

    def count_tokens(self, batch: dict[str, Any]) -> int:
        """Tokens of a batch that go through the model, padding not counted."""
        return int(batch["attention_mask"].sum())

    # ------------------------------------------------------------------ what a step was

    def step_loss(self) -> float:
        """The loss of the step in progress, as in `StepEnded.loss`."""
        if self._loss is None:
            self._loss = float(torch.stack(self._losses).sum())
        return self._loss

    def step_tokens(self) -> int:
        """Tokens of the step in progress, padding not counted."""
        return self._tokens

    def step_grad_norm(self) -> float | None:
        """Length of the gradient before it was clipped."""
        return None if self._grad_norm is None else float(self._grad_norm)

    def current_learning_rate(self) -> float:
        """What the next optimizer step will use."""
        return float(self._get_learning_rate())

    # ------------------------------------------------------------------ transformers' seams

    def get_batch_samples(
        self, epoch_iterator: Iterator[dict[str, Any]], num_batches: int, device: torch.device
    ) -> tuple[list[dict[str, Any]], Any]:
        """The batches of one step; a new step begins here."""
        batches, labelled = super().get_batch_samples(epoch_iterator, num_batches, device)
        self._losses, self._loss = [], None
        self._tokens = sum(map(self.count_tokens, batches))
        return batches, labelled

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Forward and backward of one batch."""
        loss = super().training_step(*args, **kwargs)
        self.tree.clock.micro += 1
        self._losses.append(loss)
        return loss

    def _clip_grad_norm(self, model: torch.nn.Module) -> Any:
        # The trained parameters alone: walking a tree with hundreds of adapters takes longer.
        self._grad_norm = self.accelerator.clip_grad_norm_(
            self._parameters, self.args.max_grad_norm
        )
        return self._grad_norm

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        self.tree.assign(load_trained(self.job))

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Nothing: what happens is told as events."""

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Not counted: nobody asks."""
        return 0

    def _send_telemetry(self) -> None:
        """A notebook reports to nobody."""

    def _pad(self) -> int:
        tokenizer = self.processing_class
        return next(i for i in (tokenizer.pad_token_id, tokenizer.eos_token_id, 0) if i is not None)
