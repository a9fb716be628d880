"""The next answers of a conversation: whose weights, which tokens, and why an answer ended."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ft_magics.errors import FtError, ModelError, RunError
from ft_magics.session.answering import Pairs, by_base, speak
from ft_magics.session.proof import mark
from ft_magics.session.resolve import resolve, resolve_all

if TYPE_CHECKING:
    from ft_magics.session.conversation import Reply
    from ft_magics.session.state import Loaded, Session
    from ft_magics.spec import GenerateSpec

__all__ = ["Speaker", "fill"]

log = logging.getLogger("ft_magics")


class Speaker:
    """Writes replies in a thread of its own.

    Args:
        session: Where the models are.
        where: The cell, for errors.
        tell: Called with `piece` when a reply has more text, with `state` when the phase changed.
    """

    def __init__(self, session: Session, where: str, tell: Callable[[str], None]) -> None:
        self.phase = self.warning = ""
        self._session = session
        self._where = where
        self._tell = tell
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(
        self,
        replies: Sequence[Reply],
        spec: GenerateSpec,
        ended: Callable[[FtError | None, bool], None],
    ) -> None:
        """Begin to write, and return.

        Args:
            replies: Each with its model and its prompt.
            spec: Length, temperature, top_p, seed.
            ended: Called in the thread at the end, with what went wrong and whether it was stopped.
        """
        stop = self._stop = threading.Event()

        def work() -> None:
            error: FtError | None = None
            try:
                self._speak(replies, spec, stop)
            except FtError as found:
                error = found
            except BaseException as found:
                log.debug("a chat's answer failed", exc_info=True)
                what = f"{type(found).__name__}: {found}"
                error = RunError(self._where, what, "Send it again.")
            self.phase = ""
            ended(error, stop.is_set())

        self._thread = threading.Thread(target=work, name="ft_magics chat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write no further."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until nothing is being written."""
        end_s = None if timeout_s is None else time.monotonic() + timeout_s
        # Short waits: one without a time-out cannot be interrupted on every platform.
        while self._thread is not None and self._thread.is_alive():
            if end_s is not None and time.monotonic() > end_s:
                return
            self._thread.join(0.05)

    def _speak(self, replies: Sequence[Reply], spec: GenerateSpec, stop: threading.Event) -> None:
        names = [reply.model for reply in replies]
        targets = [resolve(self._session, name, self._where) for name in names]
        choices = [t.choice for t in targets if t.choice is not None] or [self._session.choice()]
        if not all(map(self._session.is_loaded, choices)):
            self.phase = "loading the base model"
            self._tell("state")
        pairs = resolve_all(self._session, names, self._where)
        self.phase = ""
        self.warning = ""
        tell = partial(self._tell, "piece")
        self.warning = fill(pairs, replies, spec, stop, tell, self._where)


def fill(
    pairs: Pairs,
    replies: Sequence[Reply],
    spec: GenerateSpec,
    stop: threading.Event,
    tell: Callable[[], None],
    where: str,
) -> str:
    """Fill replies: those on one base in one batch, each from its own conversation.

    Args:
        pairs: Who answers, in the replies' order.
        replies: Each with its prompt.
        spec: Length, temperature, top_p, seed.
        stop: When it is set, the replies stay as far as they are.
        tell: Called when a reply has more text.
        where: The cell, for errors.

    Returns:
        What to warn of: that a base is not the one that was loaded; empty when all is well.

    Raises:
        ModelError: A conversation is longer than its model takes.
        AdapterError: An adapter does not fit its base.
    """
    warnings: list[str] = []
    for loaded, places in by_base(pairs):
        ours = [replies[i] for i in places]
        targets = [pairs[i][0] for i in places]
        prompts = [_ids(loaded, reply, where) for reply in ours]
        for reply, target in zip(ours, targets, strict=True):
            reply.note, reply.version = target.note, target.version

        def on_piece(at: int, text: str, ours: list[Reply] = ours) -> None:
            ours[at].text += text
            ours[at].state = "streaming"
            tell()

        made = speak(loaded, targets, prompts, spec, on_piece=on_piece, stop=stop)
        warnings += [made.warning] if made.warning else []
        for reply, target, slot in zip(ours, targets, made.slots, strict=True):
            mark(reply, target, slot, loaded, made.warning)
        for reply, prompt, answer in zip(ours, prompts, made.answers, strict=True):
            reply.text, reply.ended = answer.text, answer.ended
            if not answer.ended:
                _note(reply, _why(loaded, len(prompt) + answer.tokens, spec, stop))
            reply.state = "done"
        tell()
    return warnings[0] if warnings else ""


def _ids(loaded: Loaded, reply: Reply, where: str) -> list[int]:
    """A conversation as token ids.

    Raises:
        ModelError: It leaves no room for an answer.
    """
    from ft_magics import data

    ids = data.encode_prompt(reply.prompt, loaded.base.tokenizer)
    limit = loaded.base.facts.context_length
    if limit and len(ids) >= limit:
        raise ModelError(
            where,
            f"the conversation has {len(ids):,} tokens, and the model takes fewer than {limit:,}",
            "Begin a new conversation, or shorten the question or the system text.",
        )
    return ids


def _why(loaded: Loaded, tokens: int, spec: GenerateSpec, stop: threading.Event) -> str:
    """Why an answer did not end by itself."""
    if stop.is_set():
        return "stopped"
    limit = loaded.base.facts.context_length
    if limit and tokens >= limit:
        return f"cut: the conversation fills the model's {limit:,} tokens"
    return f"cut at {spec.max_new_tokens} tokens"


def _note(reply: Reply, text: str) -> None:
    reply.note = f"{reply.note}; {text}" if reply.note else text
