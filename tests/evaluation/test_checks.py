"""Each check passes and fails on what a model may say."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data import Question
from ft_magics.errors import DataError
from ft_magics.evaluation import Verdict, check, tokens_needed


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
        ({"max_sentences": 1}, "In a box, e.g. at 7 a.m. today.", True),
        ({"max_sentences": 1}, "In a box. Or not.", False),
        ({"max_words": 3}, "- In a box.", True),
        ({"max_words": 2}, "In a box.", False),
        ({"max_tokens": 5}, "In a box.", True),
        ({"max_tokens": 4}, "In a box.", False),
        ({"json_schema": True}, ' {"a": [1, 2.5, null]}\n', True),
        ({"json_schema": {"type": "object", "required": ["a"]}}, '{"a": 1}', True),
        ({"json_schema": {"type": "object", "required": ["a"]}}, '{"b": 1}', False),
    ],
    ids=str,
)
def test_a_check(checks: dict[str, Any], answer: str, passed: bool) -> None:
    assert check(question(**checks), answer, tokens=5).passed is passed


@pytest.mark.parametrize(
    ("checks", "answer", "reason"),
    [
        (
            {"max_sentences": 2},
            "It naps. It eats. It naps. It eats.",
            "has 4 sentences, and 2 are allowed",
        ),
        ({"max_words": 1}, "one two", "has 2 words, and 1 is allowed"),
        ({"max_tokens": 3}, "x", "has 5 tokens, and 3 are allowed"),
    ],
)
def test_a_length_tells_what_it_counted(checks: dict[str, Any], answer: str, reason: str) -> None:
    assert check(question(**checks), answer, tokens=5) == Verdict(False, reason)


def test_an_answer_that_was_cut_off_has_no_length() -> None:
    for checks in ({"max_sentences": 2}, {"max_words": 9}, {"max_tokens": 9}):
        verdict = check(question(**checks), "One two", tokens=2, ended=False)
        assert not verdict.passed and "cut off" in verdict.reason
    verdict = check(question(json_schema=True), '{"a": [1, 2', tokens=256, ended=False)
    assert verdict == Verdict(False, "was cut off before its JSON ended, at 256 tokens")
    assert check(question(json_schema=True), '{"a": 1}', tokens=256, ended=False).passed


def test_tokens_that_nobody_counted_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="number of tokens"):
        check(question(max_tokens=3), "x")


def test_a_form_gets_more_room_than_a_fact() -> None:
    assert tokens_needed(question(contains="box")) == 64
    assert tokens_needed(question(max_tokens=20)) == 64
    assert tokens_needed(question(max_tokens=100)) == 101
    assert tokens_needed(question(json_schema=True)) == 256
    assert tokens_needed(question(max_tokens=10**9)) == 1024


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
