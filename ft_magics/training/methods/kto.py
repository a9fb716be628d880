"""Learning from answers that are marked good or bad, through trl's KTOTrainer, on ready tokens.

Source: Ethayarajh et al., «KTO: Model Alignment as Prospect Theoretic Optimization», arXiv
2402.01306. The loss and what is measured beside it are trl's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trl import KTOConfig, KTOTrainer

from ft_magics.training.batches import DealtOrder
from ft_magics.training.callbacks import Progress
from ft_magics.training.hooks import Hooks, Job
from ft_magics.training.methods.referenced import Referenced, build
from ft_magics.training.methods.settings import make_config
from ft_magics.training.preference_batches import answer_batch
from ft_magics.training.trees import Tree

if TYPE_CHECKING:
    from ft_magics.models import Base

__all__ = ["Kto", "make_trainer"]


class Kto(Referenced, KTOTrainer):
    """KTOTrainer with the run's own batches, reference, head and silence."""

    def __init__(
        self, job: Job, hooks: Hooks, tree: Tree, progress: Progress, **given: Any
    ) -> None:
        self.job, self.hooks, self.tree = job, hooks, tree
        super().__init__(**given)
        self.columns = ("ref_logps", "ref_KL_logps") if self.calculate_KL else ("ref_logps",)
        self.own_head()
        self.begin(progress)

    def order(self, rows: Sequence[Any]) -> DealtOrder:
        """The same batches in every epoch, in another order."""
        labels = [row.label for row in rows]
        return DealtOrder(labels, self.args.train_batch_size, self.args.seed)

    def reference_batches(self, rows: Sequence[Any], seen: Sequence[int]) -> list[list[int]]:
        """The batches of the run: what an answer is compared with stands beside it."""
        wanted = set(seen)
        return [batch for batch in self.order(rows).batches if wanted.issuperset(batch)]

    def eval_batches(self) -> list[list[int]]:
        """Dealt like those of the training."""
        return self.order(self.job.eval).batches

    def make_batch(self, rows: Sequence[Any]) -> dict[str, Any]:
        """As `answer_batch`."""
        return answer_batch(rows, self._pad(), compared=self.calculate_KL)

    def parts_of(self, rows: Sequence[Any]) -> dict[str, int]:
        """Means of one label are over the rows that have it."""
        good = sum(row.label for row in rows)
        sides = {"chosen": good, "rejected": len(rows) - good}
        return {f"{what}/{side}": n for what in ("rewards", "logps") for side, n in sides.items()}

    def count_tokens(self, batch: dict[str, Any]) -> int:
        """With those of the comparison, which go through the model too."""
        compared = batch.get("KL_attention_mask")
        more = 0 if compared is None else int(compared.sum())
        return super().count_tokens(batch) + more


def make_trainer(job: Job, base: Base, hooks: Hooks, tree: Tree, progress: Progress) -> Kto:
    """Build the trainer of a job. Reseeds the global random states: enclose it.

    Raises:
        SettingError: A value of `trl:` is refused by trl.
    """
    plan = job.plan
    args = make_config(
        KTOConfig,
        job,
        base,
        beta=plan.beta,
        loss_type=plan.loss_type,
        desirable_weight=plan.desirable_weight,
        undesirable_weight=plan.undesirable_weight,
    )
    return build(Kto, args, job, base, hooks, tree, progress)
