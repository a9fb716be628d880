"""Every kind of row, and what is said of rows that are none."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data import Message, Preference, Row
from ft_magics.data.kinds.shaping import kind_of, shape_row, unused_fields

ASK, SAY = Message("user", "a"), Message("assistant", "b", trained=True)
TURNS = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


def good(values: dict[str, Any]) -> Any:
    row, problems = shape_row(values, 1)
    assert problems == []
    return row


def told(values: dict[str, Any], usual: str | None = None) -> str:
    row, problems = shape_row(values, 1, usual)
    assert row is None and problems
    return "; ".join(f"{what}. {remedy}" for what, remedy in problems)


@pytest.mark.parametrize(
    "values",
    [
        {"user": "a", "assistant": "b"},
        {"messages": TURNS},
        {"prompt": "a", "completion": "b"},
        {"prompt": "a", "response": "b"},
        {"prompt": TURNS[:1], "completion": TURNS[1:]},
        {"prompt": "a", "completion": TURNS[1:]},
    ],
)
def test_the_kinds_to_imitate_become_one(values: dict[str, Any]) -> None:
    assert good(values) == Row(1, (ASK, SAY))
    led = good({**values, "system": "s"})
    assert led == Row(1, (Message("system", "s"), ASK, SAY)) and led.system == "s"
    assert good({**values, "system": None}) == Row(1, (ASK, SAY))


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": "a", "chosen": "b", "rejected": "c"},
        {"prompt": TURNS[:1], "chosen": TURNS[1:], "rejected": "c"},
        {"chosen": TURNS, "rejected": [TURNS[0], {"role": "assistant", "content": "c"}]},
        {
            "prompt": "a",
            "chosen": TURNS,
            "rejected": [TURNS[0], {"role": "assistant", "content": "c"}],
        },
    ],
)
def test_preferences(values: dict[str, Any]) -> None:
    other = Message("assistant", "c", trained=True)
    assert good(values) == Preference(1, (ASK,), (SAY,), (other,))
    led = good({**values, "system": "s"})
    assert led.prompt == (Message("system", "s"), ASK) and led.system == "s"


def test_answers_in_a_prompt_are_not_trained() -> None:
    history = [*TURNS, {"role": "user", "content": "c"}]
    row = good({"prompt": history, "completion": "d"})
    assert [m.trained for m in row.messages] == [False, False, False, True]
    weighted = [TURNS[0], {**TURNS[1], "weight": 0}, TURNS[0], {**TURNS[1], "weight": 1}]
    assert [m.trained for m in good({"messages": weighted}).messages] == [False, False, False, True]


def test_texts_are_kept_as_they_are() -> None:
    assert good({"user": " a\n", "assistant": "\tb  "}).messages[1].content == "\tb  "


def test_a_misspelt_field_is_told_with_the_right_one() -> None:
    assert told({"prompt": "a", "reponse": "b"}) == (
        "no field 'response' (found 'prompt', 'reponse'). "
        "Did you mean 'response'? Rename it, or pass --map response=reponse."
    )
    assert (
        told({"user": "a", "assistent": "b"})
        == "no field 'assistant' (found 'user', 'assistent'). "
        "Did you mean 'assistant'? Rename it, or pass --map assistant=assistent."
    )
    assert "no field 'user' (found 'User', 'assistant'). Did you mean 'user'?" in told(
        {"User": "a", "assistant": "b"}
    )
    assert "'sytem' is not known. Did you mean 'system'?" in told(
        {"user": "a", "assistant": "b", "sytem": "s"}
    )
    assert "no field 'rejected'" in told({"prompt": "a", "chosen": "b", "rejectd": "c"})
    assert "no field 'completion'" in told({"prompt": "a"}, "completion")
    assert "no field 'chosen'" in told({"prompt": "a"}, "preference")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no field that is known (found nothing)"),
        ({"x": 1, "y": 2}, "no field that is known (found 'x', 'y'). A row has"),
        (TURNS[0], "a single message"),
        ({"user": "a", "assistant": None}, "field 'assistant' is null"),
        ({"user": 3, "assistant": "b"}, 'the number 3, not text. Put it in quotes: "3"'),
        ({"user": "a", "assistant": True}, "is true, not text"),
        ({"user": "a", "assistant": ["b"]}, "is a list, not text"),
        ({"user": "a", "assistant": {"b": 1}}, "is an object, not text"),
        ({"user": "a", "assistant": " \n"}, "the answer is empty (field 'assistant')"),
        ({"user": "a", "assistant": "\ud83d"}, "half of a character"),
        ({"user": "a", "assistant": "b", "system": 1}, "field 'system' is the number 1"),
        ({"messages": "a"}, "'a', not a list of messages"),
        ({"messages": []}, "is an empty list"),
        ({"messages": ["a"]}, "field 'messages' is a list of texts, and nothing says who speaks"),
        ({"messages": [TURNS[0], "a"]}, "message 2 of 'messages' is 'a'"),
        ({"prompt": "a", "completion": ["b", "c"]}, "'completion' is a list of texts"),
        ({"user": "a", "assistant": float("nan")}, "(an empty cell), not text. Write its text"),
        ({"messages": TURNS, "images": ["cat.jpg"]}, "the row is about what is in field 'images'"),
        (
            {"user": "<image>\na", "assistant": "b", "image": "cat.jpg"},
            "the row is about what is in field 'image'",
        ),
        ({"messages": [{"role": "user"}]}, "message 1 of 'messages' has no 'content'"),
        ({"messages": [{"role": "user", "contnt": "a"}]}, "Did you mean 'content'?"),
        ({"messages": [{"role": "human", "content": "a"}]}, "role 'human'. Did you mean 'user'?"),
        ({"messages": [{"role": "asistant", "content": "a"}]}, "Did you mean 'assistant'?"),
        ({"messages": [{"role": "USER", "content": "a"}]}, "Write it as 'user'."),
        ({"messages": [{"role": "tool", "content": "a"}]}, "a tool turn that answers no call"),
        ({"messages": [*TURNS, {"role": "assistant", "tool_calls": [1]}]}, "no function name"),
        (
            {
                "messages": [
                    TURNS[0],
                    {"role": "assistant", "tool_calls": [{"name": "f", "arguments": "x"}]},
                ]
            },
            "arguments in 'tool_calls' of message 2 of 'messages' are no JSON object",
        ),
        (
            {"messages": [{**TURNS[0], "tool_calls": [{"name": "f"}]}, TURNS[1]]},
            "Only an assistant turn can",
        ),
        (
            {
                "messages": [
                    TURNS[0],
                    {"role": "assistant", "tool_calls": [{"name": "f"}]},
                    {"role": "tool", "content": "x"},
                    TURNS[0],
                    TURNS[1],
                ]
            },
            "a user turn after a tool's answer",
        ),
        ({"messages": [TURNS[0], {"role": "assistant", "content": None}]}, "is null"),
        ({"messages": [TURNS[0], {"role": "assistant", "content": ""}]}, "answer in message 2"),
        ({"messages": TURNS[:1]}, "no assistant turn"),
        ({"messages": TURNS[1:]}, "an assistant turn that answers nothing"),
        ({"messages": [*TURNS, TURNS[0]]}, "ends with a user turn"),
        ({"messages": [TURNS[0], *TURNS]}, "messages 1 and 2 of 'messages' are both user turns"),
        ({"messages": [*TURNS, {"role": "system", "content": "s"}]}, "It can only stand first"),
        (
            {"messages": [TURNS[0], {**TURNS[1], "weight": 0}]},
            "every assistant turn has the weight 0",
        ),
        ({"messages": [TURNS[0], {**TURNS[1], "weight": 2}]}, "the weight the number 2"),
        ({"messages": [{"role": "system", "content": "s"}, *TURNS], "system": "t"}, "two system"),
        ({"prompt": TURNS, "completion": "c"}, "'prompt' ends with an assistant turn"),
        ({"prompt": "a", "chosen": "b", "rejected": "b"}, "'chosen' and 'rejected' are the same"),
        ({"prompt": "a", "chosen": "", "rejected": "b"}, "the answer is empty (field 'chosen')"),
        ({"chosen": "b", "rejected": "c"}, "no field 'prompt'"),
        (
            {"prompt": "z", "chosen": TURNS, "rejected": [TURNS[0], {**TURNS[1], "content": "c"}]},
            "another question than 'prompt'",
        ),
        ({"prompt": "a", "completion": "b", "label": "good"}, "field 'label' is 'good'"),
        ({"messages": TURNS, "tools": [{}]}, "field 'tools': function 1 has no name"),
        ({"messages": TURNS, "tools": 7}, "field 'tools' is not a list of functions"),
        ({"conversations": []}, "field 'conversations' is an empty list"),
        ({"conversations": [{"from": "humn", "value": "a"}]}, "is from 'humn'. Did you mean"),
        ({"conversations": [{"from": "human"}]}, "has no 'from' and 'value'"),
        ({"instruction": "a", "output": " "}, "the answer is empty (field 'output')"),
        ({"instruction": "a", "output": "b", "history": "c"}, "field 'history' is 'c'"),
        ({"instruction": "a", "output": "b", "history": [["c"]]}, "turn 1 of 'history' is no pair"),
        ({"text": ""}, "the text is empty"),
        (
            {"input": "a", "preferred_output": TURNS[1:], "non_preferred_output": TURNS[1:]},
            "field 'input' has no 'messages'",
        ),
        ({"chosen": "same", "rejected": "same"}, "no field 'prompt'"),
        ({"chosen": "It is", "rejected": "It is not"}, "the beginning of the other"),
        ({"question": "a", "answer": "b"}, "Pass --map user=question,assistant=answer."),
        ({"instruction": "a", "response": "b"}, "Pass --map output=response."),
    ],
)
def test_what_cannot_be_used_is_told(values: dict[str, Any], words: str) -> None:
    assert words in told(values)


def test_an_empty_system_text_is_none() -> None:
    for empty in ("", " ", None):
        assert good({"user": "a", "assistant": "b", "system": empty}) == Row(1, (ASK, SAY))
    # OpenHermes has it twice.
    led = [{"role": "system", "content": "s"}, *TURNS]
    assert good({"messages": led, "system_prompt": "s"}).system == "s"
    assert "two system texts" in told({"messages": led, "system_prompt": "t"})
    assert good({"prompt": "a", "response": "b", "system_prompt": "s"}).system == "s"
    assert unused_fields({"prompt": "a", "response": "b", "system_prompt": "s"}) == []


def test_fields_that_name_a_picture_of_no_row() -> None:
    for values in ({"images": []}, {"images": None}, {"image": "cat.jpg"}):
        assert good({"user": "a", "assistant": "b", **values}) == Row(1, (ASK, SAY))


def test_a_field_and_its_other_name() -> None:
    row = good({"prompt": "a", "completion": "b", "response": "c"})
    assert row == Row(1, (ASK, SAY))
    assert unused_fields({"prompt": "a", "completion": "b", "response": "c"}) == ["response"]


def test_a_prompt_comes_before_the_conversation_that_holds_the_answer() -> None:
    # Capybara's preferences.
    whole = [{"input": "z", "output": "y"}]
    row = good({"conversation": whole, "prompt": "a", "chosen": "b", "rejected": "c"})
    assert row.prompt == (ASK,)


def test_calls_that_are_written_as_text() -> None:
    # Hermes' and ToolACE's: the answer of the tool answers them.
    for call in ("<tool_call>\n{'name': 'f'}\n</tool_call>", '[f(city="Ulm")]'):
        turns = [
            {"from": "human", "value": "a"},
            {"from": "gpt", "value": call},
            {"from": "tool", "value": "rain"},
            {"from": "gpt", "value": "b"},
        ]
        row = good({"conversations": turns})
        assert [m.role for m in row.messages] == ["user", "assistant", "tool", "assistant"]
        assert row.messages[1].content == call and not row.messages[1].tool_calls


def test_all_problems_of_a_row_are_told() -> None:
    words = told({"user": None, "assistant": ""})
    assert "field 'user' is null" in words and "the answer is empty" in words


def test_kinds_and_the_fields_they_leave() -> None:
    assert kind_of({"prompt": "a", "messages": [], "chosen": 1, "rejected": 2}) == "preference"
    assert kind_of({"prompt": "a"}) is None
    assert unused_fields({"user": "a", "assistant": "b", "id": 3}) == ["id"]
    assert unused_fields({"prompt": "a", "response": "b"}) == []
    assert unused_fields({"nothing": "a"}) == []


def test_the_name_of_a_speaker_is_told_not_dropped_in_silence() -> None:
    named = [{**TURNS[0], "name": "bob"}, TURNS[1]]
    assert unused_fields({"messages": named}) == ["messages.name"]
    assert unused_fields({"messages": TURNS}) == []
