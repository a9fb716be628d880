"""Should this be fine-tuned at all, or is it the work of a prompt or of retrieval?"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Literal

from ft_magics.training.sources import cite
from ft_magics.training.traits import Traits

__all__ = ["Reason", "Way", "judge"]

Way = Literal["finetune", "prompt", "retrieval", "either"]

FEW_ROWS = 10
"""Below this many rows a prompt with examples is tried first."""

SOME_ROWS = 50
"""From this many rows on a fine-tuned model is usually seen to improve (OpenAI's guide)."""


@dataclass(frozen=True)
class Reason:
    """Something that speaks for a way."""

    way: Way
    text: str
    """One sentence with its full stop."""
    source: str
    weight: int = 1
    """2 for what decides by itself."""


def judge(
    traits: Traits, wants: Set[str], *, tokens: int = 0, context_length: int = 0
) -> tuple[Way, tuple[Reason, ...]]:
    """Weigh what speaks for fine-tuning, for a prompt, and for retrieval.

    Args:
        traits: What the rows look like.
        wants: What the goal is about: `format`, `style`, `task`, `knowledge`, `fresh`.
        tokens: Of all rows; 0 where they are not counted.
        context_length: Of the base in tokens; 0 where it is not known.

    Returns:
        The way (`either` where the reasons are of equal weight), and the reasons, those for it
        first.
    """
    reasons = [
        *_from_kind(traits),
        *_from_size(traits, tokens, context_length),
        *_from_rows(traits),
        *_from_goal(traits, wants),
    ]
    weights: dict[Way, int] = {"finetune": 0, "prompt": 0, "retrieval": 0}
    for reason in reasons:
        weights[reason.way] += reason.weight
    best = max(weights, key=lambda way: weights[way])
    tied = sum(weight == weights[best] for weight in weights.values()) > 1
    way: Way = "either" if tied else best
    return way, tuple(sorted(reasons, key=lambda r: (r.way != best, -r.weight)))


def _from_kind(traits: Traits) -> Iterator[Reason]:
    methods = {
        "preference": (
            "DPO learns which of two answers is better, which no prompt can show.",
            "dpo",
        ),
        "unpaired": (
            "KTO learns from answers marked good or bad, which no prompt can show.",
            "kto",
        ),
    }
    if traits.kind in methods:
        text, source = methods[traits.kind]
        yield Reason("finetune", text, cite(source), 2)


def _from_size(traits: Traits, tokens: int, context_length: int) -> Iterator[Reason]:
    rows = f"{traits.rows:,} row{'' if traits.rows == 1 else 's'}"
    if traits.rows < FEW_ROWS:
        text = (
            f"There are only {rows}: put them into a prompt as examples first, which costs nothing."
        )
        yield Reason("prompt", text, cite("few-shot", "guide"), 2)
    elif traits.rows >= SOME_ROWS:
        text = f"{rows} show what is wanted better than a prompt can say it."
        yield Reason("finetune", text, cite("guide"))
    else:
        text = f"{rows} are enough for an adapter to learn a manner or a few facts."
        yield Reason("finetune", text, cite("lima"))
    if traits.rows >= FEW_ROWS and 0 < tokens <= context_length // 2:
        text = (
            f"All rows together are {tokens:,} tokens, and fit into the base's context of "
            f"{context_length:,}: a prompt can hold them, at that cost for each question."
        )
        yield Reason("prompt", text, cite("many-shot"))


def _from_rows(traits: Traits) -> Iterator[Reason]:
    if traits.context_share > 0.5:
        text = (
            f"{traits.context_share:.0%} of the prompts bring a long passage that other prompts bring "
            "too: finding the passage is the work, and that is retrieval's."
        )
        yield Reason("retrieval", text, cite("rag"), 2)
    if traits.labels:
        text = (
            f"The answers are {traits.distinct} short labels: a task that small models learn well."
        )
        yield Reason("finetune", text, cite("lora-land"), 2)
    if traits.json_share >= 0.9:
        text = "Every answer is JSON, and a form is what fine-tuning teaches most surely."
        yield Reason("finetune", text, cite("lima"))


def _from_goal(traits: Traits, wants: Set[str]) -> Iterator[Reason]:
    if "fresh" in wants:
        text = "The goal is about facts that change: retrieval follows them, an adapter keeps the old ones."
        yield Reason("retrieval", text, cite("rag-or-tune"), 2)
    elif "knowledge" in wants and traits.rows >= SOME_ROWS and not traits.labels:
        text = (
            "The goal is about knowing facts: retrieval gives them more surely, and facts that are new "
            "to a model are learned slowly and make it guess elsewhere."
        )
        yield Reason("retrieval", text, cite("rag-or-tune", "new-facts"))
    elif "knowledge" in wants and traits.rows >= FEW_ROWS:
        text = "The goal is about a few facts: they would also fit into a system text."
        yield Reason("prompt", text, cite("new-facts"))
    if wants & {"style", "format"}:
        text = (
            "The goal asks for a manner or a form, which is learned from few rows and then holds."
        )
        yield Reason("finetune", text, cite("lima"))
    if "task" in wants:
        text = "The goal is one narrow task, where a small tuned model can match a large one."
        yield Reason("finetune", text, cite("lora-land"))
