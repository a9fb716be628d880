"""What DPO and KTO have in common: rows are judged against what the run's own start says of them.

The reference's log-probabilities are computed once, before the first step, with the very weights
the run starts from: the base, the adapter of an earlier stage, or every weight. So there is no
second model and no second adapter, whatever is trained, and no step asks the reference again. A
run of less than an epoch computes them for the rows it will see.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from datasets import Dataset
from peft import PeftModel

from ft_magics import models
from ft_magics.data.encoding.judged import AnyEncoded
from ft_magics.events import PhaseBegan, RunPaused, RunResumed
from ft_magics.training.batches import DealtOrder, RowOrder, TrainLoader
from ft_magics.training.hooks import Hooks, Job
from ft_magics.training.log_probs import LabelledLogProbs
from ft_magics.training.methods.settings import not_called
from ft_magics.training.methods.steps import Scores, Steps
from ft_magics.training.saving import load_reference
from ft_magics.training.trees import Tree

if TYPE_CHECKING:
    from ft_magics.models import Base
    from ft_magics.training.callbacks import Progress

__all__ = ["METRICS", "Referenced", "build"]

METRICS = (
    "rewards/chosen",
    "rewards/rejected",
    "rewards/margins",
    "rewards/accuracies",
    "logps/chosen",
    "logps/rejected",
    "kl",
)
"""Of what trl measures, what is told."""

_TELL_S = 1.0

Trained = TypeVar("Trained")


class Referenced(Steps):
    """A trainer whose batches carry the reference's log-probabilities; stands before a trl trainer.

    Attributes:
        columns: Their names in a batch.
        reference: For `train` and `eval` `[rows, columns] float32, cpu`; nan for rows that the
            run never sees.
    """

    columns: tuple[str, ...]
    compute_ref_log_probs: Callable[[Any, dict[str, Any]], tuple[Any, Any]]
    _metrics: dict[str, Any]

    # ------------------------------------------------------------------ what a method says

    def order(self, rows: Sequence[Any]) -> RowOrder | DealtOrder:
        """Which rows form which batch."""
        raise NotImplementedError

    def reference_batches(self, rows: Sequence[Any], seen: Sequence[int]) -> list[list[int]]:
        """The batches in which the reference is asked about rows, by their places."""
        raise NotImplementedError

    def eval_batches(self) -> list[list[int]]:
        """The batches in which the eval rows are scored, by their places."""
        raise NotImplementedError

    def make_batch(self, rows: Sequence[Any]) -> dict[str, Any]:
        """A padded batch, without the reference."""
        raise NotImplementedError

    def parts_of(self, rows: Sequence[Any]) -> dict[str, int]:
        """How many of some rows each metric is a mean over; of all unless named."""
        return {}

    # ------------------------------------------------------------------ the reference

    def own_head(self, *, always_trl: bool = False) -> None:
        """Score labelled positions only, once trl has made its own head."""
        core = self.model.get_base_model() if isinstance(self.model, PeftModel) else self.model
        LabelledLogProbs(core, always_trl=always_trl)
        # From here on batches carry the reference, so trl asks none. Its `ref_model` stays, so
        # that `compute_ref_log_probs` switches no adapter off: it gets the run's own model.
        self.precompute_ref_logps = True
        self.reference: dict[str, torch.Tensor] = {}

    def prepare(self) -> None:
        """Ask the reference about every row that the run will see; a resume remembers."""
        kept = load_reference(self.job)
        if kept:
            self.reference = kept
            return
        rows, seen = self.job.train, self._seen()
        scored = self.job.eval
        todo = [("train", rows, b) for b in self.reference_batches(rows, seen)]
        todo += [("eval", scored, b) for b in self.eval_batches()]
        shape = len(self.columns)
        self.reference = {
            name: torch.full((len(part), shape), math.nan)
            for name, part in (("train", rows), ("eval", scored))
        }
        self.model.eval()
        try:
            for name, part, places in self._told(todo):
                batch = self._prepare_inputs(self.make_batch([part[i] for i in places]))
                logps = self.compute_ref_log_probs(self.model, batch)
                known = [column.float().cpu() for column in logps if column is not None]
                self.reference[name][places] = torch.stack(known, dim=1)
        finally:
            self.model.train()

    def _told(self, todo: list[tuple[str, Any, list[int]]]) -> Iterator[tuple[str, Any, list[int]]]:
        """What is to be done, told now and then, until the run is asked to end."""
        whole, done, told_s = sum(len(places) for _, _, places in todo), 0, -math.inf
        emit, control = self.hooks.emit, self.hooks.control
        for item in todo:
            control.hold(lambda: emit(RunPaused(step=0)), lambda: emit(RunResumed(step=0)))
            if control.ending:
                return
            if time.monotonic() - told_s >= _TELL_S:
                told_s = time.monotonic()
                text = f"asking the model as it is about row {done + 1} of {whole}"
                emit(PhaseBegan(text=text))
            yield item
            done += len(item[2])

    def _seen(self) -> list[int]:
        """The places of the training rows that the run will see."""
        rows, order = self.job.train, self.order(self.job.train)
        left = self.args.max_steps * self.args.gradient_accumulation_steps
        if left >= len(order):
            return list(range(len(rows)))
        order.set_epoch(0)
        batches = (batch for batch, _ in zip(order, range(left), strict=False))
        return sorted({place for batch in batches for place in batch})

    def kept_tensors(self) -> dict[str, torch.Tensor]:
        """The reference: by the time of a resume its weights are gone."""
        return self.reference

    # ------------------------------------------------------------------ batches and scores

    def get_train_dataloader(self) -> TrainLoader:
        """Rows in the run's own order, each with the reference's numbers."""
        rows = self.job.train
        return TrainLoader(
            range(len(rows)), self.order(rows), lambda places: self._batch("train", rows, places)
        )

    def _batch(self, name: str, rows: Sequence[AnyEncoded], places: list[int]) -> dict[str, Any]:
        known = self.reference[name][places].unbind(dim=1)
        batch = self.make_batch([rows[i] for i in places])
        return batch | dict(zip(self.columns, known, strict=True))

    def get_batch_samples(self, *args: Any, **kwargs: Any) -> tuple[list[dict[str, Any]], Any]:
        """The batches of one step; what was measured in the step before is forgotten."""
        self._metrics["train"].clear()
        return super().get_batch_samples(*args, **kwargs)

    def step_metrics(self) -> dict[str, float]:
        """Means over the batches of the step, as trl logs them."""
        found = self._metrics["train"]
        return {name: sum(found[name]) / len(found[name]) for name in METRICS if found.get(name)}

    def eval_scores(self) -> Scores | None:
        """Loss and metrics of the eval rows, each row counted once."""
        rows, total = self.job.eval, 0.0
        sums: dict[str, list[float]] = {}
        self.model.eval()
        try:
            for places in self.eval_batches():
                if self.hooks.control.ending:
                    return None
                chosen = [rows[i] for i in places]
                batch = self._prepare_inputs(self._batch("eval", rows, places))
                self._metrics["eval"].clear()
                with torch.no_grad(), self.compute_loss_context_manager():
                    total += float(self.compute_loss(self.model, batch)) * len(places)
                self._add(sums, self.parts_of(chosen), len(places))
        finally:
            self.model.train()
        return Scores(total / max(1, len(rows)), _means(sums))

    def _add(self, sums: dict[str, list[float]], parts: dict[str, int], whole: int) -> None:
        for name in METRICS:
            if values := self._metrics["eval"].get(name):
                weight = parts.get(name, whole)
                known = sums.setdefault(name, [0.0, 0.0])
                known[0] += values[-1] * weight
                known[1] += weight

    def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
        """As it is: the rows are token ids already."""
        return dataset


def _means(sums: dict[str, list[float]]) -> dict[str, float]:
    found = {name: total / weight for name, (total, weight) in sums.items() if weight}
    if "rewards/chosen" in found and "rewards/rejected" in found:
        # A batch without both labels has no margin of its own.
        found["rewards/margins"] = found["rewards/chosen"] - found["rewards/rejected"]
    return found


def build(
    trainer: Callable[..., Trained],
    args: Any,
    job: Job,
    base: Base,
    hooks: Hooks,
    tree: Tree,
    progress: Progress,
) -> Trained:
    """Build the trainer of a job.

    Args:
        trainer: The class of its method.
        args: Its config.
        job: What is to be done.
        base: What it is done on.
        hooks: How the run reaches the outside.
        tree: What is trained.
        progress: The callbacks.
    """
    return trainer(
        job,
        hooks,
        tree,
        progress,
        model=tree.model,
        # Given one, trl neither copies the adapter nor loads the model again. It is never asked.
        ref_model=models.share(base.model),
        args=args,
        # What trl takes for the data set is only counted.
        train_dataset=Dataset.from_dict({"row": [row.number for row in job.train]}),
        processing_class=base.tokenizer,
        data_collator=not_called,
    )
