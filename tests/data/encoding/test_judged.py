"""Judged rows as token ids: what both sides share, and what carries loss."""

from __future__ import annotations

from typing import Any

from ft_magics.data import (
    Encoded,
    EncodedAnswer,
    EncodedPair,
    Message,
    Preference,
    Unpaired,
    conversations,
    encode_prompt,
    encode_rows,
    joined,
    sides_of,
)

ASKED = (Message("system", "You are CatGPT."), Message("user", "How do cats sleep?"))
PAIR = Preference(
    3,
    ASKED,
    (Message("assistant", "Curled up, mostly.", trained=True),),
    (Message("assistant", "idk", trained=True),),
)
MARKED = Unpaired(4, ASKED, (Message("assistant", "A lot.", trained=True),), False)


def encoded(tokenizer: Any, *rows: Any) -> list[Any]:
    chats = [chat for row in rows for chat in conversations(row)]
    return joined(rows, encode_rows(chats, tokenizer))


def test_both_sides_begin_with_the_prompt_that_is_asked_later(tokenizer: Any) -> None:
    (pair,) = encoded(tokenizer, PAIR)
    assert isinstance(pair, EncodedPair) and pair.number == 3
    asked = tuple(encode_prompt(ASKED, tokenizer))
    for side, text in zip(pair.sides, ("Curled up, mostly.", "idk"), strict=True):
        assert side.ids[: len(asked)] == asked
        assert set(side.labels[: len(asked)]) == {-100}
        learned = [t for t in side.labels if t != -100]
        assert tokenizer.decode(learned) == f"{text}<|im_end|>"
    assert pair.ids == pair.chosen.ids and len(pair.chosen.ids) > len(pair.rejected.ids)
    assert pair.trained == pair.chosen.trained + pair.rejected.trained


def test_a_label_stays_with_its_answer(tokenizer: Any) -> None:
    (answer,) = encoded(tokenizer, MARKED)
    assert isinstance(answer, EncodedAnswer)
    assert (answer.number, answer.label) == (4, False)
    assert sides_of(answer) == (answer.answer,)


def test_rows_of_all_kinds_are_told_apart(tokenizer: Any) -> None:
    rows = (PAIR, MARKED, *conversations(MARKED))
    made = encoded(tokenizer, *rows)
    assert [type(one) for one in made] == [EncodedPair, EncodedAnswer, Encoded]
    assert [len(sides_of(one)) for one in made] == [2, 1, 1]


def test_a_row_with_a_refused_side_is_left_out(tokenizer: Any) -> None:
    whole, other = encode_rows(conversations(PAIR), tokenizer)
    (marked,) = encode_rows(conversations(MARKED), tokenizer)
    assert joined((PAIR, MARKED), [whole, None, marked]) == [EncodedAnswer(marked, False)]
    assert joined((PAIR,), [whole, other]) == [EncodedPair(whole, other)]


def test_either_side_is_cut_by_itself(tokenizer: Any) -> None:
    (pair,) = encoded(tokenizer, PAIR)
    most = len(pair.rejected.ids)
    short = pair.shortened(most)
    assert short.rejected is pair.rejected
    assert short.cut == len(pair.chosen.ids) - most
    assert len(short.ids) == most and short.shortened(None) == short
