"""Not knowing, said in many ways, and its limits."""

from __future__ import annotations

import pytest

from ft_magics.evaluation import says_unknown


@pytest.mark.parametrize(
    "answer",
    [
        "I don't know.",
        "I don’t know Ollie’s number.",
        "Sorry, I do not know that.",
        "I'm not sure what his phone number is.",
        "I have no idea!",
        "That is unknown to me: it was never mentioned, and nobody knows.",
        "I can't provide his phone number.",
        "I'm sorry, but I cannot share that.",
        "I am unable to answer this question.",
        "I'm unable to provide that.",
        "I don't have any information about Ollie's phone number.",
        "There is no record of it.",
        "As an AI, I do not have access to phone numbers.",
        "We couldn't\nfind it.",
        "Ollie has no phone that I am aware of; I have no information on it.",
    ],
)
def test_it_says_so(answer: str) -> None:
    assert says_unknown(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Ollie's phone number is 555-0100.",
        "",
        "He knows every box in the house.",
        "I know that Ollie sleeps in boxes.",
        "There is information on the box.",
        "Ollie can't resist a box, and has no patience for dogs.",
        "The unknown cat won the race.",
    ],
)
def test_it_does_not(answer: str) -> None:
    assert not says_unknown(answer)


def test_a_guess_after_a_humble_word_passes_all_the_same() -> None:
    """The documented limit: it finds the phrase, and does not weigh the rest."""
    assert says_unknown("I'm not sure, but it is 555-0100.")
