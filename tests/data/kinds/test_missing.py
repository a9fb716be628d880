"""Rows of no kind: the `--map` that is told makes them readable; a guess that would not is none."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ft_magics.data import Message, Preference, Row
from ft_magics.data.kinds.missing import as_map
from ft_magics.data.kinds.shaping import shape_row
from ft_magics.data.sources import read_map, renamed

ASK, SAY = Message("user", "q"), Message("assistant", "a", trained=True)
TURNS = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]


def told(values: dict[str, Any]) -> str:
    row, problems = shape_row(values, 1)
    assert row is None and problems
    return "; ".join(f"{what}. {remedy}" for what, remedy in problems)


def mapped(values: dict[str, Any]) -> tuple[str, Any]:
    """The flag that the error tells, and the row that it makes."""
    flag = re.search(r"--map (?:\"([^\"]+)\"|(\S+?))[.;]*(?:\s|$)", told(values))
    assert flag is not None, told(values)
    names = flag[1] or flag[2]
    row, problems = shape_row(renamed(values, read_map(names, "here")), 1)
    assert problems == []
    return names, row


@pytest.mark.parametrize(
    ("values", "names"),
    [
        # GSM8K, OpenOrca, MetaMath, Evol, FLAN, P3, Magicoder, ToxicChat, PaLM, TL;DR, CNN.
        ({"question": "q", "answer": "a"}, "user=question,assistant=answer"),
        ({"id": "1", "question": "q", "response": "a"}, "user=question,assistant=response"),
        ({"type": "x", "query": "q", "response": "a"}, "user=query,assistant=response"),
        ({"instruction": "q", "response": "a"}, "output=response"),
        ({"inputs": "q", "targets": "a", "task": "t"}, "user=inputs,assistant=targets"),
        ({"inputs": [1], "inputs_pretokenized": "q", "targets": [2], "targets_pretokenized": "a"},
         "user=inputs_pretokenized,assistant=targets_pretokenized"),
        ({"lang": "py", "problem": "q", "solution": "a"}, "user=problem,assistant=solution"),
        ({"user_input": "q", "model_output": "a"}, "user=user_input,assistant=model_output"),
        ({"input_text": "q", "output_text": "a"}, "user=input_text,assistant=output_text"),
        ({"prompt": "q", "label": "a"}, "completion=label"),
        ({"article": "q", "highlights": "a"}, "user=article,assistant=highlights"),
        ({"input": "q", "response": "a"}, "user=input,assistant=response"),
        ({"human": "q", "bot": "a"}, "user=human,assistant=bot"),
        ({"user": "q", "bot": "a"}, "assistant=bot"),
        ({"Question ": "q", "Answer": "a"}, "user='Question ',assistant=Answer"),
        ({"Prompt": "q", "Response": "a"}, "prompt=Prompt,response=Response"),
        ({"question": "q", "answer": {"value": "a", "aliases": []}},
         "user=question,assistant=answer.value"),
        ({"instruction": "q", "instances": [{"input": "", "output": "a"}]},
         "output=instances.0.output"),
        ({"dialog": TURNS}, "messages=dialog"),
        ({"url": "x", "body": {"model": "m", "messages": TURNS}}, "messages=body.messages"),
        ({"turns": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
         "conversations=turns"),
        ({"row_idx": 0, "row": {"user": "q", "assistant": "a"}},
         "user=row.user,assistant=row.assistant"),
    ],
)  # fmt: skip
def test_what_is_well_known_gets_the_map_that_works(values: dict[str, Any], names: str) -> None:
    assert mapped(values) == (names, Row(1, (ASK, SAY)))


@pytest.mark.parametrize(
    ("values", "names"),
    [
        # Dolly, SQuAD, text to SQL, Natural Instructions.
        ({"instruction": "q", "context": "c", "response": "a", "category": "x"},
         "input=context,output=response"),
        ({"title": "t", "context": "c", "question": "q", "answers": {"text": ["a"], "answer_start": [3]}},
         "instruction=question,input=context,output=answers.text.0"),
        ({"question": "q", "context": "c", "answer": "a"},
         "instruction=question,input=context,output=answer"),
        ({"definition": "q", "inputs": "c", "targets": "a"},
         "instruction=definition,input=inputs,output=targets"),
        ({"instruction": "q", "context": "c", "output": "a"}, "input=context"),
    ],
)  # fmt: skip
def test_what_a_question_is_about_is_not_lost(values: dict[str, Any], names: str) -> None:
    assert mapped(values) == (names, Row(1, (Message("user", "q\nc"), SAY)))


@pytest.mark.parametrize("name", ["question", "query", "input"])
def test_the_question_of_a_preference_under_another_name(name: str) -> None:
    # That both answers begin alike does not make their begin the question.
    row = {name: "q", "chosen": "It is good", "rejected": "It is bad"}
    names, read = mapped(row)
    assert names == f"prompt={name}"
    good, bad = (Message("assistant", f"It is {w}", trained=True) for w in ("good", "bad"))
    assert read == Preference(1, (ASK,), (good,), (bad,))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"prompt": "q"}, "a question without its answer"),
        ({"prompt": TURNS[:1]}, "a question without its answer"),
        ({"prompt": "q", "completions": ["a"], "labels": [True]}, "reward model of single steps"),
        ({"prompt": "q", "response_0": "a", "response_1": "b", "better_response_id": 1}, "which is better"),
        ({"conversation_a": TURNS, "conversation_b": TURNS, "winner": "tie"}, "which is better"),
        ({"question": "q", "answer": True, "passage": "p"}, "no field that is known"),
        ({"systemInstruction": {}, "contents": [{"role": "user", "parts": []}]}, "no field that is known"),
        ({"id": 1, "segments": [{"label": True, "text": "a"}]}, "no field that is known"),
        ({"from": "human", "value": "q"}, "a single message, not a row"),
        ({"text": "hi", "role": "prompter", "parent_id": None}, "a single message"),
        ({"text": "hi", "user": "U1", "ts": "1.0", "type": "message"}, "a single message"),
    ],
)  # fmt: skip
def test_what_no_map_makes_readable_gets_none(values: dict[str, Any], words: str) -> None:
    said = told(values)
    assert words in said and "=q" not in said
    assert not re.search(r"--map \w+=[\w.]", said), said


def test_one_map_gives_all_that_is_missing() -> None:
    said = told({"User": "q", "Assistant": "a"})
    assert said.count("--map user=User,assistant=Assistant.") == 2


def test_flags() -> None:
    assert as_map({"user": "q"}) == "--map user=q"
    assert as_map({"user": "my q"}) == "--map \"user='my q'\""
