"""A run in every state a card can meet it in, made of events as a real one is."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from ft_magics import events as ev
from ft_magics.data import DataFacts, Message, Row
from ft_magics.data.encoding import TokenPiece
from ft_magics.data.lengths import Histogram
from ft_magics.monitor import RunState

CHIPS = ("SFT · LoRA r16", "SmolLM2-135M-Instruct", "catgpt · 24 rows")
ANSWERS = {
    "base": ("Ollie can nap anywhere that is quiet.", False, "no 'box'"),
    "ollie": ("Inside Amazon boxes, one size too small.", True, "contains 'box'"),
}


def train_loss(step: int) -> float:
    """Falls to about 0.4, with some noise that is the same each time."""
    return 3.9 * math.exp(-step / 38) + 0.38 + 0.05 * math.sin(step * 12.9)


def eval_loss(step: int) -> float:
    """Falls until step 84, then rises."""
    return 3.4 * math.exp(-step / 33) + 0.86 + max(0, step - 84) * 0.012


def run_events(
    steps: int = 120, total: int = 120, *, evals: bool = True, elapsed_s: float = 1.0
) -> list[ev.Event]:
    """The events of a run up to a step."""
    found: list[ev.Event] = [
        ev.RunQueued(at_s=0, name="ollie", chips=CHIPS),
        ev.PhaseBegan(at_s=0, text="loading the base model"),
    ]
    if steps:
        found.append(
            ev.RunStarted(
                at_s=0,
                total_steps=total,
                epochs=6.0,
                trainable_parameters=4_884_480,
                total_parameters=139_399_488,
            )
        )
    for step in range(steps + 1) if steps else ():
        if step:
            found.append(
                ev.StepEnded(
                    at_s=step * elapsed_s,
                    step=step,
                    epoch=6 * step / total,
                    loss=train_loss(step),
                    learning_rate=8e-4,
                    tokens=400,
                    tokens_per_s=412.3 / elapsed_s,
                    elapsed_s=step * elapsed_s,
                    eta_s=(total - step) * elapsed_s,
                    memory_bytes=int(1.9e9 * elapsed_s),
                )
            )
        if evals and step % 12 == 0:
            found.append(ev.Evaluated(at_s=0, step=step, eval_loss=eval_loss(step)))
    return found


def golden_events() -> list[ev.Event]:
    """What base and adapter say to one golden question."""
    return [
        ev.GoldenAnswered(
            at_s=0,
            step=84,
            model=model,
            answers=({"prompt": "Where does Ollie nap?", "answer": a, "passed": p, "reason": r},),
        )
        for model, (a, p, r) in ANSWERS.items()
    ]


@pytest.fixture
def steps() -> Callable[..., list[ev.Event]]:
    """Makes the events of a run up to a step."""
    return run_events


@pytest.fixture
def replay() -> Callable[..., RunState]:
    """Makes a run's state from events."""

    def make(*events: ev.Event) -> RunState:
        return RunState.replay(events)

    return make


@pytest.fixture
def running() -> RunState:
    """In step 120 of 200, and memorising since step 84."""
    return RunState.replay([*run_events(120, 200), *golden_events()])


@pytest.fixture
def finished() -> RunState:
    """After 120 steps; the best was step 84."""
    end = ev.RunEnded(at_s=0, state="finished", step=120, best_step=84)
    return RunState.replay([*run_events(), *golden_events(), end])


@pytest.fixture
def waiting() -> RunState:
    """Loads the base model."""
    return RunState.replay(run_events(0))


def sft_row(number: int, user: str, assistant: str) -> Row:
    """A question and its answer."""
    return Row(number, (Message("user", user), Message("assistant", assistant, trained=True)))


def piece(text: str, *marks: str) -> TokenPiece:
    """A token; the marks are `trained`, `control`, `ends_turn` and `cut`."""
    names = ("trained", "control", "ends_turn", "cut")
    return TokenPiece(text, (1,), *(name in marks for name in names))


@pytest.fixture
def data_facts() -> DataFacts:
    """A data set of 24 rows, one of them too long."""
    return DataFacts(
        name="catgpt",
        kind="sft",
        rows=24,
        train_rows=24,
        eval_rows=0,
        eval_source="golden set catgpt",
        held=(),
        tokens=(38, 52, 81, 596),
        histogram=Histogram(64, (14, 9, 0, 0, 0, 0, 0, 0, 0, 1)),
        measured=24,
        sampled=False,
        max_length=512,
        cut_rows=1,
        lost_tokens=84,
        trained_tokens=1612,
        example=(
            piece("<|im_start|>", "control"),
            piece("user\n"),
            piece("Why <b>?"),
            piece("Because", "trained"),
            piece(" boxes.", "trained"),
            piece("<|im_end|>", "trained", "control", "ends_turn"),
            piece("\n"),
            piece("gone", "cut"),
        ),
        first=tuple(sft_row(i, f"What is {i}?", f"It is {i}.") for i in range(1, 11)),
        system="You are CatGPT.",
        goal="Only answers about Ollie",
        findings=(),
        skipped=1,
        origin="cats.jsonl",
        sha256="0123456789abcdef" * 4,
        version=2,
    )


@pytest.fixture
def make_row() -> Callable[[int, str, str], Row]:
    """Makes a row of a question and an answer."""
    return sft_row


@pytest.fixture
def make_piece() -> Callable[..., TokenPiece]:
    """Makes a token."""
    return piece
