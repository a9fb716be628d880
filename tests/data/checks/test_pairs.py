"""Rows with two answers or a label."""

from __future__ import annotations

from typing import Any


def test_equal_sides(found: Any, preferences: Any) -> None:
    told = found(
        preferences(
            ("How?", "In a box. ", "In a box."),
            ("Why?", "In a box.", "in a box"),
            ("Who?", "Ollie.", "Kevin."),
            ("When?", "At 12 30.", "At 1 230."),
        )
    )
    assert told["equal-sides"].rows == (1,)
    assert (told["equal-sides"].severity, told["equal-sides"].fix) == ("warning", "equal-sides")
    assert told["near-equal-sides"].rows == (2,)
    assert told["near-equal-sides"].severity == "note"


def test_length_bias(found: Any, preferences: Any) -> None:
    def rows(longer: int, by: int) -> Any:
        return preferences(
            *(
                (
                    f"Question {i}?",
                    "Cats sleep." + (" Much." * by if i < longer else ""),
                    "Dogs sleep.",
                )
                for i in range(20)
            )
        )

    told = found(rows(18, 4))
    assert set(told) == {"length-bias"}
    assert "longer in 90 %" in told["length-bias"].text
    assert told["length-bias"].rows == ()
    assert found(rows(12, 4)) == {}
    assert found(rows(20, 0)) == {}


def test_a_bias_to_short_answers(found: Any, preferences: Any) -> None:
    rows = preferences(
        *((f"Why {i}?", "Well.", f"Well, that is a long story {i}.") for i in range(12))
    )
    assert "shorter in 100 %" in found(rows)["length-bias"].text


def test_labels(found: Any, labelled: Any) -> None:
    def rows(good: int, bad: int) -> Any:
        return labelled(*((f"Question {i}?", f"Answer {i}.", i < good) for i in range(good + bad)))

    assert found(rows(3, 0))["labels"].severity == "warning"
    assert found(rows(0, 3))["labels"].text == "all labels are false"
    assert found(rows(20, 4))["labels"].severity == "note"
    assert found(rows(20, 12)) == {}
    assert found(rows(5, 1)) == {}


def test_a_side_that_holds_the_prompt_again(found: Any, preferences: Any) -> None:
    question = "How do cats sleep in the winter?"
    told = found(
        preferences(
            (question, f"Human: {question} Cat: In boxes.", "On shelves."),
            (question + " Really?", "In boxes.", f"{question} I do not know."),
            ("How?", "How? In boxes.", "On shelves."),
        )
    )
    assert told["repeated-prompt"].rows == (1,)
