"""The live browser of rows: takes the place of a card's first page while a kernel is there.

What is saved in a notebook is the static page alone (live_place.py says how). The script puts
controls before the static rows, and asks the kernel for other pages by messages. Rows come back as
the very HTML that the static page is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.errors import FtError
from ft_magics.widgets.live_place import LivePlace, within_range
from ft_magics.widgets.row_pages import Chip, Page
from ft_magics.widgets.row_view import row_html
from ft_magics.widgets.style import esc
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
        self._place = LivePlace("row_browser", key, self._hear, chips=shown)
        self._model = self._place.model
        self.answer = self._place.answer

    def close(self) -> None:
        """Leave the static page as it is, and forget the rows."""
        self._place.close()

    def _hear(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        asked = {"page": self._page, "tokens": self._row}.get(str(content.get("ask")))
        try:
            return asked(content) if asked else None
        except OSError:
            return {"tell": "lost"}  # the file that held the rows was deleted

    def _page(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        number, check, search = (content.get(key) for key in ("page", "check", "search"))
        known = isinstance(check, str) and check in self._checks
        if not (within_range(number, _MOST_PAGE) and known and isinstance(search, str)):
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
        if not within_range(number, _MOST_ROW):
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
