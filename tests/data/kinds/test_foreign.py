"""Alpaca, ShareGPT and OpenAI's rows, as those tools write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ft_magics.data import Message, Preference, Row, ToolCall, Unpaired
from ft_magics.data.kinds.shaping import shape_row

SYSTEM, ASK = Message("system", "s"), Message("user", "a")
SAY, OTHER = Message("assistant", "b", trained=True), Message("assistant", "c", trained=True)


def good(values: dict[str, Any]) -> Any:
    row, problems = shape_row(values, 1)
    assert problems == []
    return row


def test_alpaca() -> None:
    assert good({"instruction": "a", "output": "b"}) == Row(1, (ASK, SAY))
    whole = good(
        {"instruction": "a", "input": "x", "output": "b", "system": "s", "history": [["q", "r"]]}
    )
    assert whole.messages == (
        SYSTEM,
        Message("user", "q"),
        Message("assistant", "r", trained=True),
        Message("user", "a\nx"),
        SAY,
    )
    # Tables fill what a row has not; the rendered text beside it is another kind of row.
    empty = {"instruction": "a", "input": "", "output": "b", "history": None, "text": "rendered"}
    assert good(empty) == Row(1, (ASK, SAY))
    better = good({"instruction": "a", "input": "", "chosen": "b", "rejected": "c"})
    assert better == Preference(1, (ASK,), (SAY,), (OTHER,))
    assert good({"instruction": "a", "output": "b", "kto_tag": False}) == Unpaired(
        1, (ASK,), (SAY,), False
    )


def test_sharegpt() -> None:
    turns = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    assert good({"conversations": turns}) == Row(1, (ASK, SAY))
    assert good({"id": "7", "conversations": [{"from": "system", "value": "s"}, *turns]}) == Row(
        1, (SYSTEM, ASK, SAY)
    )
    assert good({"conversations": turns, "system": "s"}).system == "s"
    assert good({"conversations": turns, "kto_tag": True}) == Unpaired(1, (ASK,), (SAY,), True)
    sides = {"chosen": turns[1], "rejected": {"from": "gpt", "value": "c"}}
    assert good({"conversations": turns[:1], **sides}) == Preference(1, (ASK,), (SAY,), (OTHER,))
    with_roles = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert good({"conversations": with_roles}) == Row(1, (ASK, SAY))


def test_tools_in_sharegpt() -> None:
    call = {"name": "weather", "arguments": {"city": "Ulm"}}
    row = good(
        {
            "conversations": [
                {"from": "human", "value": "a"},
                {"from": "function_call", "value": json.dumps(call)},
                {"from": "observation", "value": "rain"},
                {"from": "gpt", "value": "b"},
            ],
            "tools": json.dumps([{"name": "weather", "parameters": {}}]),
        }
    )
    assert row.messages == (
        ASK,
        Message("assistant", "", True, (ToolCall("weather", '{"city": "Ulm"}'),)),
        Message("tool", "rain"),
        SAY,
    )
    assert json.loads(row.tools[0]) == {
        "type": "function",
        "function": {"name": "weather", "parameters": {}},
    }


def test_openai_chat_rows() -> None:
    function = {"name": "weather", "parameters": {"type": "object"}}
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Ulm"}'},
    }
    row = good(
        {
            "messages": [
                {"role": "developer", "content": "s"},
                {"role": "user", "content": [{"type": "text", "text": "a"}]},
                {"role": "assistant", "content": None, "tool_calls": [call], "weight": 0},
                {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
                {"role": "assistant", "content": "b", "weight": 1},
            ],
            "tools": [{"type": "function", "function": function}],
            "parallel_tool_calls": False,
        }
    )
    assert row.messages == (
        SYSTEM,
        ASK,
        Message("assistant", "", False, (ToolCall("weather", '{"city": "Ulm"}', "call_1"),)),
        Message("tool", "rain", call_id="call_1"),
        SAY,
    )
    old = good(
        {
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
                {"role": "function", "name": "f", "content": "1"},
                {"role": "assistant", "content": "b", "reasoning_content": "hm"},
            ],
            "functions": [{"name": "f"}],
        }
    )
    assert old.messages[2] == Message("tool", "1", name="f")
    assert old.messages[3].reasoning == "hm" and json.loads(old.tools[0])["type"] == "function"


def test_openai_preferences() -> None:
    row = good(
        {
            "input": {
                "messages": [{"role": "user", "content": "a"}],
                "tools": [],
                "parallel_tool_calls": True,
            },
            "preferred_output": [{"role": "assistant", "content": "b"}],
            "non_preferred_output": [{"role": "assistant", "content": "c"}],
        }
    )
    assert row == Preference(1, (ASK,), (SAY,), (OTHER,))


@pytest.mark.parametrize("label", [True, "true", "True", 1, "1"])
def test_labelled_rows(label: Any) -> None:
    assert good({"prompt": "a", "completion": "b", "label": label}) == Unpaired(
        1, (ASK,), (SAY,), True
    )
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert good({"messages": turns, "label": label}).label is True
    assert good({"user": "a", "assistant": "b", "label": None}) == Row(1, (ASK, SAY))


def test_preferences_whose_texts_hold_the_question() -> None:
    row = good(
        {
            "chosen": "\n\nHuman: a\n\nAssistant: b",
            "rejected": "\n\nHuman: a\n\nAssistant: c",
        }
    )
    assert row == Preference(1, (ASK,), (SAY,), (OTHER,))
    row = good({"chosen": "The sky is blue.", "rejected": "The sky is green."})
    assert row.prompt == (Message("user", "The sky is"),)
    assert (row.chosen[0].content, row.rejected[0].content) == ("blue.", "green.")


def test_a_table_that_has_all_columns() -> None:
    row = {"prompt": "a", "completion": "b", "chosen": None, "rejected": None, "messages": None}
    assert good(row) == Row(1, (ASK, SAY))
    assert good({"text": "t", "label": 1, "user": None, "assistant": None}) == Row(1, (), text="t")
