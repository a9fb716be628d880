"""The buttons under answers: the side in the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ft_magics.errors import SettingError
from ft_magics.widgets import Column, JudgeButtons, answers_card, answers_key
from ft_magics.widgets.judge_buttons import MOST_EDIT

ASK = {"view": "abc123", "turn": 4, "column": 0}
GOOD = {**ASK, "ask": "judge", "good": True}
EDIT = {**ASK, "ask": "edit", "text": "Boxes, mostly."}
CHOOSE = {**ASK, "ask": "choose"}
HURT = "<script>window.hurt = 1</script>"


class Keeping:
    """Keeps judgements in a list."""

    def __init__(self) -> None:
        self.kept: list[tuple[Any, ...]] = []
        self.problem: Exception | None = None

    def keep(self, *what: Any) -> str:
        if self.problem is not None:
            raise self.problem
        self.kept.append(what)
        return f"kept as row {len(self.kept)} of votes"

    def buttons(self, answers: list[tuple[str, str]]) -> JudgeButtons:
        return JudgeButtons(
            "a1b2c3",
            answers,
            lambda column, good: self.keep("vote", column, good),
            lambda column, text: self.keep("edit", column, text),
            lambda column: self.keep("choice", column),
        )


@pytest.fixture
def keeping() -> Keeping:
    return Keeping()


@pytest.fixture
def buttons(keeping: Keeping) -> Iterator[JudgeButtons]:
    opened = keeping.buttons([("base", "In beds."), ("ollie", HURT)])
    yield opened
    opened.close()


def state(buttons: JudgeButtons, column: int) -> tuple[Any, ...]:
    told = buttons._place.model.told[column]
    return told["verdict"], told["words"], told["failed"]


def test_a_press_is_kept_and_shown(buttons: JudgeButtons, keeping: Keeping) -> None:
    answer = buttons.answer(GOOD)
    assert answer == {
        "view": "abc123",
        "turn": 4,
        "tell": "judged",
        "ask": "judge",
        "column": 0,
        "failed": False,
    }
    assert state(buttons, 0) == ("good", "kept as row 1 of votes", False)
    assert state(buttons, 1) == ("", "", False)
    buttons.answer({**GOOD, "good": False})
    assert state(buttons, 0) == ("bad", "kept as row 2 of votes", False)
    assert keeping.kept == [("vote", 0, True), ("vote", 0, False)]


def test_an_edit_and_a_choice(buttons: JudgeButtons, keeping: Keeping) -> None:
    buttons.answer(EDIT)
    assert buttons._place.model.told[0]["edit"] == "Boxes, mostly."
    buttons.answer(CHOOSE)
    buttons.answer({**CHOOSE, "column": 1})
    assert buttons._place.model.better == 1
    assert keeping.kept == [("edit", 0, "Boxes, mostly."), ("choice", 0), ("choice", 1)]


def test_a_choice_leaves_no_words_under_the_other(buttons: JudgeButtons) -> None:
    buttons.answer(CHOOSE)
    buttons.answer({**CHOOSE, "column": 1})
    assert [state(buttons, at)[1] for at in (0, 1)] == ["", "kept as row 2 of votes"]


def test_what_is_refused_is_told_in_place(buttons: JudgeButtons, keeping: Keeping) -> None:
    buttons.answer(GOOD)
    keeping.problem = SettingError("vote", "the answer is <empty>", "Nothing to learn.")
    answer = buttons.answer({**GOOD, "good": False})
    assert answer is not None and answer["failed"] is True
    # What is pressed is what is kept.
    assert state(buttons, 0) == ("good", "The answer is <empty>. Nothing to learn.", True)
    keeping.problem = OSError(28, "No space left on device", "/home/x")
    buttons.answer(CHOOSE)
    assert state(buttons, 0)[1] == "This was not kept: No space left on device."
    assert buttons._place.model.better == -1
    keeping.problem = None
    buttons.answer(GOOD)
    assert state(buttons, 0)[2] is False


@pytest.mark.parametrize(
    "content",
    [
        None, "judge", {}, ASK, {**ASK, "ask": "delete"}, {**ASK, "ask": ["judge"]},
        {**GOOD, "good": "yes"}, {**GOOD, "good": 1}, {**GOOD, "good": None},
        {**GOOD, "column": 2}, {**GOOD, "column": -1}, {**GOOD, "column": "0"},
        {**GOOD, "column": True}, {**GOOD, "column": None}, {**GOOD, "view": "<b>"},
        {**EDIT, "text": None}, {**EDIT, "text": ["x"]}, {**EDIT, "text": "x" * (MOST_EDIT + 1)},
    ],
)  # fmt: skip
def test_nothing_else_is_kept(buttons: JudgeButtons, keeping: Keeping, content: Any) -> None:
    assert buttons.answer(content) is None
    assert keeping.kept == []


def test_one_answer_is_not_better_than_none(keeping: Keeping) -> None:
    buttons = keeping.buttons([("base", "In beds.")])
    assert buttons.answer(CHOOSE) is None
    buttons.close()


def test_the_place_is_in_the_card_only_when_all_is_written() -> None:
    done, going = Column("base", "In beds."), Column("ollie", HURT, streaming=True)
    assert answers_key("How?", None, [done, going]) == answers_key("How?", None, []) == ""
    assert "data-ft-answers" not in answers_card("How?", [done, going])["text/html"]
    key = answers_key("How?", None, [done])
    card = answers_card("How?", [done], key)["text/html"]
    assert card.count(f' data-ft-answers="{key}"') == 1
    # Nothing else of what is saved is changed by it.
    plain = answers_card("How?", [done])["text/html"]
    assert card.replace(f' data-ft-answers="{key}"', "") == plain


def test_another_text_has_another_key() -> None:
    keys = {
        answers_key(question, system, [Column(title, text)])
        for question in ("How?", "Why?")
        for system in (None, "", "Be kind.")
        for title in ("base", "ollie")
        for text in ("In beds.", "In boxes.")
    }
    assert len(keys) == 24
    assert all(len(key) == 12 for key in keys)
    one = answers_key("How?", None, [Column("base", "In beds.", note="step 4", passed=True)])
    assert one == answers_key("How?", None, [Column("base", "In beds.")])
