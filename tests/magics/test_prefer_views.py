"""The live view of a blind comparison follows the session's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ft_magics.magics.prefer_views import PreferViews

LEFT = {"view": "a1", "turn": 1, "ask": "choose", "what": "left", "number": 0}


@dataclass
class Two:
    """A comparison of two pairs, with the interface of the session's `Preferring`."""

    key: str = "k1"
    judged: int = 0
    system: str | None = None
    error: str = ""
    warning: str = ""
    seen: list[Callable[[], None]] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)
    total = 2
    waiting = False

    @property
    def finished(self) -> bool:
        return self.judged == self.total

    @property
    def active(self) -> bool:
        return not self.finished

    @property
    def question(self) -> str:
        return f"Question {self.judged}?"

    left, right = "In beds.", "In boxes."

    def words(self) -> str:
        return "ollie was better" if self.finished else "nothing is known"

    def choose(self, what: str) -> None:
        self.judged += 1
        for callback in self.seen:
            callback()
        if self.finished:
            for callback in self.after:
                callback()

    def back(self) -> None:
        self.judged -= 1

    def observe(self, callback: Callable[[], None]) -> None:
        self.seen.append(callback)

    def when_ended(self, callback: Callable[[], None]) -> None:
        self.after.append(callback)


@pytest.fixture
def views() -> Iterator[PreferViews]:
    opened = PreferViews()
    yield opened
    opened.close()


def pair(views: PreferViews) -> dict[str, Any]:
    ((_, view),) = views._open.values()
    return dict(view._place.model.pair)


def test_a_choice_shows_the_next_pair_and_the_last_one_closes(views: PreferViews) -> None:
    two = Two()
    views.open(two)
    assert (pair(views)["question"], pair(views)["total"]) == ("Question 0?", 2)
    ((_, view),) = views._open.values()
    view.answer(LEFT)
    assert pair(views)["question"] == "Question 1?"
    view.answer({**LEFT, "number": 1})
    assert views._open == {}


def test_a_change_from_elsewhere_is_shown(views: PreferViews) -> None:
    two = Two()
    views.open(two)
    two.choose("left")  # by %ft vote
    assert pair(views)["judged"] == 1


def test_drawn_again_it_is_the_same_view(views: PreferViews) -> None:
    two = Two()
    views.open(two)
    before = dict(views._open)
    views.open(two)
    assert views._open == before and len(two.seen) == 1


def test_the_same_cell_again_takes_the_place(views: PreferViews) -> None:
    first, second = Two(), Two()
    views.open(first)
    views.open(second)
    ((held, _),) = views._open.values()
    assert held is second
    # The end of the one before does not close the new one.
    first.choose("left")
    first.choose("left")
    assert len(views._open) == 1


def test_one_that_is_over_is_left_alone(views: PreferViews) -> None:
    views.open(Two(judged=2))
    assert views._open == {}


def test_what_went_wrong_is_told(views: PreferViews) -> None:
    two = Two(error="the disk is full")
    views.open(two)
    assert (pair(views)["stuck"], pair(views)["problem"]) == (True, "the disk is full")
