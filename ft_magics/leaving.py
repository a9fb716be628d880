"""Python ends while a thread still computes: the thread is halted first. Standard library only.

A thread that comes back from torch into a Python that is ending aborts the whole process, whose
exit status then says that a script or a kernel crashed.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

__all__ = ["computing", "halt", "resting"]

_PATIENCE_S = 3.0
"""How long the end waits for a piece of work; Jupyter kills a kernel after 5 s."""

_changed = threading.Condition()
_busy: set[int] = set()
_ending = threading.Event()


@contextmanager
def computing() -> Iterator[None]:
    """While this thread is in here, Python does not end before its next `halt`."""
    _attend()
    me = threading.get_ident()
    with _changed:
        outermost = me not in _busy
        _busy.add(me)
    try:
        yield
    finally:
        if outermost:
            _leave(me)


@contextmanager
def resting() -> Iterator[None]:
    """While this thread is in here, within `computing`, Python may end."""
    me = threading.get_ident()
    with _changed:
        computes = me in _busy
    _leave(me)
    try:
        yield
    finally:
        if computes:
            with _changed:
                _busy.add(me)


def halt() -> None:
    """Called between two pieces of work: once Python ends, a daemon thread sleeps here for good."""
    if _ending.is_set() and threading.current_thread().daemon:
        _leave(threading.get_ident())
        threading.Event().wait()


def _leave(thread: int) -> None:
    with _changed:
        _busy.discard(thread)
        _changed.notify_all()


@cache
def _attend() -> None:
    # Not at the import: what is registered last is called first, before torch's own.
    atexit.register(_end)


def _end() -> None:
    _ending.set()
    with _changed:
        _changed.wait_for(lambda: not _busy, timeout=_PATIENCE_S)
