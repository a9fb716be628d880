"""Rows of random tokens, and a run's outside kept in lists."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from ft_magics.data import Encoded, EncodedAnswer, EncodedPair
from ft_magics.events import Event
from ft_magics.spec import FinetuneSpec
from ft_magics.training import Control, Hooks, Job, Outcome, Plan, count_labels, plan, train


def make_rows(count: int, seed: int = 0, shortest: int = 12, longest: int = 40) -> list[Encoded]:
    """Rows of random tokens; the second half of each is scored, but for its last token."""
    draw = torch.Generator().manual_seed(seed)
    rows = []
    for number in range(1, count + 1):
        length = int(torch.randint(shortest, longest, (1,), generator=draw))
        ids = torch.randint(10, 40000, (length,), generator=draw).tolist()
        labels = [-100] * (length // 2) + ids[length // 2 : -1] + [-100]
        rows.append(Encoded(ids=tuple(ids), labels=tuple(labels), cut=0, number=number))
    return rows


def make_pairs(count: int, seed: int = 0) -> list[EncodedPair]:
    """Pairs of random tokens: a shared question, and two answers that carry loss."""
    draw = torch.Generator().manual_seed(seed)

    def tokens(least: int, most: int) -> list[int]:
        length = int(torch.randint(least, most, (1,), generator=draw))
        return torch.randint(10, 40000, (length,), generator=draw).tolist()

    def answered(asked: list[int], number: int) -> Encoded:
        answer = tokens(3, 12)
        return Encoded(tuple(asked + answer), tuple([-100] * len(asked) + answer), 0, number)

    made = []
    for number in range(1, count + 1):
        asked = tokens(5, 15)
        made.append(EncodedPair(answered(asked, number), answered(asked, number)))
    return made


def make_answers(count: int, seed: int = 0) -> list[EncodedAnswer]:
    """Labelled answers of random tokens, good and bad in turn."""
    pairs = make_pairs(count, seed)
    return [
        EncodedAnswer(p.chosen, True) if i % 2 else EncodedAnswer(p.rejected, False)
        for i, p in enumerate(pairs)
    ]


@dataclass
class Outside:
    """Everything a run told and wrote.

    `on` is called with each event, in the training thread.
    """

    folder: Path
    events: list[Event] = field(default_factory=list)
    control: Control = field(default_factory=Control)
    on: Callable[[Event], None] = lambda event: None
    kept: dict[int, Path] = field(default_factory=dict)
    checkpoint: Path | None = None

    def __post_init__(self) -> None:
        self.hooks = Hooks(
            self.emit, self.control, self.save, threading.Lock(), self.save_checkpoint
        )

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self.on(event)

    def save(self, step: int, write: Callable[[Path], None]) -> None:
        folder = self.folder / "steps" / str(step)
        folder.mkdir(parents=True)
        write(folder)
        self.kept[step] = folder

    def save_checkpoint(self, step: int, write: Callable[[Path], None]) -> None:
        folder = self.folder / "checkpoints" / str(step)
        folder.mkdir(parents=True)
        write(folder)
        self.checkpoint = folder

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def bytes(self, step: int) -> bytes:
        return (self.kept[step] / "adapter_model.safetensors").read_bytes()


def method_of(rows: Sequence[Any]) -> str:
    """What rows are trained by, by their kind."""
    return {EncodedPair: "dpo", EncodedAnswer: "kto"}.get(type(rows[0]), "sft")


class Bench:
    """Makes jobs on the tiny model and runs them."""

    def __init__(self, base: Any, folder: Path) -> None:
        self.base = base
        self.folder = folder
        self.count = 0

    def plan(self, rows: Sequence[Any], eval_rows: int = 0, **settings: Any) -> Plan:
        from ft_magics import models

        device = models.Device("cpu", "CPU", False, 16 * 2**30, 8 * 2**30)
        return plan(
            FinetuneSpec(**settings),
            lengths=[len(row.ids) for row in rows],
            eval_rows=eval_rows,
            base=self.base.facts,
            device=device,
            method=method_of(rows),
            labels=count_labels(rows),
        )

    def outside(self) -> Outside:
        self.count += 1
        return Outside(self.folder / f"run{self.count}")

    def run(
        self,
        *,
        rows: Sequence[Any] | None = None,
        scored: Sequence[Any] = (),
        outside: Outside | None = None,
        parent: Path | None = None,
        checkpoint: Path | None = None,
        **settings: Any,
    ) -> tuple[Outcome, Outside]:
        rows = make_rows(8) if rows is None else rows
        outside = outside or self.outside()
        job = Job(
            "ollie",
            self.plan(rows, len(scored), **{"per_device_train_batch_size": 2, **settings}),
            rows,
            scored,
            outside.folder / "scratch",
            parent,
            checkpoint,
        )
        return train(job, self.base, outside.hooks), outside


@pytest.fixture
def bench(tiny_base: Any, tmp_path: Path) -> Bench:
    return Bench(tiny_base, tmp_path)


@pytest.fixture
def real_bench(real_base: Any, tmp_path: Path) -> Bench:
    return Bench(real_base, tmp_path)


@pytest.fixture
def rows() -> Callable[..., list[Encoded]]:
    return make_rows


@pytest.fixture
def pairs() -> Callable[..., list[EncodedPair]]:
    return make_pairs


@pytest.fixture
def answers() -> Callable[..., list[EncodedAnswer]]:
    return make_answers
