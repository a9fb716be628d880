from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest

from ft_magics import events
from ft_magics.events import (
    BaseChecked,
    Evaluated,
    Event,
    GoldenAnswered,
    Notice,
    PhaseBegan,
    RunEnded,
    RunPaused,
    RunQueued,
    RunResumed,
    RunStarted,
    StepEnded,
    StepKept,
    from_line,
    state_after,
    to_line,
)

ALL: list[Event] = [
    RunQueued(name="ollie", behind="polite", chips=("SFT · LoRA r16", "base")),
    PhaseBegan(text="loading the base model"),
    RunStarted(total_steps=9, epochs=3.0, trainable_parameters=1, total_parameters=2),
    StepEnded(step=1, epoch=0.1, loss=4.25, learning_rate=2e-3, grad_norm=None, tokens=7),
    Evaluated(step=1, eval_loss=4.0),
    StepKept(step=1, reason="eval"),
    RunPaused(step=1),
    RunResumed(step=1),
    Notice(text="2 rows are cut", severity="warning"),
    GoldenAnswered(
        step=1,
        model="ollie",
        answers=({"prompt": "wo?", "answer": "im\u2028Karton", "passed": True, "reason": ""},),
    ),
    RunEnded(state="finished", step=9, best_step=1),
    BaseChecked(unchanged=True),
]

PREFERENCES: list[Event] = [
    RunQueued(name="polite", method="kto"),
    RunStarted(total_steps=9, epochs=3.0, trainable_parameters=1, total_parameters=2, method="dpo"),
    StepEnded(step=1, epoch=0.1, loss=0.69, learning_rate=1e-4, metrics={"rewards/margins": -0.25}),
    Evaluated(step=1, eval_loss=0.5, metrics={"rewards/accuracies": 1.0, "kl": 0.0}),
    BaseChecked(unchanged=False),
]


@pytest.mark.parametrize("event", [*ALL, *PREFERENCES], ids=lambda e: type(e).__name__)
def test_an_event_goes_to_a_line_and_back(event: Event) -> None:
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line) == event


def test_every_kind_of_event_is_tried_here() -> None:
    kinds = {getattr(events, name) for name in events.__all__ if name[0].isupper()}
    assert {type(event) for event in ALL} == kinds - {Event}


def test_a_line_says_its_kind_first_and_its_time() -> None:
    before = time.time()
    values: dict[str, Any] = json.loads(to_line(RunPaused(step=3)))
    assert next(iter(values.items())) == ("event", "run_paused")
    assert before <= values["at_s"] <= time.time()


def test_a_loss_that_is_no_number_survives() -> None:
    back = from_line(to_line(StepEnded(step=1, epoch=0.0, loss=math.nan, learning_rate=0.1)))
    assert isinstance(back, StepEnded)
    assert math.isnan(back.loss)


def test_any_cut_through_a_line_is_no_event_and_no_error() -> None:
    line = to_line(ALL[9])
    assert [from_line(line[:n]) for n in range(len(line))] == [None] * len(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "17",
        "null",
        '["step_ended"]',
        "{}",
        '{"event": null}',
        '{"event": ["step_ended"]}',
        '{"event": "from_the_future", "x": 1}',
        '{"event": "step_kept"}',
    ],
)
def test_what_is_no_known_event_is_left_out(line: str) -> None:
    assert from_line(line) is None


def test_lines_of_an_older_version_are_of_imitation() -> None:
    line = '{"event": "step_ended", "step": 3, "epoch": 1.0, "loss": 2.0, "learning_rate": 0.1}'
    step = from_line(line)
    assert isinstance(step, StepEnded) and step.metrics == {}
    line = '{"event": "run_started", "total_steps": 3, "epochs": 1, "trainable_parameters": 1'
    started = from_line(line + ', "total_parameters": 2}')
    assert isinstance(started, RunStarted) and started.method == "sft"


def test_fields_of_a_newer_version_are_left_out() -> None:
    line = '{"event": "step_kept", "at_s": 1.0, "step": 4, "colour": "red"}'
    assert from_line(line) == StepKept(step=4, at_s=1.0)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (ALL[0], "queued"),
        (ALL[1], "running"),
        (ALL[2], "running"),
        (ALL[3], "running"),
        (ALL[4], None),
        (ALL[5], None),
        (ALL[6], "paused"),
        (ALL[7], "running"),
        (ALL[8], None),
        (ALL[9], None),
        (ALL[10], "finished"),
        (ALL[11], None),
        (RunEnded(state="failed", step=0), "failed"),
    ],
)
def test_the_state_after_an_event(event: Event, state: str | None) -> None:
    assert state_after(event) == state
