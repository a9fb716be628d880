"""JSON files whose rows stand within an object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ft_magics.data.bodies import RowProblem
from ft_magics.data.sources.wrapped_rows import json_file_rows
from ft_magics.errors import DataError

ROWS = [{"user": "a", "x": [{"y": 1}]}, {"user": "b"}]


def read(text: str, split: str | None = None, size: int = 1000) -> tuple[list[Any], list[str]]:
    told: list[str] = []
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    rows = json_file_rows(pieces, "x.json", "here", split, lambda *note: told.append(note[1]))
    return list(rows), told


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize(
    "around",
    [
        {"data": ROWS},
        {"version": 1.5, "about": {"by": "us"}, "rows": ROWS, "end": [1, {"x": None}], "n": -12},
        {"name": 'a "quoted" {', "train": ROWS},
    ],
)
def test_one_list(around: dict[str, Any], size: int) -> None:
    assert read(json.dumps(around), size=size) == (ROWS, [])
    assert read(json.dumps(around, indent=2), size=size) == (ROWS, [])


def test_several_lists() -> None:
    text = json.dumps({"train": ROWS, "test": ROWS[:1]})
    assert read(text) == (ROWS, ["x.json: the list 'test' was not read"])
    assert read(text, "test") == (ROWS[:1], [])
    with pytest.raises(DataError, match=r"no list 'tset'\. Did you mean 'test'"):
        read(text, "tset")
    with pytest.raises(DataError, match=r"several lists of rows: 'a' and 'b'\. Name one"):
        read(json.dumps({"a": ROWS, "b": ROWS}))


@pytest.mark.parametrize(
    "rows",
    [
        [{"messages": [{"role": "user"}]}],
        [{"id": 1, "conversations": [{"from": "human"}]}],
        [{"turnlist": [{"role": "user"}]}, {"turnlist": []}],
        [{"x": []}],
        [],
    ],
)
def test_rows_that_hold_lists_are_rows(rows: list[Any]) -> None:
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    assert read(text) == (rows, [])
    assert read(json.dumps(rows)) == (rows, [])
    with pytest.raises(DataError, match="has no splits"):
        read(text, "train")


def test_a_bad_row_within_is_told_and_hides_no_other() -> None:
    text = json.dumps({"version": 1, "data": [*ROWS, {"user": "c"}, {"user": "d"}]}, indent=1)
    rows, _ = read(text.replace('"c"', "bad"))
    assert [isinstance(row, RowProblem) for row in rows] == [False, False, True, False]


def test_an_object_that_breaks_off_ends() -> None:
    long = json.dumps({"data": [*ROWS] * 5000})
    rows, _ = read(long + "junk")
    assert len(rows) == 10_001 and "'junk' is not an object" in rows[-1].text
    rows, _ = read(long[:-1] + ', "more": oh no')
    assert len(rows) == 10_001 and "breaks off" in rows[-1].text


def test_a_file_of_one_row_a_line_has_nothing_around_its_rows() -> None:
    # Axolotl's template-free rows, of which a file may hold just one.
    row = {"id": 1, "parts": [{"label": True, "text": "a"}]}
    text = f"{json.dumps(row)}\n"
    pieces = iter([text])
    rows = json_file_rows(pieces, "x.jsonl", "here", None, lambda *note: None, whole=False)
    assert list(rows) == [row]
    assert read(json.dumps({"id": 1, "segments": row["parts"]})) == (
        [{"id": 1, "segments": row["parts"]}],
        [],
    )


@pytest.mark.parametrize("orient", ["columns", "index", "split", "table", "values"])
def test_what_pandas_writes_unless_told_otherwise(orient: Any) -> None:
    import pandas as pd

    frame = pd.DataFrame([{"user": "a", "assistant": "b"}, {"user": "c", "assistant": "d"}])
    with pytest.raises(DataError, match=r'here, x\.json is a table .* to_json.*orient="records"'):
        read(frame.to_json(orient=orient))
    assert len(read(frame.to_json(orient="records"))[0]) == 2
    assert len(read(frame.to_json(orient="records", lines=True))[0]) == 2


def test_conversations_that_are_lists_are_no_table() -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert read(json.dumps([turns, turns]))[0] == [*turns, *turns]
