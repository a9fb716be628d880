"""The live browser of rows: takes the place of a card's first page while a kernel is there.

What is saved in a notebook is the static page alone. The browser is a widget model without a view,
so no output ever refers to it, and a notebook without a kernel misses nothing. The page's script
finds the static rows by their key, puts controls before them, and asks the kernel for other pages
by messages. Rows come back as the very HTML that the static page is made of.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError
from ft_magics.widgets.row_pages import Chip, Page
from ft_magics.widgets.row_view import row_html
from ft_magics.widgets.style import esc
from ft_magics.widgets.stylesheet import browser_style
from ft_magics.widgets.token_view import legend_html, tokens_html

if TYPE_CHECKING:
    from ft_magics.data.encoding import TokenPiece

__all__ = ["RowBrowser", "rows_key"]

Pages = Callable[[str, str, int], Page]
"""A filter, a search text and the page's number -> that page."""

Tokens = Callable[[int], Sequence[tuple[str, Sequence["TokenPiece"]]]]
"""A row's number -> its conversations as the model reads them, each with a title."""

_MOST_PAGE = 1_000_000
_MOST_ROW = 1_000_000_000
_MOST_SEARCH = 200
_TURN_CHARACTERS = 2_000
_TOKENS_BYTES = 400_000


def rows_key(name: str, sha256: str) -> str:
    """What a card's rows are found by: the same for the same rows under the same name."""
    return f"{name}-{sha256[:8]}"


class RowBrowser:
    """A browser for the rows of one data set, wherever its card is on the screen.

    Args:
        key: What `rows_key` gave; the card's rows carry it.
        pages: Gives a page of rows.
        tokens: Gives a row as the model reads it; raises FtError where that cannot be shown.
        chips: The filters to choose from.
    """

    def __init__(self, key: str, pages: Pages, tokens: Tokens, chips: Sequence[Chip]) -> None:
        self._pages = pages
        self._tokens = tokens
        shown = [[c.check, c.title, c.count, c.severity] for c in chips]
        self._checks = {c.check for c in chips}
        self._model = _model_class()(key=key, chips=shown)
        # A front end may hand messages to a subshell, which is another thread.
        self._guard = threading.Lock()
        self._model.on_msg(self._heard)

    def close(self) -> None:
        """Leave the static page as it is, and forget the rows."""
        self._model.on_msg(self._heard, remove=True)
        self._model.layout.close()
        self._model.close()

    def _heard(self, model: Any, content: Any, buffers: Any) -> None:
        answer = self.answer(content)
        if answer is not None:
            self._model.send(answer)

    def answer(self, content: Any) -> dict[str, Any] | None:
        """What is sent back for a message from the page.

        Args:
            content: The message; whatever it is.

        Returns:
            None for anything that is not a request for a page or for a row's tokens.
        """
        if not isinstance(content, Mapping):
            return None
        view, turn = content.get("view"), content.get("turn")
        if not (isinstance(view, str) and re.fullmatch(r"[a-z0-9]{1,16}", view)):
            return None
        if not _within(turn, _MOST_ROW):
            return None
        asked = {"page": self._page, "tokens": self._row}.get(str(content.get("ask")))
        try:
            with self._guard:
                told = asked(content) if asked else None
        except OSError:
            told = {"tell": "lost"}  # the file that held the rows was deleted
        return None if told is None else {"view": view, "turn": turn, **told}

    def _page(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        number, check, search = (content.get(key) for key in ("page", "check", "search"))
        known = isinstance(check, str) and check in self._checks
        if not (_within(number, _MOST_PAGE) and known and isinstance(search, str)):
            return None
        page = self._pages(str(check), search[:_MOST_SEARCH], int(str(number)))
        rows = (row_html(view, _TURN_CHARACTERS, whole=True) for view in page.rows)
        return {
            "tell": "page",
            "html": "".join(rows),
            "rows": len(page.rows),
            "size": page.size,
            "first": page.first,
            "found": page.found,
            "scanned": page.scanned,
            "total": page.total,
        }

    def _row(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        number = content.get("row")
        if not _within(number, _MOST_ROW):
            return None
        try:
            html = "".join(map(_tokens_part, self._tokens(int(str(number)))))
        except FtError as error:
            html = f"<p>{esc(error)}</p>"
        except ValueError:
            return None  # no row has this number
        return {"tell": "tokens", "row": number, "html": html}


def _tokens_part(part: tuple[str, Sequence[TokenPiece]]) -> str:
    title, pieces = part
    named = f"{esc(title)} · " if title else ""
    count = f"{len(pieces):,} tokens"
    legend = f"<p>{named}{count} · {legend_html(pieces)}</p>"
    return legend + tokens_html(pieces, _TOKENS_BYTES)


def _within(number: Any, most: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < most


@cache
def _model_class() -> Any:
    """The widget's class; made on first use, because importing widgets takes a while."""
    import anywidget
    import traitlets

    script = resources.files("ft_magics.widgets").joinpath("row_browser.js")

    class RowBrowserModel(anywidget.AnyWidget):  # type: ignore[misc]
        """The model that the page's script belongs to; it is never displayed."""

        _esm = script.read_text(encoding="utf-8")
        _css = browser_style()
        key = traitlets.Unicode().tag(sync=True)
        chips: Any = traitlets.List().tag(sync=True)

    return RowBrowserModel
