"""`%config FtMagics.home`: what can be set for the whole notebook."""

from __future__ import annotations

from typing import Any

from traitlets import Unicode
from traitlets.config import Configurable

__all__ = ["FtMagics"]


class FtMagics(Configurable):
    """Settings of the extension, for `%config` and IPython's configuration files."""

    home = Unicode(
        "",
        help="Folder that everything is kept in; empty for .ft beside the notebook, or FT_HOME.",
    ).tag(config=True)

    def when_moved(self, move: Any) -> None:
        """Call this with the new home, or None for the default, when it is set."""
        self.observe(lambda change: move(change["new"] or None), names="home")
