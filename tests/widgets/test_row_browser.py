"""The live browser's side in the kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ft_magics.data import DataFacts, Row
from ft_magics.data.encoding import TokenPiece
from ft_magics.data.findings import finding
from ft_magics.errors import DataError
from ft_magics.widgets import RowBrowser, RowPages, data_card, rows_key

ASK = {"view": "abc123", "turn": 4, "ask": "page", "page": 0, "check": "", "search": ""}
TOKENS = {"view": "abc123", "turn": 4, "ask": "tokens", "row": 2}


@pytest.fixture
def browser(
    data_facts: DataFacts, make_row: Callable[..., Row], make_piece: Callable[..., TokenPiece]
) -> Iterator[RowBrowser]:
    rows = tuple(make_row(i, f"What is {i}?", f"It is <{i}>.") for i in range(1, 25))
    facts = replace(data_facts, findings=(finding("style", "note", [2, 24], "style", ""),))
    pages = RowPages(rows, facts)

    def tokens(number: int) -> list[tuple[str, list[TokenPiece]]]:
        if number == 3:
            raise DataError("", "row 3: refused <b>.")
        if number > 24:
            raise ValueError(number)
        return [("chosen", [make_piece("<It>", "trained")])]

    opened = RowBrowser(rows_key("catgpt", facts.sha256), pages.page, tokens, pages.chips)
    yield opened
    opened.close()


def test_a_page(browser: RowBrowser) -> None:
    told = browser.answer({**ASK, "page": 2})
    assert told is not None
    assert (told["view"], told["turn"], told["tell"]) == ("abc123", 4, "page")
    assert (told["rows"], told["first"], told["found"], told["size"]) == (4, 20, 24, 10)
    assert told["html"].count("<tr ") == 4 and "It is &lt;24&gt;." in told["html"]
    told = browser.answer({**ASK, "check": "style", "search": "24"})
    assert told is not None and told["rows"] == 1


def test_the_tokens_of_a_row(browser: RowBrowser) -> None:
    told = browser.answer(TOKENS)
    assert told is not None and told["row"] == 2
    assert "chosen · 1 tokens" in told["html"] and "<mark>&lt;It&gt;</mark>" in told["html"]
    told = browser.answer({**TOKENS, "row": 3})
    assert told is not None and "refused &lt;b&gt;" in told["html"]
    assert browser.answer({**TOKENS, "row": 99}) is None


@pytest.mark.parametrize(
    "asked",
    [
        None, "page", 3, [], {}, {"ask": "page"},
        {**ASK, "ask": "eval"}, {**ASK, "ask": ["page"]},
        {**ASK, "page": -1}, {**ASK, "page": 10**9}, {**ASK, "page": "1"}, {**ASK, "page": True},
        {**ASK, "page": 1.5}, {**ASK, "check": "no such"}, {**ASK, "check": ["style"]},
        {**ASK, "search": None}, {**ASK, "view": "<b>"}, {**ASK, "view": "a" * 99},
        {**ASK, "view": 1}, {**ASK, "turn": -1}, {**ASK, "turn": None},
        {**TOKENS, "row": -1}, {**TOKENS, "row": 10**12}, {**TOKENS, "row": "2"},
        {**TOKENS, "row": None},
    ],
)  # fmt: skip
def test_nothing_else_is_answered(browser: RowBrowser, asked: Any) -> None:
    assert browser.answer(asked) is None


def test_a_very_long_search_is_cut(browser: RowBrowser) -> None:
    told = browser.answer({**ASK, "search": "x" * 10_000})
    assert told is not None and told["rows"] == 0


def test_rows_that_are_gone_are_told(data_facts: DataFacts) -> None:
    def lost(*_: Any) -> Any:
        raise FileNotFoundError("rows.jsonl")

    browser = RowBrowser("a-1", lost, lost, RowPages((), data_facts).chips)
    told = browser.answer(ASK)
    assert told is not None and told["tell"] == "lost"
    browser.close()


def test_the_model_has_no_view_and_the_key_of_the_card(
    browser: RowBrowser, data_facts: DataFacts
) -> None:
    model = browser._model
    assert f'data-ft-rows="{model.key}"' in data_card(data_facts)["text/html"]
    assert "initialize" in model._esm and "render" not in model._esm.split("export default")[1]
    assert [chip[0] for chip in model.chips] == ["", "style"]
    assert "http" not in model._esm and "url(" not in model._css


def test_closing_leaves_nothing(data_facts: DataFacts) -> None:
    from ipywidgets.widgets.widget import _instances

    before = set(_instances)
    pages = RowPages(data_facts.first, data_facts)
    RowBrowser("a-1", pages.page, lambda number: [], pages.chips).close()
    assert set(_instances) == before
