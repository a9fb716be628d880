"""Direct preference optimisation through trl's DPOTrainer, on ready tokens.

Source: Rafailov et al., «Direct Preference Optimization», arXiv 2305.18290. The loss, whichever of
trl's it is, and what is measured beside it are trl's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trl import DPOConfig, DPOTrainer

from ft_magics.training.batches import RowOrder
from ft_magics.training.callbacks import Progress
from ft_magics.training.hooks import Hooks, Job
from ft_magics.training.methods.referenced import Referenced, build
from ft_magics.training.methods.settings import make_config
from ft_magics.training.preference_batches import pair_batch
from ft_magics.training.trees import Tree

if TYPE_CHECKING:
    from ft_magics.models import Base

__all__ = ["Dpo", "make_trainer"]


class Dpo(Referenced, DPOTrainer):
    """DPOTrainer with the run's own order, reference, head and silence."""

    columns = ("ref_chosen_logps", "ref_rejected_logps")

    def __init__(
        self, job: Job, hooks: Hooks, tree: Tree, progress: Progress, **given: Any
    ) -> None:
        self.job, self.hooks, self.tree = job, hooks, tree
        super().__init__(**given)
        # The weights of WPO need more of the head than log-probabilities.
        self.own_head(always_trl=self.use_weighting)
        self.begin(progress)

    def order(self, rows: Sequence[Any]) -> RowOrder:
        """Shuffled anew in each epoch."""
        return RowOrder(len(rows), self.args.train_batch_size, self.args.seed)

    def reference_batches(self, rows: Sequence[Any], seen: Sequence[int]) -> list[list[int]]:
        """Pairs of like length together."""
        return _by_length(rows, seen, 2 * self.args.train_batch_size)

    def eval_batches(self) -> list[list[int]]:
        """Pairs of like length together."""
        rows = self.job.eval
        return _by_length(rows, range(len(rows)), 2 * self.args.train_batch_size)

    def make_batch(self, rows: Sequence[Any]) -> dict[str, Any]:
        """As `pair_batch`."""
        return pair_batch(rows, self._pad())


def _by_length(rows: Sequence[Any], places: Sequence[int], batch: int) -> list[list[int]]:
    order = sorted(places, key=lambda i: (-len(rows[i].ids), i))
    return [order[at : at + batch] for at in range(0, len(order), batch)]


def make_trainer(job: Job, base: Base, hooks: Hooks, tree: Tree, progress: Progress) -> Dpo:
    """Build the trainer of a job. Reseeds the global random states: enclose it.

    Raises:
        SettingError: A value of `trl:` is refused by trl.
    """
    plan = job.plan
    args = make_config(
        DPOConfig,
        job,
        base,
        beta=plan.beta,
        loss_type=[t.strip() for t in plan.loss_type.split(",")],
    )
    return build(Dpo, args, job, base, hooks, tree, progress)
