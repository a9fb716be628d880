"""Objects that are written in cells of text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ft_magics.data.bodies.cells import is_missing, unpacked

TURNS = [{"role": "user", "content": 'it\'s "so"'}]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("messages", json.dumps(TURNS), TURNS),
        ("messages", repr(TURNS), TURNS),
        ("chosen", f" {json.dumps(TURNS)}", TURNS),
        ("rejected", '{"from": "gpt", "value": "x"}', {"from": "gpt", "value": "x"}),
        ("input", json.dumps({"messages": TURNS}), {"messages": TURNS}),
        ("tools", '[{"type": "function"}]', [{"type": "function"}]),
        ("history", '[["a", "b"]]', [["a", "b"]]),
    ],
)
def test_objects_are_read(key: str, text: str, value: Any) -> None:
    assert unpacked(key, text) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("completion", '{"city": "Paris"}'),
        ("completion", "[1, 2]"),
        ("prompt", "[INST] hi"),
        ("messages", "[not json"),
        ("messages", "[" * 5000),
        ("messages", '["\\d" + 1]'),
        ("messages", "[__import__('os')]"),
        ("user", json.dumps(TURNS)),
        ("chosen", "[]"),
    ],
)
def test_everything_else_stays_text(key: str, text: str) -> None:
    assert unpacked(key, text) == text


def test_what_is_missing() -> None:
    assert is_missing("system", " ") and is_missing("tools", "")
    assert not is_missing("system", "x") and not is_missing("assistant", "")


def test_an_array_that_pandas_wrote() -> None:
    # From parquet a list of messages comes as an array, and goes to CSV without commas.
    import numpy as np

    turns = [
        {"content": "one } { two\n {three", "role": "user", "n": None},
        {"content": "it's a rather long answer that fills a line by itself", "role": "assistant"},
    ]
    written = str(np.array(turns, dtype=object))
    assert "," not in written.partition("}\n")[2].partition("{")[0]
    assert unpacked("messages", written) == turns
