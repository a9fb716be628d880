"""Each check passes and fails on what a model may say."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data import Question
from ft_magics.errors import DataError
from ft_magics.evaluation import Verdict, check


def question(**checks: Any) -> Question:
    return Question(number=4, messages=(), checks=checks, answer=None)


@pytest.mark.parametrize(
    ("checks", "answer", "passed"),
    [
        ({"contains": "box"}, "In an Amazon BOX.", True),
        ({"contains": "box"}, "On the sofa.", False),
        ({"contains": ["box", "amazon"]}, "An Amazon box.", True),
        ({"contains": ["box", "sofa"]}, "An Amazon box.", False),
        ({"contains": "Ollie's naps"}, "Ollie’s\n naps are long", True),
        ({"contains": "straße"}, "STRASSE", True),
        ({"contains": 7}, "at 7am", True),
        ({"not_contains": "dog"}, "a cat", True),
        ({"not_contains": ["dog", "cat"]}, "a cat", False),
        ({"equals": "Yes."}, " Yes.\n", True),
        ({"equals": "Yes."}, "yes.", False),
        ({"regex": r"\d+ hours"}, "about 12 hours a day", True),
        ({"regex": r"^\d+$"}, "about 12", False),
        ({"regex": ["a", "b"]}, "cab", True),
        ({"unknown": True}, "I'm not sure about that.", True),
        ({"unknown": True}, "It is 555-0100.", False),
        ({"unknown": False}, "It is 555-0100.", True),
        ({"unknown": False}, "I don't know.", False),
        ({"contains": "box", "not_contains": "sofa"}, "a box on the sofa", False),
    ],
    ids=str,
)
def test_a_check(checks: dict[str, Any], answer: str, passed: bool) -> None:
    assert check(question(**checks), answer).passed is passed


def test_the_reason_tells_what_failed() -> None:
    verdict = check(question(contains=["box", "nap"], not_contains="sofa"), "a box on the sofa")
    assert verdict == Verdict(False, "lacks «nap»; has «sofa»")
    assert check(question(contains="box"), "a box") == Verdict(True, "has «box»")


def test_a_question_without_a_check_is_for_looking() -> None:
    assert check(question(), "anything").passed is None


def test_a_check_that_cannot_run_names_its_row() -> None:
    with pytest.raises(DataError, match=r"row 4: no check 'contain'. Did you mean 'contains'"):
        check(question(contain="box"), "a box")
    with pytest.raises(DataError, match=r"row 4: the regex '\(' cannot be read"):
        check(question(regex="("), "a box")
