"""Conversations in one text."""

from __future__ import annotations

from ft_magics.data import Message, Preference
from ft_magics.data.kinds.shaping import shape_row
from ft_magics.data.kinds.transcripts import read_prompt, read_transcript

ASK, SAY = Message("user", "a"), Message("assistant", "b", trained=True)


def test_transcripts() -> None:
    assert read_transcript("\n\nHuman: a\n\nAssistant: b") == (ASK, SAY)
    assert read_transcript("Human: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:")[3].content == ""
    assert read_transcript("What did Human: say?") == ()
    assert read_transcript("") == ()


def test_prompts_end_where_the_answer_begins() -> None:
    assert read_prompt("\n\nHuman: a\n\nAssistant:") == (ASK,)
    assert read_prompt("\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:")[2].content == "c"
    assert read_prompt("\n\nHuman: a\n\nAssistant: b") == ()
    assert read_prompt("Assistant:") == ()
    assert read_prompt("plain") == read_prompt("") == ()


def test_rows_whose_prompt_is_a_transcript() -> None:
    # Dahoas' rm-static.
    row, problems = shape_row(
        {"prompt": "\n\nHuman: a\n\nAssistant:", "chosen": " b", "rejected": " c"}, 1
    )
    other = Message("assistant", "c", trained=True)
    assert problems == [] and row == Preference(1, (ASK,), (SAY,), (other,))


def test_an_empty_answer_of_a_transcript_is_told() -> None:
    row, problems = shape_row(
        {"chosen": "\n\nHuman: a\n\nAssistant:", "rejected": "\n\nHuman: a\n\nAssistant: b"}, 1
    )
    assert row is None
    assert problems == [("the answer is empty (field 'chosen')", "Write it, or remove the row.")]
