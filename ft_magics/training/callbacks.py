"""What happens around a step: events out, wishes in, steps kept."""

from __future__ import annotations

import math
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ft_magics import models
from ft_magics.errors import RunError
from ft_magics.events import (
    Evaluated,
    RunPaused,
    RunResumed,
    RunStarted,
    StepEnded,
    StepKept,
)
from ft_magics.training.hooks import Hooks, Job
from ft_magics.training.saving import write_checkpoint, write_weights
from ft_magics.training.trees import Tree

if TYPE_CHECKING:
    from ft_magics.models import Base
    from ft_magics.training.methods.steps import Steps

__all__ = ["Progress"]

RATE_STEPS = 10
CHECKPOINT_SHARE = 0.05
"""Longest share of a run's time that goes into checkpoints."""


class Progress(TrainerCallback):
    """Tells the outside what happens and does what it wants, between steps.

    Attributes:
        trainer: Set before training starts.
        kept_step: The last step whose weights were kept; 0 when none were.
        best_step: The kept step with the lowest eval loss; None without eval rows.
        finished: Whether the last step was taken.
    """

    def __init__(
        self, job: Job, hooks: Hooks, tree: Tree, base: Base, remembered: dict[str, Any]
    ) -> None:
        self.job, self.hooks, self.tree, self.base = job, hooks, tree, base
        self.trainer: Steps
        self.kept_step: int = remembered.get("kept_step", 0)
        self.best_step: int | None = remembered.get("best_step")
        self.best_loss: float = remembered.get("best_loss", math.inf)
        self.finished = False
        self._eval_s = 0.0
        self._before_s: float = remembered.get("elapsed_s", 0.0)
        self._idle_s = 0.0
        self._locked = False
        self._recent: deque[tuple[float, int]] = deque(maxlen=RATE_STEPS)
        self._checkpoint_due_s = 0.0
        self._device = base.facts.device.split(":")[0]

    # ------------------------------------------------------------------ the trainer's calls

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Say how far it is, and where it starts from."""
        self._started_s = time.monotonic()
        trained = sum(p.numel() for p in self.tree.trained.values())
        every = sum(p.numel() for p in self.tree.model.parameters())
        self.hooks.emit(
            RunStarted(
                total_steps=self.job.plan.total_steps,
                epochs=self.job.plan.num_train_epochs,
                trainable_parameters=trained,
                total_parameters=every,
                first_step=state.global_step,
                method=self.job.plan.method,
            )
        )
        if state.global_step == 0:
            self._evaluate(0)

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the clocks of a step."""
        self.tree.clock.step, self.tree.clock.micro = state.global_step, 0
        self._step_began_s = time.monotonic()

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Refuse a step that would spoil the weights; keep readers out while they change."""
        loss, norm = self.trainer.step_loss(), self.trainer.step_grad_norm()
        # With loss scaling an endless gradient is usual, and the optimizer skips the step.
        scaled = self.trainer.accelerator.scaler is not None
        if not math.isfinite(loss) or not (scaled or norm is None or math.isfinite(norm)):
            what = f"loss of step {state.global_step + 1} is {loss}"
            if math.isfinite(loss):
                what = f"gradient of step {state.global_step + 1} is {norm}"
            raise RunError(
                self.job.where,
                f"the {what}",
                f"Lower learning_rate (it is {self.job.plan.learning_rate:g}); "
                f"steps kept before it are sound.",
            )
        self.hooks.step_lock.acquire()
        self._locked = True

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Let readers in again."""
        self.release()
        # Read here, because the schedule moves on before the step's end.
        self._learning_rate = self.trainer.current_learning_rate()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Report the step, score and keep it if it is due, then pause or stop if that is wanted."""
        step, plan = state.global_step, self.job.plan
        self._report(step, state.epoch or 0.0)
        self.finished = step >= plan.total_steps
        self.hooks.control.check()
        if not self.hooks.control.ending and (self.finished or step % plan.eval_steps == 0):
            improved = self._evaluate(step)
            if self._worth_keeping(improved):
                self._keep(step, "end" if self.finished else "eval" if self.job.eval else "")
        self._pause(step)
        self.hooks.control.check()
        if self.hooks.control.ending and not self.finished:
            self._keep(step, "stopped", checkpoint=True)
        if self.hooks.control.ending or self.finished:
            control.should_training_stop = True

    def release(self) -> None:
        """Let readers of the weights in, also after a step that failed half-way."""
        if self._locked:
            self._locked = False
            self.hooks.step_lock.release()

    # ------------------------------------------------------------------ our part

    def _report(self, step: int, epoch: float) -> None:
        seconds = time.monotonic() - self._step_began_s
        tokens = self.trainer.step_tokens()
        self._recent.append((seconds, tokens))
        spent = sum(s for s, _ in self._recent)
        left, plan = self.job.plan.total_steps - step, self.job.plan
        evals_left = left // plan.eval_steps + (1 if left % plan.eval_steps else 0)
        self.hooks.emit(
            StepEnded(
                step=step,
                epoch=epoch,
                loss=self.trainer.step_loss(),
                learning_rate=self._learning_rate,
                grad_norm=self.trainer.step_grad_norm(),
                tokens=tokens,
                tokens_per_s=sum(n for _, n in self._recent) / spent if spent else None,
                elapsed_s=self._elapsed_s(),
                eta_s=left * spent / len(self._recent) + evals_left * self._eval_s,
                memory_bytes=models.memory_in_use(self._device),
                metrics=self.trainer.step_metrics(),
            )
        )

    def _elapsed_s(self) -> float:
        """Seconds of work on this run, pauses not counted, earlier parts included."""
        return self._before_s + time.monotonic() - self._started_s - self._idle_s

    def _evaluate(self, step: int) -> bool:
        """Score the eval rows; whether the loss is the lowest so far."""
        if not self.job.eval:
            return False
        began = time.monotonic()
        scores = self.trainer.eval_scores()
        self._eval_s = time.monotonic() - began
        if scores is None:
            return False
        loss = scores.loss
        self.hooks.emit(Evaluated(step=step, eval_loss=loss, metrics=scores.metrics))
        if step == 0 or not loss < self.best_loss:
            return False
        self.best_loss, self.best_step = loss, step
        return True

    def _worth_keeping(self, improved: bool) -> bool:
        """Adapters are small: every scored step. Of a full fine-tune the best and the last."""
        return bool(self.tree.config) or improved or self.finished

    def _keep(self, step: int, reason: str, checkpoint: bool = False) -> None:
        if self.kept_step != step:
            self.hooks.save(step, lambda folder: write_weights(folder, self.tree, self.base))
            self.kept_step = step
            self.hooks.emit(StepKept(step=step, reason=reason))
        if not self.finished and (checkpoint or time.monotonic() >= self._checkpoint_due_s):
            self._checkpoint(step)

    def _checkpoint(self, step: int) -> None:
        if self.hooks.save_checkpoint is None:
            return
        progress = {
            "kept_step": self.kept_step,
            "best_step": self.best_step,
            "best_loss": self.best_loss if self.best_step is not None else None,
            "elapsed_s": self._elapsed_s(),
        }
        progress = {key: value for key, value in progress.items() if value is not None}

        def write(folder: Path) -> None:
            write_checkpoint(folder, self.trainer, self.tree, self.job, progress)

        began = time.monotonic()
        self.hooks.save_checkpoint(step, write)
        took = time.monotonic() - began
        # A checkpoint of a full fine-tune takes seconds: leave time to train in between.
        self._checkpoint_due_s = time.monotonic() + took / CHECKPOINT_SHARE

    def _pause(self, step: int) -> None:
        if self.finished:
            return
        began = time.monotonic()
        self.hooks.control.hold(
            lambda: self.hooks.emit(RunPaused(step=step)),
            lambda: self.hooks.emit(RunResumed(step=step)),
        )
        self._idle_s += time.monotonic() - began
