"""A real IPython shell with the extension, and a session that only writes down its calls."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from ft_magics import session as real_session
from ft_magics.magics import load_ipython_extension, unload_ipython_extension


@pytest.fixture
def bare_shell(tmp_path: Any) -> Iterator[InteractiveShell]:
    """A shell without the extension, and without a history on disk."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    # IPython brings some of its own magics on first use only: all of them now.
    shell.magics_manager.load_all_lazy_magics()
    yield shell
    unload_ipython_extension(shell)
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(bare_shell: InteractiveShell) -> InteractiveShell:
    """A shell with the extension."""
    load_ipython_extension(bare_shell)
    return bare_shell


class Calls(ModuleType):
    """Stands for the session: keeps (verb, positional, named) of each call."""

    def __init__(self) -> None:
        super().__init__("ft_magics.session")
        self.made: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.results: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(real_session, name):
            raise AttributeError(name)

        def call(*args: Any, **named: Any) -> Any:
            if name not in ("set_front_end", "set_renderer", "open_home"):
                self.made.append((name, args, named))
            return self.results.get(name)

        return call


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The session that only writes down its calls."""
    import ft_magics

    fake = Calls()
    monkeypatch.setitem(sys.modules, "ft_magics.session", fake)
    monkeypatch.setattr(ft_magics, "session", fake)
    return fake
