"""Supervised fine-tuning through trl's SFTTrainer, on ready tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from ft_magics.training.batches import RowOrder, TrainLoader, collate, eval_batches
from ft_magics.training.callbacks import Progress
from ft_magics.training.hooks import Hooks, Job
from ft_magics.training.loss import LabelledHead
from ft_magics.training.methods.settings import make_config, not_called
from ft_magics.training.methods.steps import Scores, Steps
from ft_magics.training.trees import Tree

if TYPE_CHECKING:
    from ft_magics.models import Base

__all__ = ["Sft", "make_trainer"]


class Sft(Steps, SFTTrainer):
    """SFTTrainer on ready tokens, with the head on labelled positions only; NEFTune stays trl's."""

    loss_is_scaled_for_ga = True

    def __init__(
        self, job: Job, hooks: Hooks, tree: Tree, progress: Progress, **given: Any
    ) -> None:
        self.job, self.hooks, self.tree = job, hooks, tree
        super().__init__(**given)
        self.head = LabelledHead(tree.model)
        smoothed = self.args.label_smoothing_factor > 0
        self._trl_loss = job.plan.loss_type != "nll" or smoothed or self.aux_loss_enabled
        self.begin(progress)

    def get_train_dataloader(self) -> TrainLoader:
        """Rows in the order of the run's own seed."""
        rows, pad = self.job.train, self._pad()
        order = RowOrder(len(rows), self.args.train_batch_size, self.args.seed)
        return TrainLoader(rows, order, lambda chosen: collate(chosen, pad))

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

    def eval_scores(self) -> Scores | None:
        """Mean cross-entropy per trained token of the eval rows."""
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
        return Scores(total / max(1, labelled))


def make_trainer(job: Job, base: Base, hooks: Hooks, tree: Tree, progress: Progress) -> Sft:
    """Build the trainer of a job. Reseeds the global random states: enclose it.

    Raises:
        SettingError: A value of `trl:` is refused by trl.
    """
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
        args=_config(job, base),
        train_dataset=rows,
        processing_class=base.tokenizer,
        data_collator=not_called,
    )


def _config(job: Job, base: Base) -> SFTConfig:
    return make_config(
        SFTConfig,
        job,
        base,
        loss_type=job.plan.loss_type,
        dataset_kwargs={"skip_prepare_dataset": True},
    )
