"""Buttons under the answers of the cards that are on the screen, on a real session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ft_magics import session
from ft_magics.magics import live
from ft_magics.magics.judge_buttons import MOST_OPEN, AnswerButtons
from ft_magics.magics.live import LiveFrontEnd
from ft_magics.magics.render import bundle
from ft_magics.session import Answers, Column

ASK = {"view": "a1", "turn": 1, "column": 1}


class Kernel:
    """A kernel's shell, as far as the front end looks at it."""

    kernel = object()
    can_answer = True

    def get_parent(self) -> dict[str, Any]:
        return {"content": {"allow_stdin": self.can_answer}}


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def front_end(kernel: Kernel) -> Iterator[LiveFrontEnd]:
    opened = LiveFrontEnd(kernel)
    session.set_front_end(opened)
    yield opened
    opened.close()
    session.set_front_end(None)


def answers(text: str = "In boxes.", **named: Any) -> Answers:
    columns = [Column("base", "In beds."), Column("ollie", text, **named)]
    return Answers("How?", "Be kind.", columns)


def opened(front_end: LiveFrontEnd) -> AnswerButtons:
    part = front_end._parts["judge"]
    assert isinstance(part, AnswerButtons)
    return part


def keys(front_end: LiveFrontEnd) -> list[str]:
    return list(opened(front_end)._open)


def test_a_card_in_its_last_state_gets_buttons(front_end: LiveFrontEnd) -> None:
    bundle(answers(state="streaming"), live=True)
    bundle(answers("In bo", state="streaming"))
    # A run in progress: these answers are going to be replaced.
    bundle(answers(note="step 4 of 9, still training"), live=True)
    assert keys(front_end) == []
    shown = bundle(answers())
    (key,) = keys(front_end)
    assert f'data-ft-answers="{key}"' in shown["text/html"]


def test_only_where_somebody_can_answer(front_end: LiveFrontEnd, kernel: Kernel) -> None:
    kernel.can_answer = False
    bundle(answers())
    assert keys(front_end) == []


def test_a_press_is_kept_in_the_session(front_end: LiveFrontEnd) -> None:
    bundle(answers())
    (buttons,) = opened(front_end)._open.values()
    buttons.answer({**ASK, "ask": "judge", "good": True})
    (row,) = session.dataset("votes").rows
    assert [m.content for m in (*row.prompt, *row.completion)] == ["Be kind.", "How?", "In boxes."]
    assert row.label is True
    buttons.answer({**ASK, "ask": "edit", "text": "In Amazon boxes."})
    buttons.answer({**ASK, "ask": "choose"})
    pairs = [
        (row.chosen[0].content, row.rejected[0].content)
        for row in session.dataset("preferences").rows
    ]
    assert pairs == [("In Amazon boxes.", "In boxes."), ("In boxes.", "In beds.")]
    told = buttons._place.model.told[1]
    assert (told["words"], told["failed"]) == ("kept as row 2 of preferences", False)


def test_the_named_set_gets_them(front_end: LiveFrontEnd) -> None:
    asked = answers()
    asked.collect = "tone"
    bundle(asked)
    (buttons,) = opened(front_end)._open.values()
    buttons.answer({**ASK, "ask": "judge", "good": False})
    buttons.answer({**ASK, "ask": "choose"})
    assert len(session.dataset("tone-votes").rows) == len(session.dataset("tone").rows) == 1


def test_one_answer_twice_is_no_choice(front_end: LiveFrontEnd) -> None:
    bundle(answers("In beds."))
    (buttons,) = opened(front_end)._open.values()
    told = buttons.answer({**ASK, "ask": "choose"})
    assert told is not None and told["failed"]
    assert buttons._place.model.told[1]["words"].startswith("Both answers are the same.")


def test_of_three_it_is_better_than_each_that_differs(front_end: LiveFrontEnd) -> None:
    asked = answers()
    asked.columns += [Column("dog", "In a basket."), Column("ollie~1", "In boxes.")]
    bundle(asked)
    (buttons,) = opened(front_end)._open.values()
    buttons.answer({**ASK, "ask": "choose"})
    rejected = [row.rejected[0].content for row in session.dataset("preferences").rows]
    assert rejected == ["In beds.", "In a basket."]


def test_what_is_judged_is_what_was_shown(front_end: LiveFrontEnd) -> None:
    """The object is filled anew when a run ends; the card that is judged has its own text."""
    asked = answers()
    bundle(asked)
    (buttons,) = opened(front_end)._open.values()
    asked.columns[:] = [Column("base", "Elsewhere."), Column("ollie", "Nowhere.")]
    buttons.answer({**ASK, "ask": "judge", "good": True})
    assert session.dataset("votes").rows[0].completion[0].content == "In boxes."


def test_the_same_card_again_keeps_what_was_pressed(front_end: LiveFrontEnd) -> None:
    bundle(answers())
    (buttons,) = opened(front_end)._open.values()
    buttons.answer({**ASK, "ask": "judge", "good": True})
    bundle(answers())
    assert list(opened(front_end)._open.values()) == [buttons]


def test_the_newest_cards_have_buttons(front_end: LiveFrontEnd) -> None:
    first = answers("text 0")
    bundle(first)
    (oldest,) = keys(front_end)
    for number in range(1, MOST_OPEN):
        bundle(answers(f"text {number}"))
    # Shown once more, so it is not the oldest any longer.
    bundle(first)
    before = keys(front_end)
    bundle(answers("one more"))
    assert len(keys(front_end)) == MOST_OPEN
    assert oldest in keys(front_end) and before[0] not in keys(front_end)


def test_the_extension_takes_them_away(front_end: LiveFrontEnd) -> None:
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    bundle(answers())
    assert set(_instances) > before
    front_end.close()
    assert set(_instances) == before and keys(front_end) == []


def test_every_part_opens_and_closes() -> None:
    for part in live.PARTS.values():
        made = part()
        assert callable(made.open)
        made.close()
