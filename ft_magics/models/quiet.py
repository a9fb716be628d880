"""Silence for transformers and huggingface_hub while we load, and only for us.

They write progress bars and advice to standard error, which is the notebook. Turning that off
globally would take it from the user's own cells, so the calling thread alone is silenced, and
everything is put back.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["quiet"]

# The hook for bars is one per process: two loads at once would restore each other's.
_one_at_a_time = threading.RLock()


class _NotFrom(logging.Filter):
    """Drops what is less than an error: of one thread, and of the hub, which logs from a pool."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread

    def filter(self, record: logging.LogRecord) -> bool:
        ours = record.thread == self._thread or record.name.startswith("huggingface_hub")
        return record.levelno >= logging.ERROR or not ours


@contextlib.contextmanager
def quiet(bar: Callable[..., Any] | None = None) -> Iterator[None]:
    """Let transformers and huggingface_hub say nothing below an error in this thread.

    Args:
        bar: Takes the place of tqdm for GGUF files, so that their progress is told our way.
    """
    from transformers import modeling_gguf_pytorch_utils as gguf
    from transformers.utils import logging as theirs

    thread = threading.get_ident()
    mute = _NotFrom(thread)

    def hook(factory: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if threading.get_ident() == thread:
            return theirs.EmptyTqdm(*args, **kwargs)
        return before(factory, args, kwargs) if before else factory(*args, **kwargs)

    with _one_at_a_time:
        handlers = [
            handler
            for name in ("transformers", "huggingface_hub")
            for handler in logging.getLogger(name).handlers
        ]
        before = theirs.set_tqdm_hook(hook)
        gguf_bar, gguf.tqdm = gguf.tqdm, bar or theirs.EmptyTqdm
        for handler in handlers:
            handler.addFilter(mute)
        try:
            yield
        finally:
            for handler in handlers:
                handler.removeFilter(mute)
            gguf.tqdm = gguf_bar
            theirs.set_tqdm_hook(before)
