"""Dialogues in plain lines."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data.bodies.dialogue import dialogue_rows
from ft_magics.data.bodies.row_problem import RowProblem
from ft_magics.errors import DataError


def read(text: str) -> list[Any]:
    return list(dialogue_rows([text], "here", "the rows"))


def turns(text: str) -> list[list[tuple[str, str]]]:
    return [[(m["role"], m["content"]) for m in row["messages"]] for row in read(text)]


def test_conversations_and_their_turns() -> None:
    text = """\
# a note above
system: Be kind.

user: hi
assistant: ho
User : and?
BOT: so.

human: next
bot: yes
"""
    assert turns(text) == [
        [("system", "Be kind."), ("user", "hi"), ("assistant", "ho"), ("user", "and?"),
         ("assistant", "so.")],
        [("user", "next"), ("assistant", "yes")],
    ]  # fmt: skip
    assert turns(text.replace("\n", "\r\n")) == turns(text)


def test_other_lines_and_blank_lines_are_text() -> None:
    text = """\
user: Write code.

  It may be long.
assistant:
    def f():

        return "user: x"

# done
note: fine

assistant_name: no role


user: thanks
assistant: ok
"""
    assert turns(text) == [
        [
            ("user", "Write code.\n\n  It may be long."),
            ("assistant",
             '    def f():\n\n        return "user: x"\n\n# done\nnote: fine\n\nassistant_name: no role'),
        ],
        [("user", "thanks"), ("assistant", "ok")],
    ]  # fmt: skip


def test_a_blank_line_before_an_answer_begins_nothing() -> None:
    assert turns("user: a\n\nassistant: b\n") == [[("user", "a"), ("assistant", "b")]]
    assert turns("user: a\nassistant: b\n\nsystem: s\nuser: c\nassistant: d")[1][0] == (
        "system",
        "s",
    )


def test_an_indented_dialogue() -> None:
    assert turns("  user: a\n    user: b\n  assistant: c\n") == [
        [("user", "a\n    user: b"), ("assistant", "c")]
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("user: a\nassistant: b\n\nuser:\nassistant: c\n", 4, "the user turn is empty"),
        ("user: a\nassistant:\n\nuser: b\nassistant: c", 2, "the assistant turn is empty"),
        ("user: a\nassitant: b", 2, "'assitant:' is not a role. Did you mean 'assistant:'?"),
        ("assistant: b\nuser: a", 1, "answers nothing"),
    ],
)
def test_what_is_broken_is_told(text: str, line: int, words: str) -> None:
    found = next(row for row in read(text) if isinstance(row, RowProblem))
    assert found.line == line and words in f"{found.text}. {found.remedy}"


def test_a_broken_conversation_does_not_hide_the_others() -> None:
    rows = read("user: a\nassistant: b\n\nuser:\nassistant: c\n\nuser: d\nassistant: e\n")
    assert [isinstance(row, RowProblem) for row in rows] == [False, True, False]


def test_a_conversation_without_end_is_refused() -> None:
    text = "user: a\nassistant: b\n" + "c\n" * 10 + f"{'word ' * 1_000_000}\n" * 4
    with pytest.raises(DataError, match=r"a conversation is longer than 16,000,000 characters"):
        read(text)
