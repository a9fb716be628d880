"""Messages and functions as chat templates get them."""

from __future__ import annotations

import json

from ft_magics.data import Message, ToolCall
from ft_magics.data.encoding.conversation import (
    Conversation,
    changed,
    filled,
    parts_of,
    template_messages,
    template_tools,
)

CALL = ToolCall("add", '{"a": 1, "why": ["fun"]}', "call-1")
CALLING = Message("assistant", "", tool_calls=(CALL,), reasoning="Hm.")
ANSWER = Message("tool", "2", name="add", call_id="call-1")


def test_what_a_template_gets() -> None:
    assert template_messages([Message("user", "a"), CALLING, ANSWER], as_text=False) == [
        {"role": "user", "content": "a"},
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "Hm.",
            "thinking": "Hm.",
            "tool_calls": [
                {
                    "type": "function",
                    "id": "call-1",
                    "function": {"name": "add", "arguments": {"a": 1, "why": ["fun"]}},
                }
            ],
        },
        {"role": "tool", "content": "2", "name": "add", "tool_call_id": "call-1"},
    ]
    (told,) = template_messages([CALLING], as_text=True)
    assert told["tool_calls"][0]["function"]["arguments"] == CALL.arguments
    assert template_tools(()) is None
    assert template_tools(['{"name": "f"}']) == [{"name": "f"}]


def test_an_empty_text_beside_a_call_is_no_text() -> None:
    assert [part for part, _ in parts_of(CALLING, 2)] == [(2, "reasoning"), (2, "call 0")]
    assert [part for part, _ in parts_of(Message("user", ""), 0)] == [(0, "content")]


def test_texts_are_changed_in_place() -> None:
    made = changed([CALLING, ANSWER], lambda part, text: f"{text}/{part[1]}")
    assert made[0].reasoning == "Hm./reasoning" and made[0].content == ""
    assert made[0].tool_calls[0].name == "add/call 0"
    assert made[0].tool_calls[0].arguments == CALL.arguments
    assert made[1].content == "2/content" and made[1].name == "add"


def test_every_text_is_filled() -> None:
    tool = json.dumps({"function": {"name": "add", "description": "adds"}})
    made = filled(Conversation([CALLING, ANSWER], [tool]), str.upper)
    assert json.loads(made.messages[0].tool_calls[0].arguments) == {"A": 1, "WHY": ["FUN"]}
    assert json.loads(made.tools[0]) == {"FUNCTION": {"NAME": "ADD", "DESCRIPTION": "ADDS"}}
    assert (made.messages[0].reasoning, made.messages[0].tool_calls[0].name) == ("HM.", "ADD")


def test_plain_is_of_contents_alone() -> None:
    assert Conversation([Message("user", "a"), ANSWER]).plain
    assert not Conversation([CALLING]).plain
    assert not Conversation([Message("user", "a")], ['{"name": "f"}']).plain
    before = Conversation([Message("user", "a"), CALLING], ("{}",)).before(1)
    assert before == Conversation([Message("user", "a")], ("{}",), ask=True)
