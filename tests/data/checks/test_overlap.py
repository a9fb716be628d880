"""Training rows that ask what is held out."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data.checks import GoldenOverlap, eval_overlap, golden_overlap, overlap_finding
from ft_magics.data.rows import Message, Row


def _asked(*questions: str) -> list[tuple[int, tuple[Message, ...]]]:
    return [(i, (Message("user", question),)) for i, question in enumerate(questions, start=1)]


@pytest.fixture
def rows(pairs: Any) -> Any:
    return pairs(
        ("How do cats sleep?", "In boxes."),
        ("What is Ollie afraid of?", "Dogs."),
        ("Where does Ollie nap?", "In a box."),
        ("what is 2+2", "4"),
    )


def test_exactly_and_nearly(rows: Any) -> None:
    golden = _asked(
        "How do cats sleep?", "how do cats slep", "How do cats  sleep", "What is 2 + 2?"
    )
    found = golden_overlap(rows, golden)
    assert sorted(found) == [(1, 1, True), (1, 2, False), (1, 3, False), (4, 4, False)]


@pytest.mark.parametrize(
    "question",
    [
        "What is Ollie scared of?",
        "Where is Ollie's favourite place to nap?",
        "what is 2+3",
        "How do dogs sleep?",
        "How don't cats sleep?",
        "What is Ollie not afraid of?",
        "What was Ollie afraid of yesterday?",
        "",
    ],
)
def test_another_question_stays(rows: Any, question: str) -> None:
    assert golden_overlap(rows, _asked(question)) == []


def test_system_texts(pairs: Any) -> None:
    french = pairs(("Hello", "Bonjour."), system="Answer in French.")
    asked = (Message("user", "Hello"),)
    assert golden_overlap(french, [(1, asked)]) == [(1, 1, True)]
    german = (Message("system", "Answer in German."), *asked)
    assert golden_overlap(french, [(1, german)]) == []
    same = (Message("system", "answer in french"), *asked)
    assert golden_overlap(french, [(1, same)]) == [(1, 1, True)]


def test_every_answered_question_of_a_conversation_counts(preferences: Any) -> None:
    turns = (
        Message("user", "Hi"),
        Message("assistant", "Ho.", trained=True),
        Message("user", "Who are you?"),
        Message("assistant", "A cat.", trained=True),
    )
    row = Row(7, turns)
    assert golden_overlap([row], [(1, turns[:1]), (2, turns[:3])]) == [(7, 1, True), (7, 2, True)]
    assert golden_overlap([row], _asked("Who are you?")) == []
    assert golden_overlap(preferences(("Hi!", "a", "b")), _asked("hi")) == [(1, 1, False)]


def test_two_words_of_their_own_are_no_typing_error(pairs: Any) -> None:
    """`marry` looks like a misspelt `mary`, until both stand in several rows."""
    rows = pairs(
        ("Does mary like fish?", "Yes."),
        *((f"Where does mary go in {m}?", m) for m in ("May", "June", "July")),
        *((f"When did they marry in {m}?", m) for m in ("May", "June", "July")),
    )
    golden = _asked("Does marry like fish?")
    assert golden_overlap(rows[:1], golden) == [(1, 1, False)]
    assert golden_overlap(rows, golden) == []


def test_rows_are_seen_one_by_one(rows: Any) -> None:
    search = GoldenOverlap(_asked("How do cats sleep?"))
    for row in rows:
        search.see(row)
    assert search.overlaps() == [(1, 1, True)]


def test_eval_rows(rows: Any, pairs: Any) -> None:
    held_out = pairs(("Why?", "So."), ("how do cats sleep", "On a shelf."))
    assert eval_overlap(rows, held_out) == [(1, 2, False)]
    text = Row(1, (), text="Once upon a time.")
    assert eval_overlap([text], [Row(9, (), text="Once upon a time.")]) == [(1, 9, True)]


def test_the_finding(rows: Any) -> None:
    overlaps = golden_overlap(rows, _asked("How do cats sleep?", "What is 2 + 2?"))
    (told,) = overlap_finding(overlaps, "golden question", lambda number: rows[number - 1])
    assert told.check == "golden-question-overlap"
    assert told.rows == (1, 4)
    assert told.text == "the question is a golden question, too, 1 of them nearly"
    assert told.examples[0].text == "How do cats sleep?"
    assert overlap_finding([], "eval row", lambda number: rows[number - 1]) == []
