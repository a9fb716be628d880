"""Supervised fine-tuning through trl's SFTTrainer, on ready tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from datasets import Dataset
from transformers import PrinterCallback
from trl import SFTConfig, SFTTrainer

from ft_magics.errors import SettingError
from ft_magics.training.batches import TrainLoader, eval_batches
from ft_magics.training.callbacks import Progress
from ft_magics.training.hooks import Hooks, Job
from ft_magics.training.loss import LabelledHead
from ft_magics.training.saving import load_trained
from ft_magics.training.trees import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ft_magics.models import Base

__all__ = ["Sft", "make_trainer"]


class Sft(SFTTrainer):
    """SFTTrainer with the run's own order, loss, evaluation and silence.

    What is left to trl and transformers: optimizer, schedule, accumulation, clipping, mixed
    precision, checkpointing of activations, NEFTune, and going on from a checkpoint.
    """

    loss_is_scaled_for_ga = True

    def __init__(
        self, job: Job, hooks: Hooks, tree: Tree, progress: Progress, **given: Any
    ) -> None:
        self.job, self.hooks, self.tree = job, hooks, tree
        super().__init__(**given)
        self.head = LabelledHead(tree.model)
        smoothed = self.args.label_smoothing_factor > 0
        self._trl_loss = job.plan.loss_type != "nll" or smoothed or self.aux_loss_enabled
        self._losses: list[torch.Tensor] = []
        self._loss: float | None = None
        self._grad_norm: torch.Tensor | float | None = None
        self._tokens = 0
        self._parameters = list(tree.trained.values())
        progress.trainer = self
        self.add_callback(progress)
        self.remove_callback(PrinterCallback)

    # ------------------------------------------------------------------ what a step was

    def step_loss(self) -> float:
        """Mean cross-entropy per trained token of the step in progress, natural log."""
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

    # ------------------------------------------------------------------ trl's and transformers' seams

    def get_train_dataloader(self) -> TrainLoader:
        """Rows in the order of the run's own seed."""
        pad = self._pad()
        return TrainLoader(self.job.train, self.args.train_batch_size, self.args.seed, pad)

    def get_batch_samples(
        self, epoch_iterator: Iterator[dict[str, Any]], num_batches: int, device: torch.device
    ) -> tuple[list[dict[str, Any]], Any]:
        """The batches of one step; a new step begins here."""
        batches, labelled = super().get_batch_samples(epoch_iterator, num_batches, device)
        self._losses, self._loss = [], None
        self._tokens = sum(int(batch["attention_mask"].sum()) for batch in batches)
        return batches, labelled

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Any]], device: Any) -> int:
        """The scored tokens of a step: its loss is their mean, however many batches it has."""
        return max(1, sum(batch["targets"].numel() for batch in batch_samples))

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Cross-entropy of the labelled tokens, over those of the whole step."""
        if self._trl_loss or not self.head.fits(inputs["positions"]):
            plain = {k: v for k, v in inputs.items() if k not in ("positions", "targets")}
            return super().compute_loss(model, plain, return_outputs, num_items_in_batch)
        return self.head.loss_sum(model, inputs) / num_items_in_batch

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Forward and backward of one batch."""
        loss = super().training_step(*args, **kwargs)
        self.tree.clock.micro += 1
        self._losses.append(loss)
        return loss

    def eval_loss(self) -> float | None:
        """Mean cross-entropy per trained token of the eval rows; None if the run was stopped."""
        model, total, labelled = self.model, 0.0, 0
        batch_size = 2 * self.args.train_batch_size
        model.eval()
        try:
            with torch.no_grad(), self.accelerator.autocast():
                for batch in eval_batches(self.job.eval, batch_size, self._pad()):
                    if self.hooks.control.ending:
                        return None
                    total += float(self.head.loss_sum(model, self._prepare_inputs(batch)))
                    labelled += batch["targets"].numel()
        finally:
            model.train()
        return total / max(1, labelled)

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


def make_trainer(job: Job, base: Base, hooks: Hooks, tree: Tree, progress: Progress) -> Sft:
    """Build the trainer of a job. Reseeds the global random states: enclose it.

    Raises:
        SettingError: A value of `trl:` is refused by trl.
    """
    try:
        args = _config(job, base)
    except (TypeError, ValueError) as error:
        raise SettingError(
            f"{job.where}, trl", str(error).splitlines()[0], "Correct the value."
        ) from error
    # One device in this process; with several GPUs the trainer would wrap the model itself.
    if args.n_gpu > 1:
        args._n_gpu = 1
    rows = Dataset.from_dict(
        {
            "input_ids": [list(row.ids) for row in job.train],
            "labels": [list(row.labels) for row in job.train],
        }
    )
    return Sft(
        job,
        hooks,
        tree,
        progress,
        model=tree.model,
        args=args,
        train_dataset=rows,
        processing_class=base.tokenizer,
        # A collator of ours keeps trl from changing the tokenizer's padding, which is shared.
        data_collator=_not_called,
    )


def _not_called(rows: list[Any]) -> dict[str, Any]:
    raise AssertionError("batches come from TrainLoader")


def _config(job: Job, base: Base) -> SFTConfig:
    """The config of a job in trl's words, every field that matters written out."""
    plan = job.plan
    on_gpu = base.facts.device.startswith("cuda")
    return SFTConfig(
        output_dir=str(Path(job.folder)),
        per_device_train_batch_size=plan.per_device_train_batch_size,
        gradient_accumulation_steps=plan.gradient_accumulation_steps,
        max_steps=plan.total_steps,
        num_train_epochs=plan.num_train_epochs,
        learning_rate=plan.learning_rate,
        lr_scheduler_type=plan.lr_scheduler_type,
        warmup_steps=plan.warmup_steps,
        weight_decay=plan.weight_decay,
        max_grad_norm=plan.max_grad_norm,
        optim=plan.optim,
        seed=plan.seed,
        loss_type=plan.loss_type,
        activation_checkpointing=plan.gradient_checkpointing,
        # From the base's format and the hardware: trl's own default is bf16 everywhere, which on
        # a CPU without it is twenty times slower.
        bf16=plan.dtype == "bfloat16",
        fp16=plan.dtype == "float16" and on_gpu,
        use_cpu=base.facts.device == "cpu",
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        # Steps are counted, scored, kept and told by `Progress`; nothing is written or printed.
        eval_strategy="no",
        save_strategy="no",
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        push_to_hub=False,
        **plan.trl,
    )
