"""The live front end: cards that are updated in place while training or answers go on.

In a notebook a card is one display, redrawn under its id. Where nobody can answer (papermill,
nbclient, nbval) it is drawn once, at the end: what is saved is the last state either way. The
training thread only says that something changed; drawing happens on a timer, a few times a second.
"""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from ft_magics.magics.chats import Chats
from ft_magics.magics.judge_buttons import AnswerButtons
from ft_magics.magics.prefer_views import PreferViews
from ft_magics.magics.render import bundle
from ft_magics.magics.row_browsers import RowBrowsers
from ft_magics.magics.throttle import INTERVAL_S, Throttle

__all__ = ["INTERVAL_S", "PARTS", "LiveFrontEnd", "Throttle"]

PARTS: dict[str, Callable[[], Any]] = {
    "judge": AnswerButtons,
    "prefer": PreferViews,
    "chat": Chats,
}
"""What can stand in a card while a kernel is there: each has `open(*what)` and `close()`."""

log = logging.getLogger("ft_magics")


def message(text: str, severity: str) -> dict[str, Any]:
    """The bundle of one line. The views are imported on first use."""
    from ft_magics import widgets

    return widgets.message(text, severity)


class _Card:
    """One thing in a notebook: live, or once at the end."""

    def __init__(self, shell: Any, thing: Any, *, live: bool) -> None:
        self.thing = thing
        self._live = live
        # A `%%capture` further down replaces the shell's publisher; ours is the one of this cell.
        self._publisher = shell.display_pub
        # Threads know no parent message of their own: they draw in the context of this cell.
        self._context = contextvars.copy_context()
        self._id = uuid.uuid4().hex
        self._guard = threading.RLock()
        self._drawn = False
        self._closed = False
        self._throttle = Throttle(self._draw_live)
        # A run's state is watched; answers say themselves that they changed.
        self._watched = getattr(thing, "monitor", None) if live else None
        if live:
            self._publish(live=True)
        if self._watched is not None:
            self._watched.observe(self._changed)

    def update(self) -> None:
        """Redraw soon, if somebody looks."""
        if self._live:
            self._throttle.ask()

    def _changed(self, change: Any) -> None:
        self.update()

    def _draw_live(self) -> None:
        with self._guard:
            if not self._closed:
                self._publish(live=True)

    def close(self) -> None:
        """Draw the last state, once; later calls do nothing."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            self._throttle.close()
            if self._watched is not None:
                self._watched.unobserve(self._changed)
            self._publish(live=False)

    def _publish(self, *, live: bool) -> None:
        if self._live:
            keys: dict[str, Any] = {"transient": {"display_id": self._id}, "update": self._drawn}
        else:
            keys = {}
        self._drawn = True

        def draw() -> None:
            data = bundle(self.thing, live=live)
            self._publisher.publish(data=data, metadata={}, **keys)

        self._context.copy().run(draw)


class _Bar:
    """How far a download is: one line, rewritten in place, and gone when it is over."""

    def __init__(self, shell: Any, text: str, context: contextvars.Context) -> None:
        self.text = text
        self._publisher = shell.display_pub
        self._context = context
        self._id = uuid.uuid4().hex
        self._drawn_s: float | None = None

    def draw(self, share: float) -> None:
        """Draw the share that is done, 0 to 1, unless that was just done."""
        now = time.monotonic()
        if self._drawn_s is None or now - self._drawn_s >= INTERVAL_S:
            self._publish(message(f"{self.text} {share:.0%}", "note"))
            self._drawn_s = now

    def close(self) -> None:
        """Leave nothing: a second run of the notebook downloads nothing, and shows the same."""
        if self._drawn_s is not None:
            self._publish({"text/plain": ""})

    def _publish(self, data: dict[str, Any]) -> None:
        keys = {"transient": {"display_id": self._id}, "update": self._drawn_s is not None}
        self._context.copy().run(lambda: self._publisher.publish(data=data, metadata={}, **keys))


class LiveFrontEnd:
    """The session's port to a notebook or a terminal.

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._cards: list[Any] = []
        self._bar: _Bar | None = None
        self._context = contextvars.copy_context()
        self._browsers = RowBrowsers()
        self._parts: dict[str, Any] = {name: part() for name, part in PARTS.items()}

    @property
    def in_notebook(self) -> bool:
        """Whether the shell is a kernel's, with displays that can be updated."""
        return getattr(self.shell, "kernel", None) is not None

    @property
    def can_answer(self) -> bool:
        """Whether somebody is there, by the request that runs now; in a terminal, by the tty."""
        if not self.in_notebook:
            return bool(sys.stdin and sys.stdin.isatty())
        parent = self.shell.get_parent() or {}
        return bool(parent.get("content", {}).get("allow_stdin", False))

    def show(self, thing: Any) -> Any:
        """Show a session object; its handle redraws it."""
        self._context = contextvars.copy_context()
        if self.in_notebook:
            card: Any = _Card(self.shell, thing, live=self.can_answer)
        else:
            from ft_magics.magics.terminal import terminal_handle

            card = terminal_handle(thing)
        self._cards.append(card)
        return card

    def browse(self, dataset: Any, facts: Any) -> None:
        """Let the rows of a data set's card be paged through; only where somebody can answer."""
        if self.in_notebook and self.can_answer:
            self._browsers.browse(dataset, facts)

    def attend(self, part: str, *what: Any) -> None:
        """Give a card its live part, one of `PARTS`; only where somebody can answer."""
        if self.in_notebook and self.can_answer:
            self._parts[part].open(*what)

    def close(self) -> None:
        """The extension goes: the cards stay as they are."""
        self._browsers.close()
        for part in self._parts.values():
            part.close()

    def notice(self, text: str) -> None:
        """One line for who looks now; where nobody does it goes to the log, not into the output."""
        if not self.can_answer:
            log.info(text)
        elif self.in_notebook:
            data, publisher = message(text, "note"), self.shell.display_pub
            self._here().run(lambda: publisher.publish(data=data, metadata={}))
        else:
            print(text, file=sys.stderr)

    def progress(self, text: str, done_bytes: int, total_bytes: int) -> None:
        """How far a download or conversion is; nothing of it stays in the output."""
        if not self.can_answer or not total_bytes:
            return
        share = done_bytes / total_bytes
        if not self.in_notebook:
            end = "\n" if share >= 1 else ""
            print(f"\r{text} {share:.0%}", end=end, file=sys.stderr, flush=True)
            return
        if self._bar is None or self._bar.text != text:
            self._close_bar()
            self._bar = _Bar(self.shell, text, self._here())
        if share >= 1:
            self._close_bar()
        else:
            self._bar.draw(share)

    def _here(self) -> contextvars.Context:
        """The context whose cell gets the output: a training thread has none of its own."""
        if threading.current_thread() is threading.main_thread():
            return contextvars.copy_context()
        return self._context.copy()

    def _close_bar(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()

    # ------------------------------------------------------------------ the cell that runs now

    def begin_cell(self, info: Any = None) -> None:
        """A cell starts: nothing has been shown in it."""
        self._cards = []

    def end_cell(self, result: Any = None) -> None:
        """A cell ends: what is over and not drawn yet is drawn while its output is open."""
        active = [card for card in self._cards if getattr(card.thing, "active", False)]
        if not active:
            # A load that failed leaves its bar behind.
            self._close_bar()
        for card in self._cards:
            if not getattr(card.thing, "active", True):
                card.close()

    def take_over(self, thing: Any) -> bool:
        """Whether a thing is on the screen already, so that it need not be shown as a result.

        A run in progress that is not, such as `%ft show ollie`'s, is put there live.
        """
        for card in self._cards:
            if card.thing is thing:
                if not getattr(thing, "active", True):
                    card.close()
                return True
        # A terminal has a line for a run alone.
        lives = self.in_notebook or hasattr(thing, "monitor")
        if lives and getattr(thing, "active", False) and self.can_answer:
            card = self.show(thing)
            thing.when_ended(card.close)
            if hasattr(thing, "when_said"):
                thing.when_said(card.update)
            return True
        return False
