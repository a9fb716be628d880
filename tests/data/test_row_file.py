"""Rows that stay in their file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ft_magics.data import Message, Row
from ft_magics.data.row_file import RowFile, Some, without, write_rows
from ft_magics.data.rows import AnyRow
from row_strategies import any_row


def made(count: int, first: int = 1) -> tuple[Row, ...]:
    turns = (Message("user", "é\u2028\n🐱"), Message("assistant", "x", trained=True))
    return tuple(Row(number, turns) for number in range(first, first + count))


def test_it_is_the_sequence_that_was_written(tmp_path: Path) -> None:
    rows = made(600, 3)
    assert write_rows(tmp_path / "rows", rows) == 600
    file = RowFile(tmp_path / "rows")
    assert len(file) == 600 and tuple(file) == rows and file == rows and rows[5:] != file
    assert file[0] == rows[0] and file[-1] == rows[-1] and file[599] == rows[599]
    assert tuple(file[10:20:3]) == rows[10:20:3]
    with pytest.raises(IndexError):
        file[600]


def test_rows_are_found_by_their_number(tmp_path: Path) -> None:
    rows = [*made(3, 10), *made(2, 4)]
    write_rows(tmp_path / "rows", rows)
    file = RowFile(tmp_path / "rows")
    assert [file.index_of(n) for n in (10, 12, 4, 5)] == [0, 2, 3, 4]
    with pytest.raises(ValueError):
        file.index_of(99)


def test_a_file_that_is_deleted_can_still_be_read(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", made(3))
    file = RowFile(tmp_path / "rows")
    (tmp_path / "rows").unlink()
    assert tuple(file) == made(3) and file[2].number == 3


@pytest.mark.parametrize("order", [[0, 2, 5], [5, 0, 2], []])
def test_some_rows(tmp_path: Path, order: list[int]) -> None:
    from array import array

    write_rows(tmp_path / "rows", made(8))
    for rows in (RowFile(tmp_path / "rows"), made(8)):
        some = Some(rows, array("Q", order))
        assert [row.number for row in some] == [place + 1 for place in order]
        assert len(some) == len(order) and list(some[:2]) == [made(8)[i] for i in order[:2]]


def test_without_some_numbers(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", made(8))
    kept = without(RowFile(tmp_path / "rows"), {2, 8})
    assert [row.number for row in kept] == [1, 3, 4, 5, 6, 7]
    assert without(made(3), {2}) == (made(3)[0], made(3)[2])


@given(rows=st.lists(any_row(), max_size=4))
def test_every_row_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[AnyRow]) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows"
    write_rows(path, rows)
    assert list(RowFile(path)) == rows
