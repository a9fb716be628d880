"""JSON and nothing else, and the schema it fits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ft_magics.evaluation.json_answers import json_fault

CAT = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "toys": {"type": "array", "items": {"type": "string"}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "schema", "fault"),
    [
        (' {"name": "Ollie"}\n', CAT, ""),
        ("[1, 2]", True, ""),
        ("12", True, ""),
        ('```json\n{"name": "Ollie"}\n```', CAT, "is in a ``` fence: the bare JSON was asked for"),
        ("```json\n{oops\n```", CAT, "is not JSON: expecting value, at character 1"),
        ('Here it is: {"name": "Ollie"}', CAT, "has text before the JSON"),
        ('{"name": "Ollie"} Enjoy!', CAT, "has text behind the JSON"),
        ("He naps.", True, "is not JSON: expecting value, at character 1"),
        ("{'name': 'Ollie'}", True,
         "is not JSON: expecting property name enclosed in double quotes, at character 2"),
        ("", True, "is not JSON: it is empty"),
        ('{"name": NaN}', True, "is not JSON: NaN is no JSON number"),
        ("[" * 100_000, True, "is not JSON: it is nested too deeply"),
        ("{}", CAT, "does not fit the schema: 'name' is a required property"),
        ('{"name": 3}', CAT, "does not fit the schema at name: 3 is not of type 'string'"),
        ('{"name": "x", "toys": ["box", 3]}', CAT,
         "does not fit the schema at toys[1]: 3 is not of type 'string'"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_answer(answer: str, schema: Any, fault: str) -> None:
    assert json_fault(answer, schema) == fault


def test_a_schema_may_point_into_itself_and_nowhere_else() -> None:
    tree = {"$defs": {"n": {"type": "integer"}}, "type": "array", "items": {"$ref": "#/$defs/n"}}
    assert json_fault("[1]", tree) == ""
    assert "toys" not in json_fault('["x"]', tree) and json_fault('["x"]', tree)
    assert "cannot be held" in json_fault("[1]", {"$ref": "https://example.org/cat.json"})


def test_a_long_message_is_cut() -> None:
    fault = json_fault(json.dumps("x" * 5000), {"type": "integer"})
    assert len(fault) < 250 and fault.endswith("…")


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))  # fmt: skip
def test_whatever_json_writes_is_json(value: Any) -> None:
    assert json_fault(json.dumps(value), True) == ""
    assert json_fault(f"```json\n{json.dumps(value)}\n```", True).startswith("is in a")
