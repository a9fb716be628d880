"""The port between the session and whatever shows things: a notebook, a terminal, nothing.

The session never draws. It hands objects (a `Run`, `Answers`, an `Evaluation` …) to the front end
and says when they changed. `%load_ext ft_magics` fills the port with the live front end of
`ft_magics.magics.live`; without it, a plain script gets notices and results on standard output.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

__all__ = ["FrontEnd", "Handle", "StaticFrontEnd"]


class Handle(Protocol):
    """One thing on the screen."""

    def update(self) -> None:
        """Say that the thing changed. May come from any thread, and often: drawing is throttled."""

    def close(self) -> None:
        """Draw the last state, now, in its static form."""


class FrontEnd(Protocol):
    """What the session asks of a user interface."""

    @property
    def can_answer(self) -> bool:
        """Whether somebody is there, so that cells return at once. Read when a cell starts."""

    def show(self, thing: Any) -> Handle:
        """Show a session object. Where nobody can answer, only the last state, at `close`."""

    def notice(self, text: str) -> None:
        """Tell one line that is not part of a notebook's saved, static output."""

    def progress(self, text: str, done_bytes: int, total_bytes: int) -> None:
        """Tell how far a download or conversion is; `done_bytes == total_bytes` is its end."""


class _Nothing:
    def update(self) -> None:
        """Nothing is on the screen."""

    def close(self) -> None:
        """Nothing is on the screen."""


class StaticFrontEnd:
    """For scripts: nobody to answer, notices on standard error, results are what is returned."""

    can_answer = False

    def show(self, thing: Any) -> Handle:
        """Show nothing: a script prints what it wants of the returned object."""
        return _Nothing()

    def notice(self, text: str) -> None:
        """Write the line to standard error."""
        print(text, file=sys.stderr)

    def progress(self, text: str, done_bytes: int, total_bytes: int) -> None:
        """Write a percentage over the one before; nothing where standard error is a file."""
        if total_bytes and sys.stderr.isatty():
            end = "\n" if done_bytes >= total_bytes else ""
            print(f"\r{text} {done_bytes / total_bytes:.0%}", end=end, file=sys.stderr, flush=True)
