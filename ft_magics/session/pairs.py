"""Pairs of answers, made in a thread of their own while the pair before is read."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ft_magics.errors import NameUnknown
from ft_magics.session.answering import Pairs, Spoken, by_base, speak
from ft_magics.session.collect import Answered
from ft_magics.session.resolve import Target

if TYPE_CHECKING:
    from ft_magics.data import Message
    from ft_magics.serving import Answer
    from ft_magics.session.state import Loaded
    from ft_magics.spec import GenerateSpec

__all__ = ["Pair", "PairMaker", "Rivals"]


@dataclass(frozen=True)
class Pair:
    """Two models' answers to one prompt, in the order in which the user named the models."""

    first: Answered
    second: Answered
    warning: str = ""
    """What to know of the base they stand on; empty where all is well."""

    @property
    def same(self) -> bool:
        """Whether there is nothing to choose between."""
        return self.first.text.strip() == self.second.text.strip()


@dataclass(frozen=True)
class Rivals:
    """Two models that answer the same prompts."""

    targets: Pairs
    spec: GenerateSpec

    def answer(self, prompt: tuple[Message, ...], stop: threading.Event) -> Pair:
        """Both models' answers, in one batch where they stand on one base.

        Args:
            prompt: Up to the question, its system text included.
            stop: When it is set, the answers are not wanted any more.

        Raises:
            FtError: One of them cannot answer.
        """
        made: dict[int, Answer] = {}
        warning = ""
        for loaded, sides in by_base(self.targets):
            spoken = self._ask(loaded, sides, prompt, stop)
            made |= zip(sides, spoken.answers, strict=True)
            warning = warning or spoken.warning
        first, second = (
            Answered(prompt, made[i].text, target.title, target.version, made[i].ended)
            for i, (target, _) in enumerate(self.targets)
        )
        return Pair(first, second, warning)

    def _ask(
        self, loaded: Loaded, sides: list[int], prompt: tuple[Message, ...], stop: threading.Event
    ) -> Spoken:
        from ft_magics import data

        targets = [self.targets[i][0] for i in sides]
        for target in targets:
            _still_there(target)
        ids = data.encode_prompt(list(prompt), loaded.base.tokenizer)
        return speak(loaded, targets, [ids] * len(targets), self.spec, stop=stop)


def _still_there(target: Target) -> None:
    """Refuse to ask an adapter that was deleted since the comparison began."""
    if target.path is not None and not target.path.exists():
        remedy = "%ft undo brings it back; then say %ft prefer with the same models again."
        raise NameUnknown("prefer", f"{target.title} was deleted or renamed", remedy)


class PairMaker:
    """Makes the pairs that are asked for, one after the other; the thread ends with the last.

    Args:
        make: Gives the pair of a question; it looks at the event, which says that nobody wants
            the pair any more.
        made: Called with each question's number and pair, in the thread that made it.
        failed: Called with what went wrong, in that thread.
    """

    def __init__(
        self,
        make: Callable[[int, threading.Event], Pair],
        made: Callable[[int, Pair], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._make, self._made, self._failed = make, made, failed
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._queue: deque[int] = deque()
        self._asked: set[int] = set()
        self._working = False

    def ask(self, numbers: Iterable[int]) -> None:
        """Make these questions' pairs soon; those that were asked for before are left out."""
        with self._guard:
            fresh = [number for number in numbers if number not in self._asked]
            self._asked.update(fresh)
            self._queue.extend(fresh)
            if self._working or not self._queue or self._stop.is_set():
                return
            self._working = True
        # A daemon: the kernel may end while it works.
        threading.Thread(target=self._work, name="ft_magics prefer", daemon=True).start()

    def close(self) -> None:
        """Make nothing more; the answer in progress is dropped."""
        self._stop.set()

    def _work(self) -> None:
        while (number := self._next()) is not None:
            try:
                pair = self._make(number, self._stop)
                if not self._stop.is_set():
                    self._made(number, pair)
            except Exception as error:
                self.close()
                self._failed(error)

    def _next(self) -> int | None:
        with self._guard:
            if self._stop.is_set() or not self._queue:
                self._working = False
                return None
            return self._queue.popleft()
