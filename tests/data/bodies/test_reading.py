"""Rows as people write them, and what is said when they cannot be read."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ft_magics.data import RowProblem, body_kind, read_rows
from ft_magics.errors import DataError


def objects(text: str) -> list[Any]:
    return [row for _, row in read_rows(text, "here")]


def problem(text: str) -> RowProblem:
    (found,) = [row for row in objects(text) if isinstance(row, RowProblem)]
    return found


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        ("\n  \n# only a comment\n", "empty"),
        ('# first\n\n{"a": 1}', "json"),
        ('\ufeff[{"a": 1}]', "json"),
        ("user: hi\nassistant: ho", "dialogue"),
        ("System: be kind", "dialogue"),
        ("user,assistant\nhi,ho", "csv"),
        ('"prompt", completion', "csv"),
        ("user;assistant\na;b", "csv"),
        ("user\tassistant", "csv"),
        ("user|assistant", "csv"),
        (",user,assistant\n0,a,b", "csv"),
        ("Frage,Antwort", "csv"),
        ("| a | b |", "yaml"),
        ("epochs: 3", "yaml"),
        ("trl: {a: 1, b: 2}", "yaml"),
        ("- user: hi", "yaml"),
        ("username: x", "yaml"),
        ("Hello, world, how are you?", "yaml"),
    ],
)
def test_body_kind(text: str, kind: str) -> None:
    assert body_kind(text) == kind


def test_rows_as_people_write_them() -> None:
    text = """\ufeff
