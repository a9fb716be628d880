"""A conversation as it stays in a notebook."""

from __future__ import annotations

import json

import pytest

from ft_magics.widgets import LIMIT_BYTES, ChatReply, ChatState, ChatTurn, chat_card

HURT = "<script>window.hurt = 1</script>"


def turn(number: int, question: str, *texts: str, **reply: str) -> ChatTurn:
    names = ("base", "ollie", "polite", "rude")
    return ChatTurn(
        number, question, tuple(map(lambda n, t: ChatReply(n, t, **reply), names, texts))
    )


def test_an_empty_chat_says_how_to_go_on() -> None:
    made = chat_card(ChatState(("base", "ollie")))
    assert (
        "%%prompt base ollie" in made["text/plain"] and "%%prompt base ollie" in made["text/html"]
    )
    assert "data-ft-chat" not in made["text/html"]


def test_what_was_said_stands_there_as_text() -> None:
    state = ChatState(("base",), (turn(1, f"How{HURT}?", f"So.\n{HURT}", "Thus."),))
    made = chat_card(state, "abc")
    assert 'data-ft-chat="abc"' in made["text/html"] and "<script>" not in made["text/html"]
    assert made["text/html"].index("How") < made["text/html"].index("Thus.")
    assert "ollie" in made["text/plain"] and "Thus." in made["text/plain"]


def test_notes_and_judgements_stand_beside_the_model() -> None:
    said = turn(1, "How?", "So.", note="step 4 of 9, still training", judged="good")
    made = chat_card(ChatState(("base",), (said,)))
    assert "base · step 4 of 9, still training · ✓ good" in made["text/plain"]
    assert "<b>base</b> · step 4 of 9, still training · ✓ good" in made["text/html"]


@pytest.mark.parametrize("text", ["x " * 20_000, '"\u2028<&' * 9_000, "né " * 300])
@pytest.mark.parametrize("turns", [1, 60])
def test_it_stays_small_and_keeps_the_newest(text: str, turns: int) -> None:
    said = tuple(turn(i, f"{i} {text}", *[text] * 4) for i in range(turns))
    made = chat_card(ChatState(("base", "ollie", "polite", "rude"), said), "abc")
    assert len(json.dumps(made, ensure_ascii=False).encode()) <= LIMIT_BYTES
    assert f"<strong>{turns - 1} " in made["text/html"]
    assert f"\n> {turns - 1}" in made["text/plain"]
    hidden = "turns before are not shown" in made["text/html"]
    assert hidden == (turns > 1)


def test_the_same_state_gives_the_same_bytes() -> None:
    state = ChatState(("base",), (turn(1, "How?", "So."),))
    assert chat_card(state, "abc") == chat_card(state, "abc")
