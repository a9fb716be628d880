"""Rows of every kind in normal form, for the property tests."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from ft_magics.data.rows import Message, Preference, Row, ToolCall, Unpaired

NAMES = st.text("abcdefgh_", min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ANSWERS = TEXTS.filter(lambda text: bool(text.strip()))
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('abc é\n"{', max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
ARGUMENTS = st.dictionaries(NAMES, JSONS, max_size=3).map(
    lambda v: json.dumps(v, ensure_ascii=False)
)


@st.composite
def calls(draw: Any) -> tuple[ToolCall, ...]:
    """One call or two; with ids or without."""
    number = draw(st.integers(1, 2))
    return tuple(
        ToolCall(draw(NAMES), draw(ARGUMENTS), draw(st.sampled_from(["", "call_1"])))
        for _ in range(number)
    )


@st.composite
def tools(draw: Any) -> tuple[str, ...]:
    """Functions in OpenAI's form."""
    functions = draw(
        st.lists(st.fixed_dictionaries({"name": NAMES, "parameters": JSONS}), max_size=2)
    )
    return tuple(
        json.dumps({"type": "function", "function": f}, ensure_ascii=False) for f in functions
    )


@st.composite
def answer(draw: Any, plain: bool) -> list[Message]:
    """An assistant turn, or calls with their answers before it."""
    turns = []
    if not plain and draw(st.booleans()):
        turns.append(
            Message("assistant", draw(st.sampled_from(["", "Let me look."])), True, draw(calls()))
        )
        turns.append(
            Message(
                "tool",
                draw(TEXTS),
                name=draw(st.sampled_from(["", "f"])),
                call_id=draw(st.sampled_from(["", "call_1"])),
            )
        )
    reasoning = "" if plain else draw(st.sampled_from(["", "", "I think."]))
    return [*turns, Message("assistant", draw(ANSWERS), True, reasoning=reasoning)]


@st.composite
def questions(draw: Any, plain: bool) -> list[Message]:
    """A conversation up to a question; its answers carry no loss."""
    turns = [Message("system", draw(TEXTS))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 2))):
        turns.append(Message("user", draw(TEXTS)))
        turns += [untrained(m) for m in draw(answer(plain))]
    return [*turns, Message("user", draw(TEXTS))]


def untrained(message: Message) -> Message:
    return Message(message.role, message.content, False, message.tool_calls, message.reasoning,
                   message.name, message.call_id)  # fmt: skip


@st.composite
def conversations(draw: Any, plain: bool) -> Row:
    """A row to imitate: all answers learned, some, or the last alone."""
    turns = [Message("system", draw(TEXTS))] if draw(st.booleans()) else []
    way = draw(st.sampled_from(["all", "last", "some"]))
    rounds = draw(st.integers(1, 3))
    for i in range(rounds):
        said = draw(answer(plain))
        learned = way == "all" or i == rounds - 1 or (way == "some" and draw(st.booleans()))
        turns += [Message("user", draw(TEXTS)), *(said if learned else map(untrained, said))]
    return Row(1, tuple(turns), () if plain else draw(tools()))


@st.composite
def preferences(draw: Any, plain: bool) -> Preference:
    """Two answers that differ."""
    prompt, one, other = draw(questions(plain)), draw(answer(plain)), draw(answer(plain))
    if [untrained(m) for m in one] == [untrained(m) for m in other]:
        other = [Message("assistant", one[-1].content + "!", True)]
    return Preference(1, tuple(prompt), tuple(one), tuple(other), () if plain else draw(tools()))


@st.composite
def unpaired(draw: Any, plain: bool) -> Unpaired:
    """An answer with its label."""
    prompt, said = draw(questions(plain)), draw(answer(plain))
    return Unpaired(
        1, tuple(prompt), tuple(said), draw(st.booleans()), () if plain else draw(tools())
    )


def any_sft_row() -> st.SearchStrategy[Row]:
    """A row to imitate, plain or with tools."""
    texts = ANSWERS.map(lambda text: Row(1, (), text=text))
    return st.one_of(texts, conversations(True), conversations(False))


def any_row() -> st.SearchStrategy[Any]:
    """A row of any kind, plain or with tools."""
    judging = (make(plain) for make in (preferences, unpaired) for plain in (True, False))
    return st.one_of(any_sft_row(), *judging)
