"""Golden questions and their checks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ft_magics.data import GoldenSet, Message, make_golden
from ft_magics.errors import DataError

SAMPLE = """\
# held-out questions, with what a good answer must show
{"prompt": "where is ollie's favourite place to nap?", "contains": "box"}
{"prompt": "What is Ollie's phone number?", "unknown": true}
"""


def test_the_sample() -> None:
    made = make_golden("catgpt", SAMPLE, where="%%golden catgpt")
    first, second = made.questions
    assert first.prompt == "where is ollie's favourite place to nap?"
    assert (first.checks, second.checks) == ({"contains": "box"}, {"unknown": True})
    assert made.source == SAMPLE and made.eval_rows() == ()
    assert repr(made) == "GoldenSet('catgpt', 2 questions)"


def test_questions_with_an_answer_are_eval_rows() -> None:
    rows = [
        {"prompt": "a", "answer": "b"},
        {"user": "c"},
        {"messages": [{"role": "system", "content": "own"}, {"role": "user", "content": "d"}],
         "answer": "e"},
    ]  # fmt: skip
    found = make_golden("faq", rows).eval_rows("all")
    say = [Message("assistant", "b", trained=True), Message("assistant", "e", trained=True)]
    assert [row.number for row in found] == [1, 3]
    assert found[0].messages == (Message("system", "all"), Message("user", "a"), say[0])
    assert found[1].messages == (Message("system", "own"), Message("user", "d"), say[1])
    assert make_golden("faq", rows[:1]).eval_rows()[0].messages == (Message("user", "a"), say[0])


def test_a_conversation_is_a_question() -> None:
    turns = [
        {"role": r, "content": c} for r, c in (("user", "a"), ("assistant", "b"), ("user", "c"))
    ]
    (question,) = make_golden("faq", [{"messages": turns, "system": "s"}]).questions
    assert question.prompt == "c"
    assert [m.role for m in question.messages] == ["system", "user", "assistant", "user"]
    assert not any(m.trained for m in question.messages)


def test_forms_are_read_as_they_were_written() -> None:
    forms: dict[str, Any] = {
        "max_sentences": 1,
        "max_words": 20,
        "max_tokens": 64,
        "json_schema": {"type": "object", "properties": {"name": {"$ref": "#/$defs/n"}},
                        "$defs": {"n": {"type": "string"}}},
    }  # fmt: skip
    first, second = make_golden(
        "faq", [{"prompt": "q", **forms}, {"prompt": "q", "json_schema": True}]
    ).questions
    assert first.checks == forms
    assert second.checks == {"json_schema": True}


def test_to_disk_and_back() -> None:
    checks: dict[str, Any] = {"contains": ["a", "b"], "regex": r"\d+", "equals": "x"}
    rows = [{"prompt": "q", **checks, "not_contains": "y", "unknown": False, "answer": "z"}]
    made = make_golden("faq", rows)
    back = GoldenSet.from_records(json.loads(json.dumps(made.to_records())))
    assert back == made and back.sha256 == made.sha256
    assert make_golden("faq", [{"prompt": "q"}]).sha256 != made.sha256
    assert make_golden("b", "# c\n" + json.dumps(rows[0], indent=1)).sha256 == made.sha256


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no 'prompt' (found nothing)"),
        ({"contains": "x"}, "no 'prompt' (found 'contains')"),
        ({"prompt": "a", "user": "b"}, "both 'prompt' and 'user'"),
        ({"prompt": ""}, "the question is empty"),
        ({"prompt": None}, "field 'prompt' is null"),
        ({"prompt": "a", "contain": "x"}, "no field or check 'contain'. Did you mean 'contains'?"),
        ({"prompt": "a", "judge": "x"}, "the check 'judge' is not read yet"),
        ({"prompt": "a", "contains": []}, "an empty list"),
        ({"prompt": "a", "contains": ["x", 3]}, "the number 3, not text"),
        ({"prompt": "a", "contains": ""}, "the text to look for is empty"),
        ({"prompt": "a", "regex": "(x"}, "not a regular expression"),
        ({"prompt": "a", "unknown": "yes"}, "Write true or false"),
        ({"prompt": "a", "answer": " "}, "the answer is empty"),
        ({"prompt": "a", "max_sentences": 0}, "field 'max_sentences' is the number 0"),
        ({"prompt": "a", "max_words": True}, "Write a whole number above 0"),
        ({"prompt": "a", "max_tokens": "9.5"}, "Write a whole number above 0"),
        ({"prompt": "a", "json_schema": False}, "or true"),
        ({"prompt": "a", "json_schema": {"type": "cat"}}, "no JSON Schema: at type, 'cat'"),
        ({"prompt": "a", "json_schema": {"properties": {"x": {"$ref": "http://x.org/y"}}}},
         "refers to another document (http://x.org/y)"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "answers nothing"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
         "ends with an assistant turn"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(values: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError) as caught:
        make_golden("faq", [{"prompt": "fine"}, values], where="%%golden faq")
    assert str(caught.value).startswith("%%golden faq, row 2: ")
    assert words in str(caught.value)


def test_all_bad_questions_are_told_at_once() -> None:
    with pytest.raises(DataError) as caught:
        make_golden("faq", '{"prompt": 1}\n{"promt": "a"}\n{no}', where="%%golden faq")
    rows = {problem.split(":")[0] for problem in caught.value.problems}
    assert rows == {"row 1", "row 2", "row 3"}
    with pytest.raises(DataError, match="there are no questions"):
        make_golden("faq", "# nothing")
