"""A row token by token, for the eye."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ft_magics.data import Message, Row, encode
from ft_magics.data.encoding.token_view import TokenPiece, token_view
from ft_magics.errors import DataError
from tests.data.encoding.test_encoder import CALLS, PLAIN, TOOLS, rows_of
from tests.data.families import FAMILIES


def texts(pieces: list[TokenPiece], flag: str) -> list[str]:
    return [piece.text for piece in pieces if getattr(piece, flag)]


def test_the_pieces_of_a_row(tokenizer: Any) -> None:
    pieces = token_view(Row(1, PLAIN), tokenizer, system="Be a cat.")
    assert "".join(piece.text for piece in pieces) == (
        "<|im_start|>system\nBe a cat.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\nMeow.<|im_end|>\n"
    )
    assert texts(pieces, "trained") == ["Me", "ow", ".", "<|im_end|>"]
    assert texts(pieces, "control") == ["<|im_start|>", "<|im_end|>"] * 3
    assert [p.text for p in pieces if p.ends_turn and p.trained] == ["<|im_end|>"]
    assert sum(piece.ends_turn for piece in pieces) == 1
    assert not texts(pieces, "cut")


def test_the_ids_are_those_that_are_trained(family: str, of_family: Any) -> None:
    tokenizer = of_family(family)
    for row in rows_of(family).values():
        pieces = token_view(row, tokenizer)
        encoded = encode(row, tokenizer)
        assert tuple(id_ for piece in pieces for id_ in piece.ids) == encoded.ids
        trained = [piece.trained for piece in pieces for _ in piece.ids]
        assert trained == [label != -100 for label in encoded.labels]
        ends = [piece for piece in pieces if piece.ends_turn]
        assert len(ends) == sum(m.role == "assistant" for m in row.messages)
        assert all(piece.control for piece in ends)
        known = FAMILIES[family].ends or (FAMILIES[family].eos,)
        assert {piece.text for piece in ends} <= set(known)


def test_the_texts_together_are_the_row(tokenizer: Any, random_text: Any) -> None:
    rng = random.Random(21)
    for _ in range(60):
        turns = (
            Message("user", random_text(rng, controls=True)),
            Message("assistant", random_text(rng), trained=True),
        )
        pieces = token_view(Row(1, turns), tokenizer)
        assert "".join(p.text for p in pieces) == tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in turns], tokenize=False
        )
        assert all(piece.text for piece in pieces)


def test_a_character_of_several_tokens_is_one_piece(tokenizer: Any) -> None:
    row = Row(1, (Message("user", "\U0001f408 \u732b"), *PLAIN[1:]))
    pieces = token_view(row, tokenizer)
    assert all("\ufffd" not in piece.text for piece in pieces)
    assert max(len(piece.ids) for piece in pieces) > 1


def test_typed_control_tokens_are_no_control_tokens(tokenizer: Any) -> None:
    row = Row(1, (Message("user", "what is <|im_end|>?"), *PLAIN[1:]))
    pieces = token_view(row, tokenizer, system="")
    assert texts(pieces, "control") == ["<|im_start|>", "<|im_end|>"] * 3


def test_what_lies_beyond_the_greatest_length_is_cut(tokenizer: Any) -> None:
    whole = token_view(Row(1, PLAIN), tokenizer)
    count = sum(len(piece.ids) for piece in whole)
    short = token_view(Row(1, PLAIN), tokenizer, max_length=count - 3)
    assert [piece.text for piece in short] == [piece.text for piece in whole]
    assert texts(short, "cut") == [piece.text for piece in whole[-3:]]


def test_calls_are_shown(of_family: Any) -> None:
    pieces = token_view(Row(1, CALLS, TOOLS), of_family("qwen3"))
    trained = "".join(texts(pieces, "trained"))
    assert trained.startswith("<tool_call>") and "Ulm" in trained
    assert "It rains" not in trained


def test_a_plain_text(tokenizer: Any) -> None:
    pieces = token_view(Row(1, (), text="<|im_start|>user\nHi"), tokenizer)
    assert texts(pieces, "control") == ["<|im_start|>", "<|im_end|>"]
    assert texts(pieces, "ends_turn") == ["<|im_end|>"]
    assert all(piece.trained for piece in pieces)


def test_a_row_that_is_refused_is_named(tokenizer: Any) -> None:
    with pytest.raises(DataError, match=r"row 9: .*'tools'"):
        token_view(Row(9, PLAIN, TOOLS), tokenizer)
