"""Fields under other names."""

from __future__ import annotations

import pytest

from ft_magics.data.sources import has_field, read_map, renamed
from ft_magics.errors import SettingError


def test_read_map() -> None:
    text = 'user=question, assistant = answer.0.text,system="a, b = c",'
    assert read_map(text, "here") == {
        "user": "question",
        "assistant": "answer.0.text",
        "system": "a, b = c",
    }
    assert read_map("user='it s',assistant=the answer", "x")["assistant"] == "the answer"
    assert read_map({"user": "q"}, "here") == {"user": "q"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("user", "'user' is not new=old"),
        ("user=", "not new=old"),
        ("user=a=b", "not new=old"),
        ("user=a,,b=c", "',b=c' is not new=old"),
        ("user=a,user=b", "'user' twice"),
        ("", "names no field"),
        ({"user": 5}, "names no field"),
    ],
)
def test_what_is_no_map(given: object, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        read_map(given, "here")  # type: ignore[arg-type]


def test_renamed() -> None:
    row = {"question": "a", "answer": "b", "id": 1}
    assert renamed(row, {"user": "question"}) == {"user": "a", "answer": "b", "id": 1}
    assert renamed(row, {"answer": "question", "question": "answer"}) == {
        "answer": "a",
        "question": "b",
        "id": 1,
    }
    assert renamed(row, {"user": "gone"}) == row
    assert renamed(row, {"a": "id", "b": "id"}) == {"question": "a", "answer": "b", "a": 1, "b": 1}
    assert row == {"question": "a", "answer": "b", "id": 1}, "the row itself stays"


def test_paths_lead_into_objects_unless_a_field_has_the_name() -> None:
    row = {"data": {"q": {"text": "a"}, "answers": [{"text": "b"}]}, "x.y": 1, "x": {"y": 2}}
    mapped = renamed(row, {"user": "data.q.text", "assistant": "data.answers.0.text", "n": "x.y"})
    assert mapped == {"x": {"y": 2}, "user": "a", "assistant": "b", "n": 1}
    assert has_field(row, "data.answers.0") and has_field(row, "x.y")
    assert not has_field(row, "data.answers.1") and not has_field(row, "data.q.text.more")
