"""Exceptions from a clear majority."""

from __future__ import annotations

from typing import Any

import pytest

USUAL = [f"Cat number {i} sleeps in a box." for i in range(12)]


@pytest.mark.parametrize(
    ("check", "answer"),
    [
        ("no-full-stop", "The last cat sleeps in a basket"),
        ("small-initial", "the last cat sleeps in a basket."),
        ("quoted-answer", '"The last cat sleeps in a basket."'),
        ("quoted-answer", "“The last cat sleeps in a basket.”"),
    ],
)
def test_an_exception(found: Any, answers: Any, check: str, answer: str) -> None:
    told = found(answers(*USUAL, answer))
    assert set(told) == {check}
    assert (told[check].rows, told[check].severity) == ((13,), "note")
    assert told[check].examples[0].row == 13


def test_no_clear_majority_or_too_few_rows(found: Any, answers: Any) -> None:
    bare = [answer.lower().rstrip(".") for answer in USUAL]
    assert found(answers(*USUAL, *bare)) == {}
    assert found(answers(*USUAL[:5], bare[0])) == {}


@pytest.mark.parametrize(
    "answer",
    [
        "Yes",
        "iPhone cats sleep on phones.",
        "- one cat\n- another cat",
        "```python\nx = 1\n```",
        '{"cat": 1}',
        '"Meow," she said, "is a word."',
        "It costs 5 euros (or more)",
        "roses are red\nviolets are blue",
        "猫は箱の中で寝ます",
    ],
)
def test_other_forms_have_their_own_rules(found: Any, answers: Any, answer: str) -> None:
    assert set(found(answers(*USUAL, answer))) - {"small-initial"} == set()


def test_very_long_and_very_short(found: Any, answers: Any) -> None:
    usual = [f"Cat {i} sleeps in a large box under the table, and never goes out at night, not even in summer." for i in range(20)]  # fmt: skip
    long = "It sleeps. " + "And then it sleeps again, somewhere else. " * 40 + "End."
    told = found(answers(*usual, long, "Boxes."))
    assert set(told) == {"very-long", "very-short"}
    assert told["very-long"].rows == (21,)
    assert told["very-short"].rows == (22,)
    assert {finding.severity for finding in told.values()} == {"note"}


def test_lengths_that_vary_anyway(found: Any, answers: Any) -> None:
    lengths = [2 ** (i % 10) for i in range(40)]
    assert (
        found(answers(*(f"Word {i} is" + " good" * k + "." for i, k in enumerate(lengths)))) == {}
    )
    assert found(answers(*(["Yes."] * 20), "No, " + "never " * 10 + "ever.")) == {}
