"""Turns with `from` and `value`, and whatever else tools make of them."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data import Message
from ft_magics.data.kinds.tagged import read_turns

TURNS = (Message("user", "a"), Message("assistant", "b", trained=True))


def read(value: Any) -> tuple[tuple[Message, ...], list[str]]:
    said: list[str] = []
    turns = read_turns(
        value, "conversations", lambda what, remedy: said.append(f"{what}. {remedy}")
    )
    return turns, said


@pytest.mark.parametrize(
    "value",
    [
        [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}],
        [{"from": "human", "value": "a", "markdown": None, "text": None}, {"from": "bing", "value": "b"}],
        [{"from": "User", "content": "a"}, {"from": "chatgpt", "content": "b"}],
        [{"role": "user", "value": "a"}, {"role": "assistant", "value": "b"}],
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        [{"input": "a", "output": "b"}],
        '[{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]',
    ],
)  # fmt: skip
def test_every_way_to_write_turns(value: Any) -> None:
    assert read(value) == (TURNS, [])


def test_turns_that_are_not_trained() -> None:
    # SlimOrca's weights are floats, also of those who ask; Axolotl has a switch.
    weighted = [
        {"from": "human", "value": "a", "weight": 0.0},
        {"from": "gpt", "value": "b", "weight": 0.0},
        {"from": "human", "value": "c", "weight": None},
        {"from": "gpt", "value": "d", "weight": 1.0},
    ]
    assert [m.trained for m in read(weighted)[0]] == [False, False, False, True]
    switched = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "training": False},
        {"role": "user", "content": "c", "train": True},
        {"role": "assistant", "content": "d", "train": True},
    ]
    assert [m.trained for m in read(switched)[0]] == [False, False, False, True]
    said = read([{"from": "human", "value": "a"}, {"from": "gpt", "value": "b", "weight": 0.5}])[1]
    assert said == [
        "turn 2 of 'conversations' has the weight the number 0.5. It is 1 (trained) or 0 (not)."
    ]


def test_what_nobody_says_is_told_once() -> None:
    turns, said = read(["Can brain cells move?", "They can."] * 20)
    assert turns == () and len(said) == 1
    assert "nothing says who speaks" in said[0]
    assert "--map user=conversations.0,assistant=conversations.1" in said[0]
    chat = [{"id": i, "from": "Bob", "text": "hi", "date": "2020"} for i in range(50)]
    turns, said = read(chat)
    assert turns == () and len(said) == 1
    assert "have no 'role' (found 'id', 'from', 'text', 'date')" in said[0]


def test_pictures_are_named() -> None:
    parts = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    said = read([{"role": "user", "content": parts}, {"role": "assistant", "content": "b"}])[1]
    assert said == [
        "the content of message 1 of 'conversations' holds 'image_url'. "
        "Only text is trained. Leave it out: --skip-bad."
    ]


def test_an_empty_answer_of_a_pair() -> None:
    for empty in (" ", ""):
        turns, said = read([{"input": "a", "output": empty}])
        assert turns == () and "the answer is empty (the output of turn 1" in said[0]
