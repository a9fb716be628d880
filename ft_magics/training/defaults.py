"""The numbers that are chosen when the user sets none, each with its reason in one sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = [
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


def choose_learning_rate(strategy: str, parameters: int) -> Chosen[float]:
    """The peak learning rate by what is trained and how large the base is.

    Args:
        strategy: `lora` or `full`.
        parameters: Parameters of the base.

    Source: 2e-4 for LoRA on 7B and above: QLoRA (arXiv 2305.14314), table 9. A LoRA's best rate is
    about ten times that of full fine-tuning: «LoRA Without Regret» (Thinking Machines, 2025).
    Smaller models take larger rates: Kaplan et al. 2020 (arXiv 2001.08361), appendix D.6.
    """
    small = parameters < 1_000_000_000
    size = "below" if small else "from"
    if strategy == "full":
        rate = 5e-5 if small else 1e-5
        return Chosen(rate, f"usual for training every weight of a model {size} 1B parameters")
    rate = 1e-3 if small else 2e-4
    return Chosen(
        rate, f"usual for LoRA on a model {size} 1B parameters; an adapter takes larger steps"
    )


def choose_batch(rows: int, kind: str) -> Chosen[int]:
    """Rows in one forward pass, before memory is looked at.

    A set of few rows takes a smaller batch: it gives more steps, and more noise, per epoch.

    Args:
        rows: Training rows.
        kind: The device: `cuda`, `mps` or `cpu`.
    """
    most = {"cuda": 8, "mps": 4, "cpu": 4}[kind]
    batch = min(most, max(1, rows // 4))
    if batch < most:
        return Chosen(batch, f"small, because there are only {rows} rows")
    return Chosen(batch, f"usual on {'a GPU' if kind != 'cpu' else 'a CPU'}")


def steps_per_epoch(rows: int, batch: int, accumulation: int) -> int:
    """Optimizer steps in one pass over the rows; the last step may hold fewer."""
    return max(1, math.ceil(math.ceil(rows / batch) / accumulation))


def choose_epochs(rows: int, per_epoch: int) -> Chosen[float]:
    """How often each row is seen.

    Args:
        rows: Training rows.
        per_epoch: Optimizer steps in one epoch.

    Source: 3 epochs: Stanford Alpaca's and trl's default. Few rows need more passes before an
    adapter takes them up; 16 rows were learned by heart after 24 steps in a measured run.
    """
    if rows >= 1000:
        return Chosen(3.0, "three passes are the custom from a thousand rows on")
    if rows >= SMALL_SET_ROWS:
        return Chosen(5.0, f"more than the usual three passes, because there are only {rows} rows")
    epochs = min(SMALL_SET_MOST_EPOCHS, max(3, round(SMALL_SET_STEPS / per_epoch)))
    return Chosen(
        float(epochs), f"few rows need many passes: {epochs * per_epoch} steps in all"
    )


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


def choose_max_length(lengths: list[int], kind: str) -> Chosen[int]:
    """The longest row that is trained whole, in tokens.

    Source: 1024 is trl's own default; a GPU has room for four times that.
    """
    most = 4096 if kind == "cuda" else 1024
    longest = max(lengths)
    cut = sum(n > most for n in lengths)
    if cut:
        return Chosen(most, f"{cut} longer rows are cut (the longest has {longest} tokens)")
    return Chosen(most, f"every row fits: the longest has {longest} tokens")


def lora_parameters(parameters: int, rank: int, targets: int) -> int:
    """About how many parameters an adapter has, from the size of its base alone.

    A layer of width d has seven linear maps with together some 18 d of inputs and outputs, and
    12 d² weights; a width of 64 times the depth lies between small and large models. Within a
    factor of two for llama-like models; used for memory, where adapters weigh little.

    Args:
        parameters: Parameters of the base.
        rank: Rank of the adapter.
        targets: How many of a layer's seven linear maps get one.
    """
    depth = (parameters / (12 * 64**2)) ** (1 / 3)
    return int(18 * rank * depth * 64 * depth * targets / 7)
