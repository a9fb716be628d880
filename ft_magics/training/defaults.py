"""The numbers that are chosen when the user sets none, each with its reason in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts

__all__ = [
    "SCHEDULE",
    "Chosen",
    "choose_batch",
    "choose_epochs",
    "choose_eval_steps",
    "choose_learning_rate",
    "choose_max_length",
    "choose_warmup",
    "lora_parameters",
    "steps_per_epoch",
]

MOST_EVALS = 20
SMALL_SET_ROWS = 50
SMALL_SET_STEPS = 60
SMALL_SET_MOST_EPOCHS = 10
WARMUP_SHARE = 0.05


T = TypeVar("T")


@dataclass(frozen=True)
class Chosen(Generic[T]):
    """A value and why it is that."""

    value: T
    why: str


# Source: «Straight to Zero» (Bergsma et al., 2025, arXiv 2502.15938): linear decay to zero is as
# good as cosine or better.
SCHEDULE = Chosen("linear", "it falls evenly to zero: as good as any, and nothing to tune")


def choose_learning_rate(strategy: str, parameters: int, method: str = "sft") -> Chosen[float]:
    """The peak learning rate by what is trained and how large the base is.

    Args:
        strategy: `lora` or `full`.
        parameters: Parameters of the base.
        method: `sft`, `dpo` or `kto`.

    Source: 2e-4 for LoRA on 7B and above: QLoRA (arXiv 2305.14314), table 9. A LoRA's best rate is
    about ten times that of full fine-tuning: «LoRA Without Regret» (Thinking Machines, 2025).
    Smaller models take larger rates: Kaplan et al. 2020 (arXiv 2001.08361), appendix D.6.
    """
    small = parameters < 1_000_000_000
    size = "below" if small else "from"
    if method != "sft":
        return _judging_rate(strategy, small, size)
    if strategy == "full":
        rate = 5e-5 if small else 1e-5
        return Chosen(rate, f"usual for training every weight of a model {size} 1B parameters")
    rate = 1e-3 if small else 2e-4
    return Chosen(
        rate, f"usual for LoRA on a model {size} 1B parameters; an adapter takes larger steps"
    )


def _judging_rate(strategy: str, small: bool, size: str) -> Chosen[float]:
    if strategy == "full":
        rate = 5e-6 if small else 5e-7
        return Chosen(
            rate, f"usual for preferences and every weight of a model {size} 1B parameters"
        )
    rate = 1e-4 if small else 5e-6
    return Chosen(
        rate, f"a tenth or less of what imitating takes, for LoRA on a model {size} 1B parameters"
    )


def choose_batch(rows: int, kind: str, method: str = "sft") -> Chosen[int]:
    """Rows in one forward pass, before memory is looked at.

    A set of few rows takes a smaller batch: it gives more steps, and more noise, per epoch.

    Args:
        rows: Training rows.
        kind: The device: `cuda`, `mps` or `cpu`.
        method: `sft`, `dpo` or `kto`.
    """
    most = {"cuda": 8, "mps": 4, "cpu": 4}[kind]
    if method == "kto":
        return Chosen(most, "answers are compared within a batch, so it is not made smaller")
    batch = min(most, max(1, rows // 4))
    if batch < most:
        there = "is only 1 row" if rows == 1 else f"are only {rows} rows"
        return Chosen(batch, f"small, because there {there}")
    return Chosen(batch, f"usual on {'a GPU' if kind != 'cpu' else 'a CPU'}")


def steps_per_epoch(rows: int, batch: int, accumulation: int) -> int:
    """Optimizer steps in one pass over the rows; the last step may hold fewer."""
    return max(1, math.ceil(math.ceil(rows / batch) / accumulation))


def choose_epochs(rows: int, per_epoch: int, method: str = "sft") -> Chosen[float]:
    """How often each row is seen.

    Args:
        rows: Training rows.
        per_epoch: Optimizer steps in one epoch.
        method: `sft`, `dpo` or `kto`.

    Source: 3 epochs: Stanford Alpaca's and trl's default. Few rows need more passes before an
    adapter takes them up; 16 rows were learned by heart after 24 steps in a measured run.
    """
    if rows >= 1000:
        return Chosen(3.0, "three passes are the custom from a thousand rows on")
    if rows >= SMALL_SET_ROWS:
        return Chosen(5.0, f"more than the usual three passes, because there are only {rows} rows")
    epochs = min(SMALL_SET_MOST_EPOCHS, max(3, round(SMALL_SET_STEPS / per_epoch)))
    return Chosen(float(epochs), f"few rows need many passes: {epochs * per_epoch} steps in all")


def choose_warmup(total_steps: int) -> Chosen[int]:
    """Steps of rising learning rate.

    Source: 3 % in QLoRA (arXiv 2305.14314) and Alpaca; 5 % so that a run of 50 steps has some.
    """
    return Chosen(round(WARMUP_SHARE * total_steps), "a twentieth of all steps, for a soft start")


def choose_eval_steps(total_steps: int, per_epoch: int, eval_rows: int) -> Chosen[int]:
    """Optimizer steps between two looks at the eval rows, which are also the steps that are kept."""
    fewest = math.ceil(total_steps / MOST_EVALS)
    what = "the eval rows are scored" if eval_rows else "a step is kept"
    if per_epoch >= fewest:
        return Chosen(max(1, min(per_epoch, total_steps)), f"{what} once an epoch")
    return Chosen(max(1, fewest), f"{what} at most {MOST_EVALS} times")


def choose_max_length(lengths: Sequence[int], kind: str, context_length: int) -> Chosen[int]:
    """The longest row that is trained whole, in tokens.

    Args:
        lengths: Tokens of each training row.
        kind: The device: `cuda`, `mps` or `cpu`.
        context_length: What the base was made for; 0 where it is not known.

    Source: 1024 is trl's own default; a GPU has room for four times that.
    """
    most = 4096 if kind == "cuda" else 1024
    most = min(most, context_length or most)
    longest = max(lengths)
    cut = sum(n > most for n in lengths)
    if cut:
        return Chosen(most, f"{cut} longer rows are cut (the longest has {longest} tokens)")
    return Chosen(most, f"every row fits: the longest has {longest} tokens")


def lora_parameters(facts: BaseFacts, rank: int, targets: int) -> int:
    """About how many parameters an adapter has.

    A layer of width d has seven linear maps with together some 18 d of inputs and outputs, in
    llama-like models. Used for memory, where adapters weigh little.

    Args:
        facts: The base; where its shape is not known, 12 d² weights a layer and a width of 64
            times the depth are taken for it.
        rank: Rank of the adapter.
        targets: How many of a layer's seven linear maps get one.
    """
    layers = facts.layers or max(1, round((facts.parameters / (12 * 64**2)) ** (1 / 3)))
    width = facts.hidden_size or 64 * layers
    return int(18 * rank * layers * width * targets / 7)
