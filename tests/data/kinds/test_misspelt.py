"""Names of fields, and which one a misspelt one was meant to be."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data.kinds.misspelt import close_name, likeliest, own_names
from ft_magics.data.kinds.shaping import KINDS


def test_own_names() -> None:
    assert own_names({"response": "a", "system_prompt": "s"}) == {"completion": "a", "system": "s"}
    both = {"response": "a", "completion": "b"}
    assert own_names(both) == both
    for order in (["response", "completion"], ["completion", "response"]):
        values = {key: {"response": "a", "completion": None}[key] for key in order}
        assert own_names(values) == {"completion": "a"}


@pytest.mark.parametrize(
    ("values", "usual", "guess"),
    [
        ({"usr": "a", "assistant": "b"}, None, {"user": ("user", "usr")}),
        ({"prompt": "a", "reponse": "b"}, None, {"completion": ("response", "reponse")}),
        ({"prompt": "a"}, "completion", {"completion": (None, None)}),
        # Neither of two is the one; a number or a list of texts is no conversation, nor an answer.
        ({"prompt": "a", "response_0": "b", "response_1": "c"}, "completion",
         {"completion": (None, None)}),
        ({"conversation_id": 7}, None, {}),
        ({"prompt": "a", "completions": ["b"]}, "completion", {"completion": (None, None)}),
        ({"x": 1}, None, {}),
        ({}, None, {}),
    ],
)  # fmt: skip
def test_guesses(values: dict[str, Any], usual: str | None, guess: dict[str, Any]) -> None:
    assert likeliest(values, KINDS, usual) == guess


def test_close_names() -> None:
    assert close_name("Sytem", ("system", "tools")) == "system"
    assert close_name("id", ("system", "tools")) is None
