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


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """While the block runs, what the libraries log in this thread is not shown.

    Levels and handlers stay as they are, so that the same libraries, used by the user's own cells
    at the same time, say what they always say.
    """
    # Libraries calling each other's old names; nothing a user can act on. A narrow filter for good,
    # because `catch_warnings` swaps the filters of all threads.
    warnings.filterwarnings(
        "ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning
    )
    divert, handlers = _Divert(threading.get_ident()), _handlers()
    for handler in handlers:
        handler.addFilter(divert)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(divert)
