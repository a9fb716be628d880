"""The reader of JSON over pieces of text: cuts, long gaps, endless things."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ft_magics.data.bodies.json_rows import JsonRows
from ft_magics.data.bodies.row_problem import RowProblem


def pieces(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


TEXT = """\
# a comment, "{" within
{"a": 1, "b": "x # no, }"},

{
  "a": 2, # not a comment line, so an error
  "b": 3
}
{
  # a comment within
  "b": [1, -2.5e3, true, null, "\\u00e9\\ud83d\\ude00",],
},
{"a": bad} # behind
words {
[{"a": 3}, {"a": 4}]
{"a": "open
"""


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
def test_pieces_make_no_difference(size: int) -> None:
    found = list(JsonRows(pieces(TEXT, size)).rows())
    assert [row for row in found if not isinstance(row, RowProblem)] == [
        {"a": 1, "b": "x # no, }"},
        {"b": [1, -2500.0, True, None, "é😀"]},
        {"a": 3},
        {"a": 4},
    ]
    places = [(row.line, row.column) for row in found if isinstance(row, RowProblem)]
    assert places == [(5, 11), (12, 7), (13, 1), (15, 12)]


def test_a_comment_or_a_stray_text_of_any_length_is_passed_over() -> None:
    def endless(begin: str) -> Iterator[str]:
        yield begin
        for _ in range(200):
            yield "x" * 10_000
        yield '\n{"a": 1}'

    for begin in ("# ", "words "):
        reader = JsonRows(endless(begin))
        rows = []
        for row in reader.rows():
            rows.append(row)
            assert len(reader.text) < 100_000
        assert rows[-1] == {"a": 1} and len(rows) == 1 + (begin == "words ")


def test_a_bad_row_in_a_long_line_does_not_hide_the_others() -> None:
    rows: list[Any] = [{"user": f"question {i}", "x": [{"y": "z" * 50}]} for i in range(5000)]
    text = json.dumps(rows)
    for i, bad in ((1000, "{'user': 1}"), (2000, '{"user": "open}'), (3000, '{"user": 1, "x": [}')):
        text = text.replace(json.dumps(rows[i]), bad)
    found = list(JsonRows(pieces(text, 10_000)).rows())
    assert [i for i, row in enumerate(found) if isinstance(row, RowProblem)] == [1000, 2000, 3000]
    assert len(found) == 5000 and found[-1] == rows[-1]


def test_the_marks_of_files_that_were_joined_are_skipped() -> None:
    assert list(JsonRows(['{"a": 1}\n', '\ufeff{"a": 2}\n']).rows()) == [{"a": 1}, {"a": 2}]
    assert list(JsonRows(['{"a": 1}\n', "\0" * 9]).rows()) == [{"a": 1}]


def test_many_mended_rows_in_a_row() -> None:
    text = '{"m": [\n{"role": "user",},\n# note\n{"role": "b"},\n]\n,}\n'
    found = list(JsonRows(pieces(text * 100, 1000)).rows())
    assert found == [{"m": [{"role": "user"}, {"role": "b"}]}] * 100
