"""Pieces of text join to the text, and none holds half a character."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.serving.text_stream import TextStream

TEXTS = [
    "Plain words, then a full stop.",
    "Ollie’s naps — naïve, déjà vu, 10 °C",
    "🐱 and 👩‍👩‍👧‍👦 and 🏳️‍🌈!",
    "你好，世界。こんにちは",
    "  two  spaces \n\n\tand a tab ",
    "a � that was there before",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_join_to_the_text(tokenizer: Any, text: str) -> None:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    stream = TextStream(tokenizer)
    pieces = [*(stream.add(token) for token in ids), stream.end()]
    assert "".join(pieces) == stream.text == tokenizer.decode(ids, skip_special_tokens=True) == text
    assert stream.tokens == len(ids)
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in pieces)


def test_a_character_waits_for_its_last_token(tokenizer: Any) -> None:
    ids = tokenizer("🐱", add_special_tokens=False)["input_ids"]
    assert len(ids) > 1
    stream = TextStream(tokenizer)
    assert [stream.add(token) for token in ids] == [""] * (len(ids) - 1) + ["🐱"]


def test_half_a_character_at_the_end_is_not_lost(tokenizer: Any) -> None:
    ids = tokenizer("ok 🐱", add_special_tokens=False)["input_ids"][:-1]
    stream = TextStream(tokenizer)
    joined = "".join(stream.add(token) for token in ids) + stream.end()
    assert joined == tokenizer.decode(ids, skip_special_tokens=True)
    assert joined.endswith("\ufffd")


def test_special_tokens_are_no_text(tokenizer: Any) -> None:
    ids = tokenizer("nap", add_special_tokens=False)["input_ids"]
    stream = TextStream(tokenizer)
    start = tokenizer.convert_tokens_to_ids("<|im_start|>")
    for token in (start, *ids, start, *ids):
        stream.add(token)
    assert stream.text + stream.end() == "napnap"
