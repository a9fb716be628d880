"""The chat templates of model families: ids, labels, prompts and what is left out.

What is trained is held against trl's own templates with marks around what a model writes, where
these write the same; else against texts written out here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from ft_magics.data import (
    MASKED,
    Encoded,
    Message,
    Row,
    ToolCall,
    encode,
    encode_prompt,
    end_ids,
)
from ft_magics.data.encoding.encoder import encoder_of
from ft_magics.errors import DataError
from tests.data.families import FAMILIES, template_text

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "City"}},
            "required": ["city"],
        },
    },
}
TOOLS = (json.dumps(WEATHER),)
CALL = ToolCall("get_weather", '{"city": "Ulm", "days": 3}', "abcdefghi")
SYSTEM = Message("system", "Be a cat.")


def asked(text: str) -> Message:
    return Message("user", text)


def answer(text: str, **more: Any) -> Message:
    return Message("assistant", text, trained=True, **more)


RAINS = Message("tool", "It rains.", name="get_weather", call_id="abcdefghi")
PLAIN = (asked("Hi"), answer("Meow."))
MULTI = (*PLAIN, asked("And at night, at 3?"), answer("It purrs.\nLoudly."))
CALLS = (asked("Weather?"), answer("", tool_calls=(CALL,)), RAINS, answer("Rain."))
THINKS = (asked("Hi"), answer("Meow.", reasoning="Hm, hm."))


def rows_of(name: str) -> dict[str, Row]:
    """The rows that a family's template renders whole."""
    family = FAMILIES[name]
    rows = {"plain": Row(1, PLAIN), "multi": Row(1, MULTI)}
    if family.system:
        rows["system"] = Row(1, (SYSTEM, *MULTI))
    if family.tools:
        rows["tools"] = Row(1, PLAIN, TOOLS)
    if family.calls:
        rows["calls"] = Row(1, CALLS, TOOLS if family.tools else ())
    if family.thinks:
        rows["thinks"] = Row(1, THINKS)
    return rows


def conversation(messages: Sequence[Message], *, as_text: bool = False) -> list[dict[str, Any]]:
    """Messages in transformers' words, written here a second time on purpose."""
    turns = []
    for m in messages:
        turn: dict[str, Any] = {"role": m.role, "content": m.content}
        if m.tool_calls:
            turn["tool_calls"] = [
                {
                    "type": "function",
                    "id": c.id,
                    "function": {
                        "name": c.name,
                        "arguments": c.arguments if as_text else json.loads(c.arguments),
                    },
                }
                for c in m.tool_calls
            ]
        if m.reasoning:
            turn |= {"reasoning_content": m.reasoning, "thinking": m.reasoning}
        if m.role == "tool":
            turn |= {"name": m.name, "tool_call_id": m.call_id}
        turns.append(turn)
    return turns


class Template:
    """transformers' own rendering of rows, for one family."""

    def __init__(self, tokenizer: Any, name: str) -> None:
        self.tokenizer = tokenizer
        self.as_text = name == "deepseekv3"

    def apply(self, row: Row, upto: int | None = None, **options: Any) -> Any:
        messages = row.messages[:upto]
        tools = [json.loads(tool) for tool in row.tools] or None
        as_text = self.as_text and "chat_template" not in options
        return self.tokenizer.apply_chat_template(
            conversation(messages, as_text=as_text), tools=tools, **options
        )

    def prompts(self, row: Row) -> list[str]:
        """The prompt of each answer, as text."""
        answers = [i for i, m in enumerate(row.messages) if m.role == "assistant"]
        ask = {"tokenize": False, "add_generation_prompt": True}
        return [str(self.apply(row, i, **ask)) for i in answers]

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def runs(tokenizer: Any, encoded: Encoded) -> list[str]:
    """The stretches of labelled tokens, as text."""
    found: list[list[int]] = []
    for before, label in pairwise((MASKED, *encoded.labels)):
        if label != MASKED:
            if before == MASKED:
                found.append([])
            found[-1].append(label)
    return [tokenizer.decode(run) for run in found]


