"""The live browsers of rows: one for each data set whose card is in the notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.magics import port

if TYPE_CHECKING:
    from ft_magics.data import DataFacts, Dataset
    from ft_magics.widgets import RowBrowser

__all__ = ["RowBrowsers"]


class RowBrowsers:
    """Opens a browser for a data set; a newer version of it replaces the older."""

    def __init__(self) -> None:
        self._open: dict[str, RowBrowser] = {}

    def browse(self, dataset: Dataset, facts: DataFacts) -> None:
        """Let the rows of a card be paged through, wherever that card is shown.

        Args:
            dataset: The rows.
            facts: What its card was made of.
        """
        from ft_magics.widgets import RowBrowser, RowPages, rows_key

        before = self._open.pop(dataset.name, None)
        if before is not None:
            before.close()

        def tokens(number: int) -> Sequence[tuple[str, Any]]:
            return port.session().row_tokens(dataset, number, max_length=facts.max_length)

        pages = RowPages(dataset.rows, facts)
        key = rows_key(dataset.name, dataset.sha256)
        self._open[dataset.name] = RowBrowser(key, pages.page, tokens, pages.chips)

    def close(self) -> None:
        """Leave every card as it stands."""
        for browser in self._open.values():
            browser.close()
        self._open.clear()
