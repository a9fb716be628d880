"""Conversations that are brought into order, and nothing of them that is invented."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ft_magics.data import make_dataset
from ft_magics.data.kinds.mending import mended_turns
from ft_magics.errors import DataError


def turns(*said: str, keys: tuple[str, str] = ("role", "content")) -> list[dict[str, str]]:
    return [dict(zip(keys, text.split(": ", 1), strict=True)) for text in said]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["user: a", "user: b", "assistant: c"], ["user: a\n\nb", "assistant: c"]),
        (["user: a", "assistant: b", "assistant: c"], ["user: a", "assistant: b\n\nc"]),
        (["user: a", "assistant: b", "user: c"], ["user: a", "assistant: b"]),
        (["assistant: hi", "user: a", "assistant: b"], ["user: a", "assistant: b"]),
        (["system: s", "assistant: hi", "user: a", "assistant: b"],
         ["system: s", "user: a", "assistant: b"]),
        (["Human: a", " GPT : b"], ["user: a", "assistant: b"]),
    ],
)  # fmt: skip
def test_messages(before: list[str], after: list[str]) -> None:
    mended = mended_turns({"messages": turns(*before), "id": 3})
    assert mended is not None
    assert mended[0] == {"messages": turns(*after), "id": 3}
    made = make_dataset("faq", [{"messages": turns(*before)}], fix=("turns",))
    assert [f"{m.role}: {m.content}" for m in made.rows[0].messages] == after
    [change] = made.changes
    assert change["fix"] == "turns" and change["row"] == 1


def test_sharegpt() -> None:
    said = turns("gpt: hello", "human: a", "human: b", "gpt: c", "human: d", keys=("from", "value"))
    made = make_dataset("faq", [{"conversations": said}], fix=("turns",))
    assert [m.content for m in made.rows[0].messages] == ["a\n\nb", "c"]


@pytest.mark.parametrize(
    "values",
    [
        {"messages": turns("user: a", "assistant: b")},
        {"messages": turns("system: s", "user: a", "assistant: b")},
        {"messages": []},
        {"messages": "text"},
        {"messages": [3]},
        {"messages": turns("user: a")},
        {"messages": turns("assistant: a")},
        {"user": "a", "assistant": "b"},
    ],
)
def test_what_is_in_order_or_cannot_be_mended_stays(values: dict[str, Any]) -> None:
    assert mended_turns(values) is None


def test_turns_with_calls_are_not_joined() -> None:
    call = {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "arguments": {}}]}
    said = [*turns("user: a"), call, *turns("assistant: b")]
    assert mended_turns({"messages": said}) is None


def test_the_error_names_the_repair_only_where_it_helps() -> None:
    rows = [{"messages": turns("user: a", "user: b", "assistant: c")}]
    with pytest.raises(DataError, match=r"Join them\. --fix turns does it\."):
        make_dataset("faq", rows)
    with pytest.raises(DataError) as caught:
        make_dataset("faq", [{"messages": turns("user: a")}])
    assert "--fix" not in str(caught.value)


ROLES = st.sampled_from(["user", "assistant", "system", "tool", "human", "gpt", "User", "x"])
TURNS = st.fixed_dictionaries({"role": ROLES, "content": st.text(max_size=4) | st.none()})


@given(said=st.lists(TURNS, max_size=6))
def test_mending_comes_to_rest(said: list[dict[str, Any]]) -> None:
    mended = mended_turns({"messages": said})
    if mended is not None:
        assert mended_turns(mended[0]) is None
        assert len(mended[0]["messages"]) <= len(said)
