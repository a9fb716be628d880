"""Runs and answers in a terminal: a progress line, and text as it comes."""

from __future__ import annotations

import sys
from typing import Any

from ft_magics.magics.render import bundle

__all__ = ["AnswerText", "ProgressLine", "terminal_handle"]


def terminal_handle(thing: Any) -> Any:
    """What shows a session object in a terminal."""
    if hasattr(thing, "monitor"):
        return ProgressLine(thing)
    return AnswerText(thing)


class ProgressLine:
    """A run: one line, rewritten in place; a new line for each tenth where that cannot be."""

    def __init__(self, run: Any) -> None:
        self.thing = run
        self._told: Any = None
        self._open = False
        self._closed = False
        if run.active:
            run.monitor.observe(self._changed, names=["step", "state", "phase"])

    def _changed(self, change: Any) -> None:
        self.update()

    def update(self) -> None:
        """Write the line anew, if it says something new."""
        from ft_magics.widgets import progress_line

        state = self.thing.monitor
        # IPython's prompt stands in the way of a line that is rewritten: it swaps sys.stdout for
        # one that keeps text back until the line ends.
        in_place = sys.stdout.isatty() and type(sys.stdout).__name__ != "StdoutProxy"
        tenth = 10 * state.step // max(1, state.total_steps)
        news = (state.state, state.phase, state.step if in_place else tenth)
        if self._closed or news == self._told:
            return
        self._told = news
        self._open = in_place
        line = progress_line(state)
        sys.stdout.write(f"\r\x1b[K{line}" if in_place else f"{line}\n")
        sys.stdout.flush()

    def close(self) -> None:
        """Write the last state, with its curve and verdict."""
        if self._closed:
            return
        self._closed = True
        if self._told is not None:
            self.thing.monitor.unobserve(self._changed, names=["step", "state", "phase"])
        sys.stdout.write(f"{chr(10) if self._open else ''}{bundle(self.thing)['text/plain']}\n")
        sys.stdout.flush()


class AnswerText:
    """Answers: one model's as it comes, several when all are there."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing
        self._written = ""
        self._closed = False

    def update(self) -> None:
        """Write what is new of a single answer."""
        columns: list[Any] = getattr(self.thing, "columns", [])
        if self._closed or len(columns) != 1:
            return
        text = columns[0].text
        if not text.startswith(self._written):
            # The run has ended, and its result answers anew.
            sys.stdout.write("\n")
            self._written = ""
        sys.stdout.write(text[len(self._written) :])
        sys.stdout.flush()
        self._written = text

    def close(self) -> None:
        """Write the rest."""
        if self._closed:
            return
        self.update()
        self._closed = True
        if self._written:
            note = self.thing.columns[0].note
            sys.stdout.write(f"\n({note})\n" if note else "\n")
        else:
            sys.stdout.write(f"{bundle(self.thing)['text/plain']}\n")
        sys.stdout.flush()