def test_ids_are_those_of_the_chat_template(family: str, of_family: Any) -> None:
    """Cut where the prompts end: no token reaches over from a prompt into its answer."""
    tokenizer = of_family(family)
    template = Template(tokenizer, family)
    assert encoder_of(tokenizer).pieces.exact
    for name, row in rows_of(family).items():
        text = template.apply(row, tokenize=False)
        cuts = [len(p) for p in template.prompts(row) if text.startswith(p)]
        assert len(cuts) > 0 or not FAMILIES[family].opens
        chunks = [text[a:b] for a, b in pairwise((0, *cuts, len(text)))]
        expected = [id_ for chunk in chunks for id_ in template.ids(chunk)]
        found = list(encode(row, tokenizer).ids)
        if family == "glm4moe":  # its template leaves the last answer open
            expected.append(tokenizer.eos_token_id)
        assert found == expected, name
        if expected == template.apply(row)["input_ids"]:
            continue
        # Where the whole is cut otherwise, a line break stands on both sides of a border.
        assert family in ("llama3", "llama3_1", "qwen3_5", "glm4moe"), name


@pytest.mark.parametrize("name", [name for name, f in FAMILIES.items() if f.training])
def test_labels_are_those_of_trl(name: str, of_family: Any) -> None:
    """Token by token, but for the prompt's own tokens and what follows the end of a turn."""
    family, tokenizer = FAMILIES[name], of_family(name)
    template = Template(tokenizer, name)
    ends = tokenizer.convert_tokens_to_ids(list(family.ends or (family.eos,)))
    compared = 0
    for kind, row in rows_of(name).items():
        options = {
            "chat_template": template_text(f"{family.template}_training"),
            "return_assistant_tokens_mask": True,
            "return_dict": True,
        }
        theirs = template.apply(row, **options)
        if theirs["input_ids"] != template.apply(row)["input_ids"]:
            continue  # trl's template writes something else here
        ids, mask = theirs["input_ids"], theirs["assistant_masks"]
        encoded = encode(row, tokenizer)
        if list(encoded.ids) != ids:
            assert name == "llama3"  # a line break of the prompt melts with another: other places
            assert runs(tokenizer, encoded) == runs(
                tokenizer, Encoded(tuple(ids), masked(ids, mask), 0, 1)
            )
            compared += 1
            continue
        text = template.apply(row, tokenize=False)
        prompts = [len(template.ids(p)) for p in template.prompts(row) if text.startswith(p)]
        expected = [MASKED] * len(ids)
        for number, (begin, finish) in enumerate(stretches(mask)):
            first = max(begin, prompts[number]) if family.opens else begin
            last = max(i for i in range(begin, finish) if ids[i] in ends)
            expected[first : last + 1] = ids[first : last + 1]
            asking = ["<｜Assistant｜>", "<｜tool▁outputs▁end｜>"]
            if not family.opens and ids[first] in tokenizer.convert_tokens_to_ids(asking):
                expected[first] = MASKED  # the model is asked with it, or with more
        assert list(encoded.labels) == expected, kind
        compared += 1
    assert compared >= 2


def masked(ids: Sequence[int], mask: Sequence[int]) -> tuple[int, ...]:
    return tuple(id_ if one else MASKED for id_, one in zip(ids, mask, strict=True))


def stretches(mask: Sequence[int]) -> list[tuple[int, int]]:
    """First place and end of each stretch of ones."""
    edges = [i for i, (a, b) in enumerate(pairwise((0, *mask, 0))) if a != b]
    return list(zip(edges[::2], edges[1::2], strict=True))


