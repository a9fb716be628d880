"""Should these rows be fine-tuned, and if so, how: everything from the code that a run itself uses."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ft_magics.errors import FtError
from ft_magics.spec import FinetuneSpec
from ft_magics.training.estimate import Estimate, Measured, estimate_time
from ft_magics.training.judging import Labels
from ft_magics.training.plan import WHY_METHOD, Plan, plan
from ft_magics.training.sources import cite
from ft_magics.training.strategy import Shape
from ft_magics.training.suitability import Reason, Way, judge
from ft_magics.training.traits import Traits

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts, Device

__all__ = ["METHODS", "SENTENCES", "Advice", "Lengths", "advise"]

METHODS = {
    "sft": ("sft", WHY_METHOD["sft"], ""),
    "preference": ("dpo", WHY_METHOD["dpo"], cite("dpo")),
    "unpaired": ("kto", WHY_METHOD["kto"], cite("kto")),
}
"""Kind of rows -> method, why, source."""

SENTENCES: dict[Way, str] = {
    "finetune": "Fine-tuning fits.",
    "prompt": "Try a prompt first.",
    "retrieval": "This looks like a job for retrieval.",
    "either": "It could be either: fine-tuning fits, and so does a simpler way.",
}
"""Way -> the verdict."""


@dataclass(frozen=True)
class Lengths:
    """Rows in tokens.

    Attributes:
        train: Tokens of each training row, uncut; of a pair those of the longer side.
        trained: Tokens of all of them that carry loss.
        eval_rows: Rows that are scored and not trained on.
        sides: Tokens of each conversation, uncut: of pairs twice as many as rows; the same as
            `train` unless given.
        method: sft, dpo or kto, if it is not the one that the rows' kind has.
        labels: How many rows are good and bad, for kto.
    """

    train: Sequence[int]
    trained: int
    eval_rows: int
    sides: Sequence[int] | None = None
    method: str = ""
    labels: Labels | None = None


@dataclass(frozen=True)
class Advice:
    """What is advised, and why.

    Attributes:
        sentence: The verdict in one sentence.
        reasons: What speaks for each way, those for the verdict first.
        method: How these rows would be trained: sft, dpo or kto.
        plan: What a run of default settings would do; None where it cannot.
        problem: Why there is no plan, as its error would say.
    """

    way: Way
    sentence: str
    reasons: tuple[Reason, ...]
    method: str
    plan: Plan | None = None
    problem: str = ""
    estimate: Estimate | None = None


def advise(
    traits: Traits,
    wants: Set[str],
    lengths: Lengths,
    *,
    base: BaseFacts,
    device: Device,
    loaded: bool,
    measured: Measured | None = None,
    spec: FinetuneSpec | None = None,
    shape: Shape | None = None,
    where: str = "%ft advise",
) -> Advice:
    """Say whether to fine-tune, and with which settings.

    Args:
        traits: What the rows look like.
        wants: What the goal is about, as `evaluation.read_goal` says.
        lengths: The rows in tokens.
        base: The base model; of one that is not loaded, what its files tell.
        device: Where the run would be.
        loaded: Whether the base is in memory already.
        measured: How fast an earlier run went.
        spec: What the user set; the defaults unless given.
        shape: Of the adapter the run would start from; None for a first stage.
        where: The cell, for errors.
    """
    tokens = sum(lengths.train)
    way, reasons = judge(traits, wants, tokens=tokens, context_length=base.context_length)
    method = lengths.method or METHODS[traits.kind][0]
    try:
        made = plan(
            spec or FinetuneSpec(),
            lengths=lengths.train,
            eval_rows=lengths.eval_rows,
            base=base,
            device=device,
            trained_tokens=lengths.trained,
            method=method,
            labels=lengths.labels,
            shape=shape,
            loaded=loaded,
            where=where,
        )
    except FtError as error:
        return Advice(way, SENTENCES[way], reasons, method, problem=str(error))
    time = estimate_time(made, base, lengths.sides or lengths.train, measured)
    return Advice(way, SENTENCES[way], reasons, method, made, estimate=time)
