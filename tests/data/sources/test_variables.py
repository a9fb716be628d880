"""Rows out of the notebook's variables."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ft_magics.data import RowProblem
from ft_magics.data.sources import open_source
from ft_magics.errors import DataError

ROWS = [{"user": f"q{i}", "assistant": f"a{i}"} for i in range(2500)]
TURNS = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]


def read(what: Any, **how: Any) -> list[Any]:
    found = list(open_source(what, "here", **how).rows())
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    return [row for _, row in found]


def test_a_dataframe() -> None:
    import numpy as np
    import pandas as pd

    assert read(pd.DataFrame(ROWS)) == ROWS
    frame = pd.DataFrame(
        {
            "user": ["a", None, "c"],
            "n": [1, 2, 3],
            "x": [1.5, np.nan, 2.5],
            "when": [pd.Timestamp("2026-01-02"), pd.NaT, pd.Timestamp("2026-01-03")],
            "m": [np.array(TURNS, dtype=object), None, [{"role": "user", "name": None}]],
            "maybe": pd.array([True, None, False], dtype="boolean"),
            5: ["z", pd.NA, ""],
        },
        index=[7, 7, 9],
    )
    assert read(frame) == [
        {"user": "a", "n": 1, "x": 1.5, "when": "2026-01-02T00:00:00", "m": TURNS, "maybe": True,
         "5": "z"},
        {"n": 2},
        {"user": "c", "n": 3, "x": 2.5, "when": "2026-01-03T00:00:00", "m": [{"role": "user"}],
         "maybe": False, "5": ""},
    ]  # fmt: skip
    assert type(read(frame)[0]["n"]) is int and type(read(frame)[0]["maybe"]) is bool
    assert open_source(frame, "here").title == "a DataFrame"


def test_two_columns_of_one_name_are_refused() -> None:
    import pandas as pd

    frame = pd.DataFrame([["a", "b"]], columns=["user", "user"])
    with pytest.raises(DataError, match=r"two columns 'user'\. Rename"):
        open_source(frame, "here")


def test_arrow() -> None:
    import pyarrow as pa

    table = pa.Table.from_pylist(ROWS)
    assert read(table) == read(table.to_batches()[0]) == ROWS
    assert read(pa.RecordBatchReader.from_batches(table.schema, table.to_batches())) == ROWS


def test_data_sets() -> None:
    import datasets

    data = datasets.Dataset.from_list(ROWS)
    assert read(data) == ROWS
    assert read(data.with_format("numpy")) == ROWS
    assert read(data.to_iterable_dataset()) == ROWS
    mixed = datasets.Dataset.from_list([{"m": TURNS, "system": None}, {"m": [], "system": "s"}])
    assert read(mixed) == [{"m": TURNS}, {"m": [], "system": "s"}]


def test_a_dict_of_data_sets_needs_a_split() -> None:
    import datasets

    data = datasets.Dataset.from_list(ROWS[:2])
    other = datasets.Dataset.from_list(ROWS[2:5])
    assert read(datasets.DatasetDict({"test": other, "train": data})) == ROWS[:2]
    assert read(datasets.DatasetDict({"test": other})) == ROWS[2:5]
    both = datasets.DatasetDict({"test": other, "extra": data})
    assert read(both, split="extra") == ROWS[:2]
    assert open_source(both, "here", split="extra").title == "a DatasetDict, split extra"
    with pytest.raises(DataError, match=r"has the splits test, extra\. Name one: --split test"):
        open_source(both, "here")
    with pytest.raises(DataError, match=r"no split 'tets'\. Did you mean 'test'"):
        open_source(both, "here", split="tets")


def test_polars_like_tables() -> None:
    class Frame:  # what polars' DataFrame can do
        columns = ("user", "n")

        def iter_rows(self, *, named: bool) -> Iterator[dict[str, Any]]:
            assert named
            yield {"user": "a", "n": None}

    class Lazy:
        def collect_schema(self) -> None: ...

        def collect(self) -> Frame:
            return Frame()

    assert read(Frame()) == read(Lazy()) == [{"user": "a"}]


def test_objects_of_python() -> None:
    pair = namedtuple("pair", "user assistant")
    assert read(ROWS) == read(tuple(ROWS)) == read(row for row in ROWS) == ROWS
    assert read(ROWS[0]) == read({7: ROWS[0]}.values()) == ROWS[:1]
    assert read([pair("q0", "a0")]) == ROWS[:1]
    assert read([{"system": None, 1: (1, float("inf"))}]) == [
        {"system": None, "1": [1, float("inf")]}
    ]
    found = read([ROWS[0], "text", None])
    assert found[0] == ROWS[0]
    assert [row.text for row in found[1:]] == ["a str is not a row", "a NoneType is not a row"]
    assert all(isinstance(row, RowProblem) and row.remedy for row in found[1:])


def test_paths_are_files(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("user\na\n")
    assert read(tmp_path / "x.csv") == read(str(tmp_path / "x.csv")) == [{"user": "a"}]


@pytest.mark.parametrize("what", [None, 5, b"bytes", object()])
def test_what_holds_no_rows(what: Any) -> None:
    with pytest.raises(DataError, match=rf"a {type(what).__name__} holds no rows"):
        open_source(what, "here")


def test_no_splits_no_split() -> None:
    with pytest.raises(DataError, match="a list has no splits"):
        open_source(ROWS, "here", split="train")


def test_what_a_generator_raises_is_told_as_ours() -> None:
    def broken() -> Iterator[Any]:
        yield ROWS[0]
        raise KeyError("x")

    rows = open_source(broken(), "here").rows()
    assert next(rows) == (1, ROWS[0])
    with pytest.raises(DataError, match="reading a generator failed: KeyError: 'x'"):
        next(rows)