HERMES = (
    '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Ulm", "days": 3}}\n</tool_call>'
)
XML = (
    "<tool_call>\n<function=get_weather>\n<parameter=city>\nUlm\n</parameter>\n"
    "<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>"
)
GLM = (
    "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Ulm</arg_value>\n"
    "<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>"
)
TRAINED: dict[str, dict[str, list[str]]] = {
    "smollm2": {"multi": ["Meow.<|im_end|>", "It purrs.\nLoudly.<|im_end|>"]},
    "qwen2_5": {"calls": [f"{HERMES}<|im_end|>", "Rain.<|im_end|>"]},
    "qwen3": {
        "multi": ["Meow.<|im_end|>", "<think>\n\n</think>\n\nIt purrs.\nLoudly.<|im_end|>"],
        "calls": [f"{HERMES}<|im_end|>", "<think>\n\n</think>\n\nRain.<|im_end|>"],
        "thinks": ["<think>\nHm, hm.\n</think>\n\nMeow.<|im_end|>"],
    },
    "qwen3_5": {
        "plain": ["\n</think>\n\nMeow.<|im_end|>"],
        "calls": [f"\n</think>\n\n{XML}<|im_end|>", "\n</think>\n\nRain.<|im_end|>"],
        "thinks": ["Hm, hm.\n</think>\n\nMeow.<|im_end|>"],
    },
    "llama3_1": {
        "system": ["Meow.<|eot_id|>", "It purrs.\nLoudly.<|eot_id|>"],
        "calls": [
            '{"name": "get_weather", "parameters": {"city": "Ulm", "days": 3}}<|eot_id|>',
            "Rain.<|eot_id|>",
        ],
    },
    "gemma": {"multi": ["Meow.<end_of_turn>", "It purrs.\nLoudly.<end_of_turn>"]},
    "gemma4": {
        "calls": [
            '<|tool_call>call:get_weather{city:<|"|>Ulm<|"|>,days:3}<tool_call|><|tool_response>',
            "Rain.<turn|>",
        ],
        "thinks": ["<|channel>thought\nHm, hm.\n<channel|>Meow.<turn|>"],
    },
    "deepseekv3": {
        "calls": [
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n"
            '{"city": "Ulm", "days": 3}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
            "<｜end▁of▁sentence｜>",
            "Rain.<｜end▁of▁sentence｜>",
        ]
    },
    "glm4moe": {
        "multi": [
            "\n<think></think>\nMeow.<|user|>",
            "\n<think></think>\nIt purrs.\nLoudly.<|endoftext|>",
        ],
        "calls": [
            f"\n<think></think>\n{GLM}<|observation|>",
            "\n<think></think>\nRain.<|endoftext|>",
        ],
        "thinks": ["\n<think>Hm, hm.</think>\nMeow.<|endoftext|>"],
    },
    "gptoss": {
        "calls": [
            " to=functions.get_weather<|channel|>commentary json<|message|>"
            '{"city": "Ulm", "days": 3}<|call|>',
            "<|channel|>final<|message|>Rain.<|return|>",
        ],
        "thinks": [
            "<|channel|>analysis<|message|>Hm, hm.<|end|>"
            "<|start|>assistant<|channel|>final<|message|>Meow.<|return|>"
        ],
    },
    "cohere2": {"plain": ["Meow.<|END_RESPONSE|><|END_OF_TURN_TOKEN|>"]},
    "lfm2": {
        "calls": [
            "<|tool_call_start|>[get_weather(city='Ulm', days=3)]<|tool_call_end|><|im_end|>",
            "Rain.<|im_end|>",
        ]
    },
    "mistral": {
        "multi": [" Meow.</s>", " It purrs.\nLoudly.</s>"],
        "calls": [
            '[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Ulm", "days": 3}}]</s>',
            " Rain.</s>",
        ],
    },
}


@pytest.mark.parametrize("name", list(TRAINED))
def test_what_is_trained_is_what_the_model_has_to_write(name: str, of_family: Any) -> None:
    tokenizer = of_family(name)
    rows = rows_of(name)
    for kind, expected in TRAINED[name].items():
        assert runs(tokenizer, encode(rows[kind], tokenizer)) == expected, kind


def test_a_turn_that_is_not_trained_has_no_labels(family: str, of_family: Any) -> None:
    tokenizer = of_family(family)
    for name, row in rows_of(family).items():
        turns = [i for i, m in enumerate(row.messages) if m.trained]
        one = Row(
            1,
            tuple(
                Message(
                    m.role, m.content, i == turns[0], m.tool_calls, m.reasoning, m.name, m.call_id
                )
                for i, m in enumerate(row.messages)
            ),
            row.tools,
        )
        whole, first = encode(row, tokenizer), encode(one, tokenizer)
        if len(turns) > 1 and family != "glm4moe":  # nothing closes its last answer if untrained
            assert first.ids == whole.ids, name
        assert runs(tokenizer, first) == runs(tokenizer, whole)[:1], name


