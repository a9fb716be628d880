"""Where converted models and remembered hashes are kept: the user's cache folder, not the notebook's."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """The folder of FT_CACHE, else `ft_magics` in XDG_CACHE_HOME, else in `~/.cache`.

    It may be deleted at any time; what is missing is made again. It is not made here.
    """
    if chosen := os.environ.get("FT_CACHE"):
        return Path(chosen).expanduser()
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root).expanduser() if root else Path.home() / ".cache") / "ft_magics"
