"""Chats that people exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ft_magics.data.sources import Source, open_source
from ft_magics.data.sources.chat_exports import is_chat

SAMPLES = Path(__file__).parents[2] / "fixtures" / "data"


def turns(row: Any) -> list[tuple[str, str]]:
    return [(m["role"], m["content"]) for m in row["messages"]]


def notes(source: Source) -> str:
    return " | ".join(note.text for note in source.notes)


@pytest.mark.parametrize("name", ["chatgpt_export", "chatgpt_export/conversations.json"])
def test_chatgpt(name: str) -> None:
    source = open_source(SAMPLES / name, "here")
    for _ in range(2):
        rows = list(source.rows())
        assert [number for number, _ in rows] == [1, 3], "the place in the export"
        assert turns(rows[0][1]) == [
            ("user", "How do cats sleep?"),
            ("assistant", "In boxes."),
            ("user", "Is this one?"),
            ("assistant", "Yes, a box."),
        ]
        assert turns(rows[1][1])[-1] == ("assistant", "Salmon kibble.")
    told = notes(source)
    assert "left out 1 of 3 conversations, which have no answer" in told
    assert "behind the last answer of 1 of 3" in told and told.count("3 times") == 1
    assert "user.json" not in told


def test_claude() -> None:
    source = open_source(SAMPLES / "claude_export", "here")
    rows = list(source.rows())
    assert [number for number, _ in rows] == [1, 3]
    assert turns(rows[0][1]) == [("user", "How do cats sleep?"), ("assistant", "In boxes.")]
    assert turns(rows[1][1]) == [("user", "What does Ollie eat?"), ("assistant", "Salmon kibble.")]
    assert "2 times" in notes(source)


def write(tmp_path: Path, nodes: dict[str, Any], current: Any) -> Path:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([{"title": "x", "mapping": nodes, "current_node": current}]))
    return path


def node(parent: Any, role: str, text: Any, children: list[str]) -> dict[str, Any]:
    content = {"content_type": "text", "parts": [text]}
    return {"message": {"author": {"role": role}, "content": content}, "parent": parent,
            "children": children}  # fmt: skip


def test_turns_side_by_side_become_one(tmp_path: Path) -> None:
    nodes = {
        "a": node(None, "user", "one", ["b"]),
        "b": node("a", "assistant", "two", ["c"]),
        "c": node("b", "tool", "hidden", ["d"]),
        "d": node("c", "assistant", "three", []),
    }
    for current in ("d", None, "gone"):
        ((_, row),) = open_source(write(tmp_path, nodes, current), "here").rows()
        assert turns(row) == [("user", "one"), ("assistant", "two\n\nthree")]


def test_a_circle_and_broken_nodes_end(tmp_path: Path) -> None:
    nodes: dict[str, Any] = {
        "a": node("b", "user", "one", ["b"]),
        "b": node("a", "assistant", "two", ["a"]),
        "c": 5,
        "d": {"message": {"author": None, "content": None}, "parent": "c"},
    }
    for current in ("b", "d", "c"):
        rows = list(open_source(write(tmp_path, nodes, current), "here").rows())
        assert len(rows) == (current == "b")


def test_other_rows_are_no_chats() -> None:
    assert not is_chat({"messages": []}) and not is_chat({"mapping": "text", "title": "x"})
    assert not is_chat({"mapping": {"a": 1}}) and not is_chat([1])
