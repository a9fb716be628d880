"""The blind comparison: the side in the kernel."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ft_magics.errors import SettingError
from ft_magics.widgets.prefer_view import Pair, PreferView

ASK = {"view": "abc123", "turn": 4, "number": 0}
LEFT = {**ASK, "ask": "choose", "what": "left"}
BACK = {**ASK, "ask": "back"}


class Comparison:
    """Three pairs of texts, and the choices made."""

    def __init__(self) -> None:
        self.choices: list[str] = []
        self.waiting = False
        self.problem: Exception | None = None
        self.view: PreferView | None = None

    def now(self) -> Pair:
        at = len(self.choices)
        finished = at == 3
        texts = ("", "", "") if finished else (f"Question {at}?", f"left {at}", f"right {at}")
        if self.waiting:
            texts = (texts[0], "", "")
        words = "ollie was better" if finished else f"{at} judged"
        question, left, right = texts
        return Pair(at, 3, question, "Be kind.", left, right, self.waiting, finished, words)

    def choose(self, what: str) -> None:
        if self.problem is not None:
            raise self.problem
        self.choices.append(what)

    def back(self) -> None:
        self.choices.pop()


@pytest.fixture
def comparison() -> Comparison:
    return Comparison()


@pytest.fixture
def view(comparison: Comparison) -> Iterator[PreferView]:
    opened = PreferView("k1", comparison.now, comparison.choose, comparison.back)
    yield opened
    opened.close()


def shown(view: PreferView) -> dict[str, Any]:
    return dict(view._place.model.pair)


def test_a_choice_is_kept_and_the_next_pair_is_shown(
    view: PreferView, comparison: Comparison
) -> None:
    assert (shown(view)["question"], shown(view)["left"]) == ("Question 0?", "left 0")
    assert view.answer(LEFT) == {"view": "abc123", "turn": 4, "tell": "kept"}
    assert (shown(view)["question"], shown(view)["judged"]) == ("Question 1?", 1)
    view.answer({**LEFT, "what": "tie", "number": 1})
    view.answer({**BACK, "number": 2})
    assert shown(view)["question"] == "Question 1?"
    assert comparison.choices == ["left"]


def test_a_pair_that_was_not_seen_is_not_judged(view: PreferView, comparison: Comparison) -> None:
    view.answer(LEFT)
    # The same key again, sent before the next pair was on the screen.
    assert view.answer(LEFT) == {"view": "abc123", "turn": 4, "tell": "late"}
    assert comparison.choices == ["left"]


def test_nothing_is_judged_while_it_is_written(view: PreferView, comparison: Comparison) -> None:
    comparison.waiting = True
    view.update()
    number = shown(view)["number"]
    assert number == 1
    assert view.answer({**LEFT, "number": number}) == {"view": "abc123", "turn": 4, "tell": "late"}
    comparison.waiting = False
    view.update()
    view.answer({**LEFT, "number": 2})
    comparison.waiting = True
    view.update()
    view.answer({**BACK, "number": shown(view)["number"]})
    assert comparison.choices == []


def test_a_look_that_changes_nothing_is_the_same_pair(view: PreferView) -> None:
    view.update()
    view.update()
    assert shown(view)["number"] == 0


def test_what_is_refused_is_told_in_place(view: PreferView, comparison: Comparison) -> None:
    comparison.problem = SettingError("prefer", "the disk is full", "Make room.")
    view.answer(LEFT)
    assert shown(view)["problem"] == "The disk is full. Make room."
    assert (shown(view)["number"], comparison.choices) == (0, [])
    comparison.problem = None
    view.answer(LEFT)
    assert shown(view)["problem"] == ""


@pytest.mark.parametrize(
    "content",
    [
        None, [], ASK, {**ASK, "ask": "reveal"}, {**ASK, "ask": ["back"]},
        {**LEFT, "what": "ollie"}, {**LEFT, "what": None}, {**LEFT, "what": ["left"]},
        {**LEFT, "view": 3}, {**LEFT, "turn": -1},
    ],
)  # fmt: skip
def test_nothing_else_is_understood(view: PreferView, comparison: Comparison, content: Any) -> None:
    assert view.answer(content) is None
    assert comparison.choices == []


@pytest.mark.parametrize("number", [1, -1, None, "0", True, 0.5, [0]])
def test_a_choice_names_the_pair_that_was_seen(
    view: PreferView, comparison: Comparison, number: Any
) -> None:
    assert view.answer({**LEFT, "number": number}) == {
        "view": "abc123",
        "turn": 4,
        "tell": "late",
    }
    assert comparison.choices == []


def test_the_end_takes_no_choice(view: PreferView, comparison: Comparison) -> None:
    for number in range(3):
        view.answer({**LEFT, "number": number})
    assert shown(view)["finished"] and shown(view)["words"] == "ollie was better"
    for asked in (LEFT, BACK):
        told = view.answer({**asked, "number": shown(view)["number"]})
        assert told is not None and told["tell"] == "late"
    assert comparison.choices == ["left"] * 3


def test_the_page_gets_texts_counts_and_words_alone(view: PreferView) -> None:
    fields = {
        "judged", "total", "question", "system", "left", "right", "waiting", "finished", "words",
        "number", "problem", "stuck",
    }  # fmt: skip
    assert set(shown(view)) == fields
    state = view._place.model.get_state()
    ours = {name for name in state if not name.startswith("_")}
    assert ours <= {"key", "pair", "layout", "tabbable", "tooltip"}
    assert json.dumps(shown(view))


def test_a_change_from_another_thread_is_shown(view: PreferView, comparison: Comparison) -> None:
    def change() -> None:
        comparison.choices.append("left")
        view.update()

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    assert shown(view)["question"] == "Question 1?"
