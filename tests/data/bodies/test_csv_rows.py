"""CSV: delimiters, quotes, ragged lines, and cells that hold objects."""

from __future__ import annotations

from typing import Any

import pytest

from ft_magics.data.bodies.csv_rows import csv_rows
from ft_magics.data.bodies.row_problem import RowProblem
from ft_magics.errors import DataError


def read(text: str, **how: Any) -> list[Any]:
    return list(csv_rows([text], "here", "the rows", **how))


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_header(mark: str) -> None:
    others = "".join(m for m in ",;\t|" if m != mark)
    text = f'user{mark}assistant\n"a{mark}b"{mark}c {others} d\n'
    assert read(text) == [{"user": f"a{mark}b", "assistant": f"c {others} d"}]


def test_a_quoted_header_does_not_mislead() -> None:
    assert read('"a;b;c","d"\n1,2\n') == [{"a;b;c": "1", "d": "2"}]


def test_quotes_hold_line_breaks_and_quotes() -> None:
    text = 'user,assistant\r\n"line 1\r\n\r\nline ""2"", end","x"\r\nnext,5" disk\r\n'
    assert read(text) == [
        {"user": 'line 1\n\nline "2", end', "assistant": "x"},
        {"user": "next", "assistant": '5" disk'},
    ]


def test_blanks_behind_commas_are_only_taken_away_where_the_header_has_them() -> None:
    assert read('user, assistant\nhi, "a, b"\n') == [{"user": "hi", "assistant": "a, b"}]
    assert read("user,assistant\nhi, b\n") == [{"user": "hi", "assistant": " b"}]


def test_ragged_lines_are_told_with_line_and_column_name() -> None:
    rows = read('user,assistant,system\na,b,c\nd\n\n# a comment\n"x\ny",f,g\nh,i,j,k\n,,\n')
    assert [type(row).__name__ for row in rows] == ["dict", "RowProblem", "dict", "RowProblem"]
    assert (
        rows[1].line == 3 and "1 cell where the header has 3: no 'assistant', 'sys" in rows[1].text
    )
    assert rows[3].line == 8 and "4 cells where the header has 3" in rows[3].text
    assert "in quotes" in rows[3].remedy


def test_a_quote_that_stays_open_takes_only_its_own_line() -> None:
    text = 'user,assistant\na,b\n"c,d\n' + "".join(f"e{i},f\n" for i in range(50))
    rows = read(text)
    assert len(rows) == 52 and rows[0] == {"user": "a", "assistant": "b"}
    assert isinstance(rows[1], RowProblem) and rows[1].line == 3 and "not closed" in rows[1].text
    assert rows[-1] == {"user": "e49", "assistant": "f"}


def test_a_long_cell_is_read() -> None:
    long = "x y " * 100_000
    assert read(f'user,assistant\n"{long}",b\n') == [{"user": long, "assistant": "b"}]


def test_the_header_names_each_column_once() -> None:
    with pytest.raises(DataError, match=r"here, line 2: the header names .* 'user' twice\. Give"):
        read("# note\nuser,assistant,user\na,b,c\n")


def test_a_column_without_a_name_is_an_index() -> None:
    assert read(",user,assistant\n0,a,b\n") == [{"user": "a", "assistant": "b"}]
    assert read("#,user\n1,a\n") == [{"#": "1", "user": "a"}]


def test_empty_cells() -> None:
    text = "user,assistant,system,history\na,,,\n"
    assert read(text) == [{"user": "a", "assistant": ""}], "an empty answer is told as empty"


def test_nothing_but_a_header() -> None:
    assert read("user,assistant\n") == read("") == read("# only a note\n") == []


def test_cells_that_hold_messages() -> None:
    turns = [{"role": "user", "content": "it's"}]
    text = 'messages,label\n"[{""role"": ""user"", ""content"": ""it\'s""}]",true\n'
    assert read(text) == [{"messages": turns, "label": "true"}]


def test_a_delimiter_can_be_told() -> None:
    assert read("a,b\tc\n1,2\t3\n", delimiter="\t") == [{"a,b": "1,2", "c": "3"}]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_that_excel_puts_first(first: str) -> None:
    assert read(f"{first}\nuser;assistant\na,x;b\n") == [{"user": "a,x", "assistant": "b"}]
    assert read(f"{first}\n") == []
