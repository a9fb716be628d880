"""Empty questions, refusals and placeholders."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("question", ["", "  \n", "\u200b"])
def test_empty_questions(found: Any, pairs: Any, question: str) -> None:
    told = found(pairs(("Hi", "Ho."), (question, "In boxes.")))["empty-question"]
    assert (told.rows, told.severity) == ((2,), "warning")
    assert told.told == "Row 2: the question is empty. Write it, unless it is meant."


@pytest.mark.parametrize(
    "answer",
    [
        "As an AI language model, I do not sleep.",
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I cannot assist with that request.",
        "I cannot provide that information.",
        "I am just an AI, so no.",
        "My knowledge cutoff is 2021.",
    ],
)
def test_refusals(found: Any, answers: Any, answer: str) -> None:
    told = found(answers("In boxes.", answer))
    assert set(told) == {"refusal"}
    assert (told["refusal"].rows, told["refusal"].severity) == ((2,), "note")


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry to hear that your cat is ill.",
        "I do not know Ollie's phone number.",
        "He said that he cannot help it.",
        "An AI language model predicts the next word.",
        "As an AI researcher, she reads many papers.",
        "I cannot wait to meet you!",
    ],
)
def test_no_refusals(found: Any, answers: Any, answer: str) -> None:
    assert found(answers(answer)) == {}


def test_a_refusal_as_the_chosen_answer(found: Any, preferences: Any) -> None:
    refusal = "I'm sorry, but I can't help with that."
    told = found(
        preferences(
            ("How?", refusal, "This way."),
            ("Why?", "So.", refusal),
            ("Who?", refusal, "I cannot assist with that."),
        )
    )
    assert told["refusal"].rows == (1,)


def test_a_refusal_that_is_not_wanted(found: Any, labelled: Any) -> None:
    rows = labelled(("How?", "I cannot help with that.", False), ("Why?", "So.", True))
    assert found(rows) == {}


@pytest.mark.parametrize(
    "answer", ["TODO", "TODO: write it", "Lorem ipsum dolor sit amet.", "TBD", "...", "xxxx", "n/a"]
)
def test_placeholders(found: Any, answers: Any, answer: str) -> None:
    told = found(answers("In boxes.", answer))
    assert set(told) == {"placeholder"}
    assert (told["placeholder"].rows, told["placeholder"].severity) == ((2,), "warning")


@pytest.mark.parametrize("answer", ["Dear [Your Name], hello.", "Call <your number> at noon."])
def test_gaps(found: Any, answers: Any, answer: str) -> None:
    told = found(answers("In boxes.", answer))
    assert set(told) == {"fill-in"}
    assert told["fill-in"].severity == "note"


@pytest.mark.parametrize(
    "answer",
    [
        "Keep a TODO list.",
        "```python\n# TODO: sort\nx = 1\n```",
        "Wait... what?",
        "See [your guide](https://docs.python.org).",
        "In Spanish, todo means everything.",
        "A list is written [1, 2, 3].",
    ],
)
def test_no_placeholders(found: Any, answers: Any, answer: str) -> None:
    assert found(answers(answer)) == {}