# a comment, with "quotes" and {braces}
{"a": 1, "b": "x # no comment, }"},
{
  "a": 2,
  # a comment within
  "b": [1, 2,],
},   # one behind
{"a": 3} {"a": 4}
{"a": "brace } and \\" quote", "b": "https://x.y/#z,",}
"""
    assert read_rows(text, "here") == [
        (1, {"a": 1, "b": "x # no comment, }"}),
        (2, {"a": 2, "b": [1, 2]}),
        (3, {"a": 3}),
        (4, {"a": 4}),
        (5, {"a": 'brace } and " quote', "b": "https://x.y/#z,"}),
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array(indent: int | None) -> None:
    rows = [{"a": "[x]", "m": [{"role": "user"}, {"role": "b"}]}, {"a": "]"}]
    text = json.dumps(rows, indent=indent)
    assert objects(text) == rows
    assert objects(text[:-1] + ",]") == rows
    assert objects(text.replace("\n", "\r\n")) == rows


def test_rows_over_several_lines_without_indent() -> None:
    text = '{"m": [\n{"role": "user"},\n{"role": "b"}\n]}\n'
    rows = [{"m": [{"role": "user"}, {"role": "b"}]}] * 2
    assert objects(text * 2) == rows
    assert objects(text.replace("}\n]", "},\n# note\n]") * 2) == rows


def test_any_rows_come_back_in_every_layout() -> None:
    rng = random.Random(0)
    letters = 'ab #,{}[]:"\\\n\t é猫🐱\u2028'
    for _ in range(200):
        rows = [
            {
                "user": "".join(rng.choices(letters, k=9)),
                "list": [{"x": "".join(rng.choices(letters))}],
            }
            for _ in range(rng.randint(1, 4))
        ]
        lines = [
            json.dumps(r, indent=rng.choice((None, 2)), ensure_ascii=rng.random() < 0.5)
            for r in rows
        ]
        text = rng.choice(("\n", ",\n", "\n# note {\n", "\n\n", " ", "\r\n")).join(lines)
        assert objects(rng.choice(("", "# top\n")) + text + rng.choice(("", "\n", ",\n"))) == rows


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("{\"a\": 1}\n{'a': 2}", 2, 2, "single quotes"),
        ('{"a": True}', 1, 7, "Write true"),
        ('{"a": None}', 1, 7, "Write null"),
        ("{“a”: 1}", 1, 2, "straight double quotes"),
        ('{"a": "he said "hi""}', 1, 17, "quote within a text"),
        ('{"a" 1}', 1, 6, "no colon"),
        ('{"a": "x" "b": 1}', 1, 11, "comma is missing"),
        ('{"a": hello}', 1, 7, "Texts stand in quotes"),
        ('{"a": "x}\n', 1, 10, "line break"),
        ('{"a": "x}', 1, 7, "closing quote"),
        ('{"a": "\\q"}', 1, 8, "backslash"),
        ('{"a": 1', 1, 8, "Close it with }"),
        ('{"a": 1\n{"a": 2}', 1, 8, "Close it with }"),
        ('{"a": 1, "a": 2}', 1, 1, "'a' stands twice"),
        ('{"a": 1}\nhello there', 2, 1, "'hello there' is not an object"),
        ("{a: 1}", 1, 2, "Field names stand in quotes"),
    ],
)
def test_what_cannot_be_read_is_told_in_plain_words(
    text: str, line: int, column: int, words: str
) -> None:
    found = problem(text)
    assert (found.line, found.column) == (line, column)
    assert f"line {line}, column {column}" in found.text
    assert words in f"{found.text}. {found.remedy}"


def test_a_bad_row_does_not_hide_those_after_it() -> None:
    text = '{"a": 1}\n{"a": \n  "x,\n  {"deep": 1}\n{"a": 3}\n{a}\n{"a": 5}\n'
    rows = read_rows(text, "here")
    assert [n for n, _ in rows] == [1, 2, 3, 4, 5]
    assert [isinstance(r, RowProblem) for _, r in rows] == [False, True, False, True, False]


def test_hostile_texts_are_problems_not_crashes() -> None:
    deep = '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    huge = '{"a": ' + "9" * 10_000 + "}"
    for text in (deep, huge):
        assert isinstance(objects(text + '\n{"a": 1}')[0], RowProblem)
        assert objects(text + '\n{"a": 1}')[-1] == {"a": 1}
    objects('{"a": ' + ", " * 50_000)
    objects("{" * 2_000)


@pytest.mark.parametrize(
    ("bad", "problems"),
    [
        ('{"a": bad}\nhello there', 2),
        ('{"a": "open\nhello there', 2),
        ('{"a": 1\nhello there\nand "there", too', 3),
        ('{"a": 1\n\n# note\nhello there\n', 2),
        ("{a}\nhello\n{a}\nthere", 4),
        ('{"a": "open\n  which goes on", "b": 1}', 1),
        ('{\n  "a": bad,\n  "b": 2\n}\nhello there', 2),
        ("hello there\n{a}", 2),
    ],
)
def test_each_unreadable_line_is_told(bad: str, problems: int) -> None:
    rows = objects(f'{{"a": 0}}\n{bad}\n{{"a": 1}}\n')
    assert [isinstance(row, RowProblem) for row in rows] == [False, *[True] * problems, False]
    lines = [row.line for row in rows if isinstance(row, RowProblem)]
    assert lines == sorted(set(lines))


def test_a_bad_row_on_the_line_of_others_does_not_hide_them() -> None:
    rows = [{"user": "a", "x": {"user": 1}}, {"user": "b"}, {"user": "c"}]
    text = json.dumps(rows)
    for bad in ('{"user": bad}', '{"user": "open}', '{"user": "b"', "{'user': 'b'}"):
        found = objects(text.replace('{"user": "b"}', bad))
        assert [row for row in found if not isinstance(row, RowProblem)] == [rows[0], rows[2]]
        assert len(found) == 3


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("user,assistant\nhi,ho", {"user": "hi", "assistant": "ho"}),
        ("user;assistant\nhi;ho", {"user": "hi", "assistant": "ho"}),
        ("prompt: hi\ncompletion: no", {"prompt": "hi", "completion": "no"}),
        ("- user: hi\n  assistant: 1.10", {"user": "hi", "assistant": "1.10"}),
        ("Bot: x\nuser: hi", None),
        (
            "user: hi\nassistant: ho",
            {
                "messages": [
                    {"role": "user", "content": "hi"},
                    {"role": "assistant", "content": "ho"},
                ]
            },
        ),
    ],
)
def test_every_kind_of_body_is_read(text: str, row: Any) -> None:
    (found,) = objects(f"\ufeff# note\n\n{text}\n")
    assert isinstance(found, RowProblem) if row is None else found == row


@pytest.mark.parametrize("text", ["just words", "Dear cat,\nwe like you.", "# Title\nwords"])
def test_plain_text_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"%%dataset faq, the rows look like plain .*JSONL"):
        read_rows(text, "%%dataset faq")
