"""Keeps the libraries below from writing into whichever cell happens to run.

A line printed from a training thread lands in the output of another cell. What a user should know
comes as an event; what the libraries log goes to our own logger at debug level.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Iterator

__all__ = ["quiet"]

LIBRARIES = frozenset({"transformers", "trl", "peft", "accelerate", "datasets", "huggingface_hub"})

log = logging.getLogger("ft_magics.training")


class _Divert(logging.Filter):
    """Takes records of the libraries, logged by one thread, away from a handler."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self.thread = thread

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self.thread or record.name.split(".")[0] not in LIBRARIES:
            return True
        log.debug("%s: %s", record.name, record.getMessage())
        return False


def _handlers() -> list[logging.Handler]:
    """Every handler through which a library's record can reach the user."""
    loggers = [logging.getLogger(name) for name in ("", *sorted(LIBRARIES))]
    found = [handler for logger in loggers for handler in logger.handlers]
    if logging.lastResort is not None:
        found.append(logging.lastResort)
    return found


def _ignore_what_nobody_can_act_on() -> None:
    """Two narrow filters, for good: `catch_warnings` would swap the filters of all threads.

    PEFT calls transformers by an old name, and trl announces to its caller, which is our own
    module, what will change in its next version.
    """
    warnings.filterwarnings(
        "ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning
    )
    warnings.filterwarnings(
        "ignore", category=FutureWarning, module=r"ft_magics\.training\.methods\."
    )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """While the block runs, what the libraries log in this thread is not shown.

    Levels and handlers stay as they are, so that the same libraries, used by the user's own cells
    at the same time, say what they always say.
    """
    _ignore_what_nobody_can_act_on()
    divert, handlers = _Divert(threading.get_ident()), _handlers()
    for handler in handlers:
        handler.addFilter(divert)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(divert)