def test_a_prompt_is_how_its_row_begins(family: str, of_family: Any) -> None:
    tokenizer = of_family(family)
    for name, row in rows_of(family).items():
        last = len(row.messages) - 1
        prompt = encode_prompt(row.messages[:last], tokenizer, tools=row.tools)
        template = Template(tokenizer, family)
        text = template.apply(row, last, tokenize=False, add_generation_prompt=True)
        assert tokenizer.decode(prompt) == tokenizer.decode(template.ids(text)), name
        encoded = encode(row, tokenizer)
        if FAMILIES[family].opens:
            assert list(encoded.ids[: len(prompt)]) == prompt, name
            assert encoded.labels[len(prompt)] != MASKED, name


def test_each_trained_turn_ends_where_the_answering_stops(family: str, of_family: Any) -> None:
    tokenizer = of_family(family)
    for name, row in rows_of(family).items():
        encoded = encode(row, tokenizer)
        ends = [
            label
            for label, after in pairwise((*encoded.labels, MASKED))
            if label != MASKED and after == MASKED
        ]
        assert len(ends) == sum(m.trained for m in row.messages), name
        stops = [id_ in end_ids(tokenizer) for id_ in ends]
        # gpt-oss ends an earlier answer with what also ends its thinking.
        assert all(stops[-1:] if family == "gptoss" else stops), name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("smollm2", ["<|im_end|>"]),
        ("llama3_1", ["<|eot_id|>"]),
        ("gemma", ["<end_of_turn>", "<eos>"]),
        ("phi3", ["<|end|>", "<|endoftext|>"]),
        ("gptoss", ["<|return|>", "<|call|>"]),
        ("glm4moe", ["<|endoftext|>", "<|user|>", "<|observation|>"]),
        ("gemma4", ["<turn|>", "<|tool_response>", "<eos>"]),
        ("cohere2", ["<|END_OF_TURN_TOKEN|>"]),
        ("lfm2", ["<|im_end|>"]),
    ],
)
def test_where_the_answering_stops(name: str, expected: list[str], of_family: Any) -> None:
    tokenizer = of_family(name)
    assert tokenizer.convert_ids_to_tokens(list(end_ids(tokenizer))) == expected


def control_ids(tokenizer: Any, name: str) -> set[int]:
    """A family's control tokens, those too that are not called special but begin turns."""
    family = FAMILIES[name]
    marks = [t for t in family.added if t.startswith(("<｜User", "<｜Ass", "<|USER", "<|CHATBOT"))]
    found = tokenizer.convert_tokens_to_ids([*family.special, family.eos, *marks])
    return {*found, *tokenizer.all_special_ids} - {tokenizer.unk_token_id}


def test_typed_control_tokens_stay_text(family: str, of_family: Any) -> None:
    """A row full of control tokens has those of the same row without, and no more."""
    tokenizer = of_family(family)
    controls = control_ids(tokenizer, family)
    names = tokenizer.convert_ids_to_tokens(sorted(controls))
    typed = f"a {' b '.join(names)} c{names[0]}"
    if family == "gptoss":  # its template refuses its own channels in an answer
        typed = typed.replace("<|channel|>", "")
    if family == "gemma4":  # it takes its thinking out of an answer
        typed = typed.replace("<|channel>", "").replace("<channel|>", "")
    for name, row in rows_of(family).items():
        found = encode(with_texts(row, typed), tokenizer)
        tame = encode(with_texts(row, "a b c"), tokenizer)
        assert [i for i in found.ids if i in controls] == [i for i in tame.ids if i in controls], (
            name
        )
        assert sum(label in controls for label in found.labels) == sum(
            label in controls for label in tame.labels
        ), name
        assert tokenizer.decode(list(found.ids)).count(typed) >= len(row.messages), name
        prompt = encode_prompt(with_texts(row, typed).messages[:-1], tokenizer, tools=row.tools)
        known = encode_prompt(with_texts(row, "a b c").messages[:-1], tokenizer, tools=row.tools)
        assert [i for i in prompt if i in controls] == [i for i in known if i in controls], name


