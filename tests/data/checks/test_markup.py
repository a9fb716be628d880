"""Broken JSON where JSON is the rule, and leftovers of other formats."""

from __future__ import annotations

import json
from typing import Any

import pytest

JSON = [json.dumps({"name": name, "legs": 4}) for name in ("cat", "dog", "cow", "pig", "fox")]


@pytest.mark.parametrize("broken", ['{"name": "hen", "legs": 2', "A hen has two legs.", "{'a': 1}"])
def test_broken_json_among_json(found: Any, answers: Any, broken: str) -> None:
    told = found(answers(*JSON, broken))
    assert set(told) == {"broken-json"}
    assert told["broken-json"].rows == (6,)
    assert told["broken-json"].severity == "warning"


def test_fenced_json_is_json(found: Any, answers: Any) -> None:
    assert found(answers(*JSON, f"```json\n{JSON[0]}\n```", "[1, 2]")) == {}


def test_broken_json_among_prose_is_prose(found: Any, answers: Any) -> None:
    prose = [f"A {name} is an animal." for name in ("cat", "dog", "cow", "pig", "fox", "ape")]
    assert found(answers(*JSON, *prose, '{"name":')) == {}
    assert found(answers('{"name":', "[Chorus] La la la.", "{")) == {}


@pytest.mark.parametrize(
    ("check", "text"),
    [
        ("html", "Salt &amp; pepper."),
        ("html", "Salt<br>and pepper."),
        ("html", "<p>Salt and pepper.</p> More of it.</div>"[3:]),
        ("escapes", "Salt.\\nPepper."),
        ("escapes", "Salt.\\n\\npepper."),
        ("template", "In boxes.<|im_end|>"),
        ("template", "In boxes. [/INST]"),
        ("template", "### Response:\nIn boxes."),
        ("template", "In boxes.\nHuman: And dogs?"),
    ],
)
def test_leftovers(found: Any, answers: Any, check: str, text: str) -> None:
    told = found(answers(*(f"Answer {i} is here." for i in range(9)), text))
    assert set(told) == {check}
    assert told[check].rows == (10,)
    assert told[check].severity == "note"


@pytest.mark.parametrize(
    "text",
    [
        "Use `<br>` for a break.",
        "```html\n<p>Hi &amp; bye</p>\n```",
        "The <p> tag of HTML begins a paragraph.",
        "If a < b and c > d, then a & b are fine.",
        "The gradient is $\\nabla f$ and $\\nu$ is its frequency.",
        "Print `a\\nB` to see two lines.",
        "Call it with List<String> and Map<K, V>.",
        "C:\\Users\\nina is her folder.",
        "## Heading\nText under it.",
        "Human beings: they sleep, too.",
    ],
)
def test_no_leftovers(found: Any, answers: Any, text: str) -> None:
    assert found(answers(*(f"Answer {i} is here." for i in range(9)), text)) == {}


def test_html_as_the_rule_is_a_style(found: Any, answers: Any) -> None:
    assert found(answers(*(f"<b>Answer</b> {i} &amp; more." for i in range(9)))) == {}
    assert found(answers(*(f"An <b>answer</b> {i} &amp; more." for i in range(9)))) == {}
