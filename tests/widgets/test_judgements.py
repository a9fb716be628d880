"""The cards of a judgement and of a blind comparison: plain, small, escaped."""

from __future__ import annotations

import pytest

from ft_magics.widgets import LIMIT_BYTES, BlindState, blind_card, kept_card

EVIL = '<img src=x onerror=alert(1)> \x1b[31m "quoted"'
PAIR = BlindState(2, 12, "Nothing is decided yet.", "How do cats sleep?", "", ("Soundly.", "idk"))


def test_what_was_kept_and_what_to_do_next() -> None:
    card = kept_card("kept as row 3 of votes", "%%finetune NAME --after ollie --data votes")
    assert card["text/plain"] == (
        "kept as row 3 of votes; train on them: %%finetune NAME --after ollie --data votes"
    )
    assert "<code>%%finetune NAME --after ollie --data votes</code>" in card["text/html"]


def test_the_pair_and_how_to_choose() -> None:
    card = blind_card(PAIR, "abc123")
    text = card["text/plain"]
    for part in ("3 of 12", "How do cats sleep?", "1\n  Soundly.", "2\n  idk", "%ft vote 1"):
        assert part in text
    html = card["text/html"]
    assert 'data-ft-prefer="abc123"' in html
    assert html.index("Soundly.") < html.index("idk")


def test_a_pair_that_is_being_written_says_so() -> None:
    card = blind_card(BlindState(0, 3, "Nothing is decided yet.", "Q"), "k")
    assert card["text/plain"].count("is being written") == 2
    assert card["text/html"].count("is being written") == 2


def test_the_result_has_names_and_nothing_live() -> None:
    state = BlindState(
        3, 3, "ollie was preferred to base 2 to 1.", counts=[("base", 1), ("ollie", 2), ("tie", 0)],
        next_cell="%%finetune NAME --after ollie --data preferences",
    )  # fmt: skip
    card = blind_card(state)
    assert "ollie was preferred to base" in card["text/plain"]
    assert "tie" not in card["text/plain"]
    assert "%%finetune NAME --after ollie" in card["text/html"]
    assert "data-ft-prefer" not in card["text/html"]
    assert "%ft vote" not in card["text/plain"]


def test_one_that_was_left_says_how_far_it_came() -> None:
    state = BlindState(3, 12, "One of the two leads 2 to 1.", left_open=True)
    assert "3 of 12" in blind_card(state)["text/plain"]


def test_a_problem_is_shown() -> None:
    card = blind_card(BlindState(0, 3, "w", "Q", problem="the device is gone"), "k")
    assert "the device is gone" in card["text/plain"]
    assert "the device is gone" in card["text/html"]


@pytest.mark.parametrize("state", [
    BlindState(0, 3, EVIL, EVIL, EVIL, (EVIL, EVIL), problem=EVIL),
    BlindState(3, 3, EVIL, counts=[(EVIL, 1)], next_cell=EVIL, problem=EVIL),
])  # fmt: skip
def test_texts_stay_texts(state: BlindState) -> None:
    card = blind_card(state, EVIL)
    assert "<img" not in card["text/html"]
    assert "\x1b" not in card["text/html"] + card["text/plain"]
    assert "<img" not in kept_card(EVIL, EVIL)["text/html"]


def test_it_stays_small_whatever_was_answered() -> None:
    long = "<&> ü" * 20_000
    state = BlindState(0, 3, "w", long, long, (long, long))
    assert sum(len(part.encode()) for part in blind_card(state, "k").values()) <= LIMIT_BYTES
