"""What `%load_ext` adds to a shell, and how each part is taken back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from ft_magics.magics import port
from ft_magics.magics.completion import matcher
from ft_magics.magics.config import FtMagics
from ft_magics.magics.live import LiveFrontEnd
from ft_magics.magics.magics import FtCells
from ft_magics.magics.render import bundle
from ft_magics.magics.transform import OurLine, call_cell, drop_comments_above

__all__ = ["Extension"]

PLAIN_TYPES = (
    ("ft_magics.data.dataset", "Dataset"),
    ("ft_magics.data.golden", "GoldenSet"),
    ("ft_magics.models.facts", "BaseFacts"),
)
"""Types of layers that know no display, by name: their modules stay unimported."""


class Extension:
    """All that is added to one shell.

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.front_end = LiveFrontEnd(shell)
        self._undo: list[Callable[[], Any]] = [self.front_end.close]
        self._add_magics()
        self._add_transformers()
        self._add(shell.Completer.custom_matchers, matcher)
        self._add_displays()
        self._add_config()
        for event, callback in (
            ("pre_run_cell", self.front_end.begin_cell),
            ("post_run_cell", self.front_end.end_cell),
        ):
            shell.events.register(event, callback)
            self._undo.append(partial(shell.events.unregister, event, callback))
        port.connect(self._fill)
        self._undo.append(port.disconnect)

    def close(self) -> None:
        """Take everything back, the last thing first."""
        while self._undo:
            self._undo.pop()()

    def _add(self, to: list[Any], thing: Any, at: int | None = None) -> None:
        to.insert(len(to) if at is None else at, thing)
        self._undo.append(lambda: to.remove(thing) if thing in to else None)

    def _add_magics(self) -> None:
        manager = self.shell.magics_manager
        before = {kind: dict(table) for kind, table in manager.magics.items()}
        cells = FtCells(self.shell)
        self.shell.register_magics(cells)
        ours = {kind: tuple(table) for kind, table in FtCells.magics.items()}

        def take_back() -> None:
            manager.registry.pop(FtCells.__name__, None)
            # IPython enters every Magics object here when it is made.
            self.shell.configurables.remove(cells)
            for kind, names in ours.items():
                for name in names:
                    manager.magics[kind].pop(name, None)
                    if name in before[kind]:
                        manager.magics[kind][name] = before[kind][name]

        self._undo.append(take_back)

    def _add_transformers(self) -> None:
        manager = self.shell.input_transformer_manager
        # First of all: IPython's own would strip prompts and indentation out of our bodies.
        self._add(manager.cleanup_transforms, call_cell, 0)
        self._add(manager.cleanup_transforms, drop_comments_above, 0)
        self._add(manager.token_transformers, OurLine)

    def _add_displays(self) -> None:
        formatter = self.shell.display_formatter
        self._show_as(
            formatter.ipython_display_formatter, "ft_magics.session.objects", "Shown", self._taken
        )
        # IPython has its own text for lists and texts, and would take it before the table's.
        plain = formatter.formatters["text/plain"]
        self._show_as(plain, "ft_magics.session.objects", "AdapterTable", _pretty)
        self._show_as(plain, "ft_magics.session.objects", "Goal", _pretty)
        for module, name in PLAIN_TYPES:
            self._show_as(formatter.mimebundle_formatter, module, name, bundle)

    def _show_as(self, formatter: Any, module: str, name: str, show: Callable[..., Any]) -> None:
        formatter.for_type_by_name(module, name, show)

        def take_back() -> None:
            formatter.deferred_printers.pop((module, name), None)
            for cls in [c for c in formatter.type_printers if _named(c) == (module, name)]:
                formatter.pop(cls, None)

        self._undo.append(take_back)

    def _taken(self, thing: Any) -> None:
        """IPython's rule: a display function that gives up says so by NotImplementedError."""
        if not self.front_end.take_over(thing):
            raise NotImplementedError

    def _add_config(self) -> None:
        self.config = FtMagics(parent=self.shell)
        self.config.when_moved(lambda home: port.session().open_home(home))
        self._add(self.shell.configurables, self.config)

    def _fill(self, session: ModuleType) -> None:
        session.set_front_end(self.front_end)
        session.set_renderer(bundle)
        if self.config.home:
            session.open_home(self.config.home)


def _named(cls: type) -> tuple[str, str]:
    return (cls.__module__, cls.__name__)


def _pretty(thing: Any, printer: Any, cycle: bool) -> None:
    printer.text(bundle(thing)["text/plain"])