def with_texts(row: Row, text: str) -> Row:
    """The row with this text in every place where a user writes one."""
    arguments = json.dumps({"city": text, "days": 3}, ensure_ascii=False)
    described = json.loads(json.dumps(WEATHER))
    described["function"]["description"] = text
    described["function"]["parameters"]["properties"]["city"]["description"] = text
    messages = tuple(
        Message(
            m.role,
            text if m.content else "",
            m.trained,
            tuple(ToolCall(c.name, arguments, c.id) for c in m.tool_calls),
            text if m.reasoning else "",
            m.name,
            m.call_id,
        )
        for m in row.messages
    )
    tools = (json.dumps(described, ensure_ascii=False),) if row.tools else ()
    return Row(row.number, messages, tools)


def test_what_a_template_leaves_out_is_refused_by_name(family: str, of_family: Any) -> None:
    kind, tokenizer = FAMILIES[family], of_family(family)
    missing = {
        "system": (kind.system, Row(3, (SYSTEM, *PLAIN)), "system|System"),
        "tools": (kind.tools, Row(3, PLAIN, TOOLS), "'tools'.*Choose a base made for tools"),
        "calls": (kind.calls, Row(3, CALLS[:2]), "'tool_calls'.*Choose a base made for tools"),
        "reasoning": (kind.thinks, Row(3, THINKS), "'reasoning'"),
        "tool": (kind.tool_turns, Row(3, (PLAIN[0], PLAIN[1], RAINS, PLAIN[1])), "tool"),
    }
    for name, (renders, row, words) in missing.items():
        if name == "tool" and kind.calls:
            continue  # without a call before it, it has no place there
        if renders:
            assert encode(row, tokenizer).trained, name
        else:
            with pytest.raises(DataError, match=rf"^row 3: .*(?:{words})"):
                encode(row, tokenizer)


def test_reasoning_of_an_earlier_answer_may_be_left_out(of_family: Any) -> None:
    turns = (*THINKS, asked("x"), answer("Purr.", reasoning="So."))
    for name in ("qwen3", "glm4moe", "gptoss"):
        tokenizer = of_family(name)
        first, last = runs(tokenizer, encode(Row(1, turns), tokenizer))
        assert "Hm" not in first and "So." in last
        # As what was said before, it is no part of the question either.
        encode_prompt(turns[:3], tokenizer)


def test_text_beside_a_call_that_is_left_out(of_family: Any) -> None:
    row = Row(4, (asked("a"), answer("Let me see.", tool_calls=(CALL,))))
    assert "Let me see." in runs(of_family("qwen3"), encode(row, of_family("qwen3")))[0]
    with pytest.raises(DataError, match=r"row 4: .*does not render 'content'.*beside a call"):
        encode(row, of_family("llama3_1"))


def test_a_second_call_that_is_left_out(of_family: Any) -> None:
    """gpt-oss renders the first call of a turn only, Llama refuses a second."""
    row = Row(4, (asked("a"), answer("", tool_calls=(CALL, ToolCall("add", '{"a": 1}')))))
    assert encode(row, of_family("qwen2_5")).trained
    with pytest.raises(DataError, match="does not render 'tool_calls'"):
        encode(row, of_family("gptoss"))
    with pytest.raises(DataError, match="single tool-calls"):
        encode(row, of_family("llama3_1"))


def test_calls_without_texts_in_their_arguments(of_family: Any) -> None:
    """Nothing to look for behind the function's name: the end of the turn is found all the same."""
    for name in (
        "qwen3",
        "llama3_1",
        "gptoss",
        "glm4moe",
        "lfm2",
        "mistral",
        "gemma4",
        "deepseekv3",
    ):
        tokenizer = of_family(name)
        for arguments in ("{}", '{"n": 1, "deep": {"list": [true, null]}}'):
            call = ToolCall("get_time", arguments, "abcdefghi")
            turns = (asked("a"), answer("", tool_calls=(call,)))
            (only,) = runs(tokenizer, encode(Row(1, turns), tokenizer))
            (first, last) = runs(tokenizer, encode(Row(1, (*turns, RAINS, answer("b"))), tokenizer))
            assert "get_time" in only and "get_time" in first and "b" in last
            if name != "glm4moe":
                assert only.endswith(first)  # Qwen3 thinks in the last turn only
            assert "rains" not in first + last, name
