"""A notebook without Jupyter: a session on the tiny model, and a front end that remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ft_magics import session

ROWS = [
    {"user": f"What is number {i}?", "assistant": f"Number {i} is {word}."}
    for i, word in enumerate(("red", "green", "blue", "black"))
]


class Handle:
    """What was shown, and what happened to it since."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing
        self.updates = 0
        self.closed = 0

    def update(self) -> None:
        self.updates += 1

    def close(self) -> None:
        self.closed += 1


class Remembers:
    """A front end in front of which somebody sits, or not."""

    def __init__(self, *, can_answer: bool) -> None:
        self.can_answer = can_answer
        self.notices: list[str] = []
        self.handles: list[Handle] = []

    def show(self, thing: Any) -> Handle:
        self.handles.append(Handle(thing))
        return self.handles[-1]

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def progress(self, text: str, done_bytes: int, total_bytes: int) -> None:
        self.notices.append(text)


@pytest.fixture
def fresh() -> Path:
    """A home with nothing in it, and nobody in front of it."""
    return session.current().store.home


@pytest.fixture
def front_end(tiny_folder: Path) -> Iterator[Remembers]:
    """Somebody sits in front of it; the model is the tiny one; four rows are kept as `nums`."""
    front = Remembers(can_answer=True)
    session.set_front_end(front)
    session.current().store.set("model", {"name": str(tiny_folder)})
    session.dataset("nums", ROWS, system="You count.")
    yield front
    for run in session.current().active():
        run.control.now()
        run.wait_quietly()
    session.set_front_end(None)


@pytest.fixture
def alone(front_end: Remembers) -> Remembers:
    """Nobody sits in front of it, as under nbclient."""
    front_end.can_answer = False
    return front_end


@pytest.fixture
def train(front_end: Remembers) -> Callable[..., Any]:
    """Train quickly and wait: `train("one", max_steps=3)`."""

    def run(name: str, **settings: Any) -> Any:
        wait = settings.pop("wait", True)
        settings.setdefault("data", "nums")
        settings.setdefault("max_steps", 3)
        settings.setdefault("lora_r", 4)
        settings.setdefault("per_device_train_batch_size", 2)
        return session.finetune(name, wait=wait, **settings)

    return run


def adapter_bytes(run: Any) -> bytes:
    """The adapter's weights as they lie on disk."""
    return (run.adapter / "adapter_model.safetensors").read_bytes()
