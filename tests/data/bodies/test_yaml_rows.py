"""YAML: every scalar is text, and a bad item does not hide the others."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data.bodies.row_problem import RowProblem
from ft_magics.data.bodies.yaml_rows import yaml_rows
from ft_magics.errors import DataError


def read(text: str) -> list[Any]:
    return list(yaml_rows([text], "here", "the rows"))


def test_scalars_stay_as_they_are_written() -> None:
    words = [
        "no",
        "1.10",
        "2024-01-01",
        "0x1F",
        "1e3",
        "007",
        "~",
        "null",
        "True",
        "12:30:45",
        ".5",
    ]
    text = "".join(f"- user: {word}\n  assistant: '{word}'\n" for word in words)
    assert read(text) == [{"user": word, "assistant": word} for word in words]


@pytest.mark.parametrize(
    "text",
    [
        "- user: a\n  assistant: b\n- user: c\n  assistant: d\n",
        "  - user: a\n    assistant: b\n\n  # note\n  - user: c\n    assistant: d\n",
        "---\n- user: a\n  assistant: b\n---\n- user: c\n  assistant: d\n...\n",
        "user: a\nassistant: b\n---\n# note\nuser: c\nassistant: d\n",
        "--- {user: a, assistant: b}\n--- {user: c, assistant: d}\n",
        "-\n  user: a\n  assistant: b\n-   user: c\n    assistant: d",
        "%YAML 1.2\n---\n- {user: a, assistant: b}\n- {user: c, assistant: d}\n",
    ],
)
def test_lists_and_documents(text: str) -> None:
    rows = [{"user": "a", "assistant": "b"}, {"user": "c", "assistant": "d"}]
    assert read(text) == read(text.replace("\n", "\r\n")) == rows


def test_one_mapping_is_one_row() -> None:
    text = "prompt: |\n  one\n\n  - two\n---\ncompletion: >\n  a\n  b\n"
    assert read(text.replace("---\n", "")) == [{"prompt": "one\n\n- two\n", "completion": "a b\n"}]
    assert len(read(text)) == 2


def test_nested_values_and_written_objects() -> None:
    text = """\
- messages:
    - {role: user, content: hi}
    - role: assistant
      content: "no: really"
- messages: '[{"role": "user", "content": "hi"}]'
  system:
"""
    first, second = read(text)
    assert first["messages"][1] == {"role": "assistant", "content": "no: really"}
    assert second == {"messages": [{"role": "user", "content": "hi"}]}


def test_aliases_reach_over_rows() -> None:
    text = "- system: &s Be kind.\n  user: a\n- &r\n  system: *s\n  user: b\n- <<: *r\n  user: c\n"
    assert [row["system"] for row in read(text)] == ["Be kind."] * 3
    assert [row["user"] for row in read(text)] == ["a", "b", "c"]


def test_aliases_do_not_explode() -> None:
    text = "- a: &a0 [x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"  b{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))
    (found,) = read(text)
    assert isinstance(found, RowProblem) and "too many values" in found.text
    (found,) = read("- &a {x: *a}\n")
    assert isinstance(found, RowProblem)


def test_a_bad_item_does_not_hide_the_others() -> None:
    text = "- user: a\n  assistant: b\n- user: one: two\n- words\n- user: c\n  user: d\n- user: e\n"
    rows = read(text)
    assert [isinstance(row, RowProblem) for row in rows] == [False, True, True, True, False]
    assert [row.line for row in rows if isinstance(row, RowProblem)] == [3, 4, 6]
    assert "line 3 of the rows: a colon within a text" in rows[1].text
    assert "in quotes" in rows[1].remedy
    assert "'words' is not a row" in rows[2].text
    assert "'user' stands twice" in rows[3].text


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- user: a\n\tassistant: b\n", 2, "tab"),
        ('- user: "a\n  assistant: b\n', 2, "quote"),
        ("- user: *x\n", 1, "alias"),
        ("- user: @x\n", 1, "sign of YAML"),
        ("- user: a\n   assistant: b\n", 2, ""),
        ("- user: a\n assistant: b\n", 2, "indent"),
        ("- [a, b]\n", 1, "a list is not a row"),
        ("- ? [a]\n  : b\n", 1, "not text"),
    ],
)
def test_errors_have_a_line_and_a_remedy(text: str, line: int, words: str) -> None:
    found = next(row for row in read("\n" + text) if isinstance(row, RowProblem))
    assert found.line == line + 1
    assert words in f"{found.text} {found.remedy}" and found.remedy


def test_tags_make_no_objects() -> None:
    text = "- user: !!python/object/apply:os.getcwd []\n  assistant: !!int 5\n"
    assert read(text) == [{"user": [], "assistant": "5"}]


def test_prose_is_refused() -> None:
    with pytest.raises(DataError, match=r"here, the rows look like plain text"):
        read("Hello cat.\nHow are you?\n")
    assert read("") == read("# only a note\n") == read("---\n...\n") == []


def test_a_row_without_end_is_refused() -> None:
    with pytest.raises(DataError, match="longer than"):
        read("user: |\n" + "  word\n" * 200_000)
