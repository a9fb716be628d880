"""What is written in a format and read back is the same row; what has no place is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from ft_magics.data import Message, Row
from ft_magics.data.formats import FORMATS, cell_record, exported
from ft_magics.data.kinds import shape_row
from ft_magics.data.rows import AnyRow
from ft_magics.errors import DataError, SettingError
from ft_magics.spec import FORMATS as NAMES
from row_strategies import any_row

ASK, SAY = Message("user", "a"), Message("assistant", "b", trained=True)


def written(row: AnyRow, format: str) -> dict[str, Any] | None:
    """The row in a format; None if it refuses the row."""
    try:
        (line,) = exported([row], format)
    except DataError as error:
        assert f"{format} has no place for" in str(error)
        return None
    return json.loads(line)


def read(record: dict[str, Any]) -> AnyRow:
    row, problems = shape_row(record, 1)
    assert row is not None and problems == []
    return row


def test_the_names_are_those_of_the_settings() -> None:
    assert tuple(FORMATS) == NAMES


@pytest.mark.parametrize("second", NAMES)
@pytest.mark.parametrize("first", NAMES)
@settings(max_examples=25, deadline=None)
@given(row=any_row())
def test_each_pair_of_formats_gives_the_row_back(first: str, second: str, row: AnyRow) -> None:
    there = written(row, first)
    if there is None:
        return
    assert read(there) == row
    on = written(read(there), second)
    if on is not None:
        assert read(on) == row


@settings(max_examples=100, deadline=None)
@given(row=any_row())
def test_messages_hold_every_row_but_preferences_with_gaps(row: AnyRow) -> None:
    assert written(row, "messages") is not None


@settings(max_examples=100, deadline=None)
@given(row=any_row())
def test_a_cell_holds_every_row_that_has_a_place(row: AnyRow) -> None:
    assert read(json.loads(json.dumps(cell_record(row)))) == row


def test_how_a_plain_row_looks() -> None:
    row = Row(1, (Message("system", "s"), ASK, SAY))
    assert written(row, "messages") == {
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
        ]
    }
    assert written(row, "prompt-completion") == {"system": "s", "prompt": "a", "completion": "b"}
    assert written(row, "alpaca") == {"instruction": "a", "input": "", "system": "s", "output": "b"}
    turns = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    assert written(row, "sharegpt") == {"conversations": turns, "system": "s"}
    assert cell_record(row) == {"system": "s", "user": "a", "assistant": "b"}


def test_a_system_text_of_the_whole_set_goes_into_the_rows() -> None:
    (line,) = exported([Row(1, (ASK, SAY))], "alpaca", system="s")
    assert json.loads(line)["system"] == "s"


def test_what_has_no_place_is_told_for_all_rows_at_once() -> None:
    rows = [Row(n, (), text="t") for n in (1, 2)]
    with pytest.raises(DataError) as caught:
        list(exported(rows, "alpaca", where="%ft export"))
    assert str(caught.value) == (
        "%ft export, rows 1-2: alpaca has no place for a plain text. "
        "Nothing was written. Choose another format: messages."
    )
    with pytest.raises(SettingError, match="Did you mean 'sharegpt'"):
        list(exported(rows, "shargpt"))
