"""One browser for each data set that is on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ft_magics import data
from ft_magics.magics import row_browsers
from ft_magics.magics.live import LiveFrontEnd
from ft_magics.magics.row_browsers import RowBrowsers

ROWS = '{"user": "How?", "assistant": "So."}\n{"user": "Why?", "assistant": "So."}'


@pytest.fixture
def browsers() -> Iterator[RowBrowsers]:
    opened = RowBrowsers()
    yield opened
    opened.close()


def keys(browsers: RowBrowsers) -> list[str]:
    return [browser._model.key for browser in browsers._open.values()]


def test_a_newer_version_replaces_the_older(browsers: RowBrowsers) -> None:
    first, second = (data.make_dataset("cat", rows) for rows in (ROWS, ROWS.split("\n")[0]))
    other = data.make_dataset("dog", ROWS)
    for made in (first, other, second):
        browsers.browse(made, data.describe(made))
    assert keys(browsers) == [f"dog-{other.sha256[:8]}", f"cat-{second.sha256[:8]}"]
    browsers.close()
    assert keys(browsers) == []


def test_pages_and_tokens_come_from_the_set(
    browsers: RowBrowsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    class Session:
        @staticmethod
        def row_tokens(made: Any, number: int, *, max_length: int | None) -> list[Any]:
            asked.append((made.name, number, max_length))
            return []

    monkeypatch.setattr(row_browsers.port, "session", lambda: Session)
    made = data.make_dataset("cat", ROWS)
    browsers.browse(made, data.describe(made, None, 64))
    (browser,) = browsers._open.values()
    ask = {"view": "a", "turn": 1}
    page = browser.answer({**ask, "ask": "page", "page": 0, "check": "", "search": "why"})
    assert page is not None and page["rows"] == 1
    assert browser.answer({**ask, "ask": "tokens", "row": 2}) is not None
    assert asked == [("cat", 2, 64)]


@pytest.mark.parametrize("can_answer", [True, False])
def test_only_where_somebody_can_answer(can_answer: bool) -> None:
    class Kernel:
        kernel = object()

        @staticmethod
        def get_parent() -> dict[str, Any]:
            return {"content": {"allow_stdin": can_answer}}

    front_end = LiveFrontEnd(Kernel())
    made = data.make_dataset("cat", ROWS)
    front_end.browse(made, data.describe(made))
    assert bool(keys(front_end._browsers)) == can_answer
    front_end.close()
    assert keys(front_end._browsers) == []
