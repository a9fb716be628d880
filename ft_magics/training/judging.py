"""The settings that only preferences have, chosen where the user set none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ft_magics.errors import RunError
from ft_magics.training.defaults import Chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ft_magics.data import AnyEncoded
    from ft_magics.spec import FinetuneSpec

__all__ = ["Labels", "check_rows", "choose_judging", "count_labels"]

BETA = Chosen(0.1, "the usual one: larger holds the model closer to its start")
LOSSES = {
    "sft": Chosen("nll", "the likelihood of each token"),
    "dpo": Chosen("sigmoid", "DPO's own: how surely the better answer is told from the worse"),
    "kto": Chosen("kto", "KTO's own"),
}
_BALANCED = 4 / 3
"""Up to this the weighted shares of both labels may differ."""


@dataclass(frozen=True)
class Labels:
    """How many answers are marked good, and how many bad."""

    good: int
    bad: int


def count_labels(rows: Sequence[AnyEncoded]) -> Labels | None:
    """The labels of rows; None for rows that have none."""
    from ft_magics.data import EncodedAnswer

    labels = [row.label for row in rows if isinstance(row, EncodedAnswer)]
    return Labels(sum(labels), len(labels) - sum(labels)) if labels else None


def check_rows(
    lengths: Sequence[int], labels: Labels | None, spec: FinetuneSpec, where: str
) -> None:
    """Refuse to train on nothing, and on a labelled row that has nothing to be compared with.

    Raises:
        RunError: There are no rows, or just one.
    """
    if not lengths:
        raise RunError(where, "there are no rows to train on", "Add rows to the data set.")
    alone = labels is not None and labels.good + labels.bad < 2
    if alone and spec.loss_type != "apo_zero_unpaired":
        what = "there is only 1 row, and kto compares answers with one another"
        raise RunError(where, what, "Add rows, or set loss_type: apo_zero_unpaired.")


def choose_judging(
    spec: FinetuneSpec, method: str, labels: Labels | None, why: dict[str, str], taken: Any
) -> dict[str, Any]:
    """beta, loss_type and, of KTO, the weights of both labels.

    Args:
        spec: What the user set.
        method: sft, dpo or kto.
        labels: Of the rows, for kto.
        why: Gets the reasons.
        taken: Takes the user's value, else the chosen one, and notes why.

    Source: weights so that both labels count about equally, between 1 and 4/3 to one: KTO (arXiv
    2402.01306), equation 8. beta 0.1: DPO (arXiv 2305.18290), section 6, and trl's default.
    """
    found: dict[str, Any] = {"beta": None, "desirable_weight": None, "undesirable_weight": None}
    found["loss_type"] = taken("loss_type", LOSSES[method])
    if method == "sft":
        why.pop("loss_type")
        return found
    found["beta"] = taken("beta", BETA)
    if method == "kto":
        good, bad = _weights(labels or Labels(1, 1))
        set_one = spec.desirable_weight is not None or spec.undesirable_weight is not None
        if set_one:
            # Who sets one of them has weighed them: the other is trl's.
            good = bad = Chosen(1.0, "as it is")
        found["desirable_weight"] = taken("desirable_weight", good)
        found["undesirable_weight"] = taken("undesirable_weight", bad)
    return found


def _weights(labels: Labels) -> tuple[Chosen[float], Chosen[float]]:
    one = Chosen(1.0, "as it is")
    good, bad = labels.good, labels.bad
    if not good or not bad or max(good, bad) / min(good, bad) <= _BALANCED:
        return one, one
    there = f"{good} good and {bad} bad"
    more = Chosen(round(max(good, bad) / min(good, bad), 2), f"both count alike: there are {there}")
    return (more, one) if good < bad else (one, more)
