"""The order of turns, and how a value is named in an error."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data import Message
from ft_magics.data.kinds.turns import check_order, shown


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (4.5, "the number 4.5"),
        ("x" * 40, f"'{'x' * 24}…'"),
        ([], "a list"),
        ({}, "an object"),
        (object(), "a object"),
    ],
)
def test_shown(value: Any, words: str) -> None:
    assert shown(value) == words


@pytest.mark.parametrize(
    ("turns", "ends", "words"),
    [
        ("ua", "assistant", ""),
        ("suaua", "assistant", ""),
        ("su", "user", ""),
        ("uau", "user", ""),
        ("", "assistant", ""),
        ("u", "assistant", "no assistant turn"),
        ("uau", "assistant", "ends with a user turn"),
        ("ua", "user", "ends with an assistant turn"),
        ("a", "assistant", "answers nothing"),
        ("sa", "assistant", "answers nothing"),
        ("us", "user", "message 2 of 'm' is a system text"),
        ("ssu", "user", "message 2 of 'm' is a system text"),
        ("uaa", "assistant", "messages 2 and 3 of 'm' are both assistant turns"),
        ("s", "user", "ends with a system turn"),
    ],
)
def test_check_order(turns: str, ends: str, words: str) -> None:
    names = {"s": "system", "u": "user", "a": "assistant"}
    told: list[str] = []
    messages = [Message(names[letter], "x") for letter in turns]
    check_order(messages, "m", lambda what, remedy: told.append(what), ends=ends)
    assert len(told) == bool(words)
    assert not words or words in told[0]
