"""Cells and lines: parse, make one call of the session, show what comes back.

Nothing heavy is imported here: `%load_ext ft_magics` costs a few milliseconds.
"""

from __future__ import annotations

from typing import Any

from ft_magics.magics.extension import Extension

__all__ = ["load_ipython_extension", "unload_ipython_extension"]

_loaded: dict[int, Extension] = {}


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext ft_magics`.

    Args:
        shell: The IPython shell.
    """
    unload_ipython_extension(shell)
    _loaded[id(shell)] = Extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext ft_magics`: everything is taken back. Runs in progress go on."""
    extension = _loaded.pop(id(shell), None)
    if extension is not None:
        extension.close()
