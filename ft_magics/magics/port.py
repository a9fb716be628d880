"""The way to the session: imported on first use, its front end filled by the loaded extension."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

__all__ = ["connect", "disconnect", "session"]

_waiting: list[Callable[[ModuleType], None]] = []


def session() -> ModuleType:
    """`ft_magics.session`, with what the extension brings to it."""
    from ft_magics import session as module

    while _waiting:
        _waiting.pop()(module)
    return module


def connect(fill: Callable[[ModuleType], None]) -> None:
    """Fill the session's ports: now if it is imported, else when it is first used."""
    _waiting.append(fill)
    if "ft_magics.session" in sys.modules:
        session()


def disconnect() -> None:
    """Empty the session's ports."""
    _waiting.clear()
    module = sys.modules.get("ft_magics.session")
    if module is not None:
        module.set_front_end(None)
        module.set_renderer(None)
        module.open_home(None)
