"""The blind comparison, live: two answers side by side, and what is thought of them.

Nothing that the page can read tells which side is which model: the state is made of texts, counts
and words. A choice carries the number of the pair that was seen, so that a key pressed twice never
judges a pair that nobody has read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ft_magics.errors import FtError
from ft_magics.widgets.live_place import LivePlace, problem_words

__all__ = ["CHOICES", "Pair", "PreferView"]

CHOICES = ("left", "right", "tie", "skip")


@dataclass(frozen=True)
class Pair:
    """What is seen of a comparison at one moment."""

    judged: int
    total: int
    question: str
    system: str
    left: str
    right: str
    waiting: bool
    """The answers are still being written."""
    finished: bool
    words: str
    """The score: blind until it is finished."""
    stuck: bool = False
    """No more answers come."""
    problem: str = ""
    """Why they do not, or what to know of them."""


class PreferView:
    """A live comparison, wherever its card is on the screen.

    Args:
        key: What the card carries.
        now: Gives what is to be seen.
        choose: Keeps a choice, one of `CHOICES`; it is on disk when this returns.
        back: Takes the last choice back.
    """

    def __init__(
        self,
        key: str,
        now: Callable[[], Pair],
        choose: Callable[[str], object],
        back: Callable[[], object],
    ) -> None:
        self._now, self._choose, self._back = now, choose, back
        self._seen = now()
        self._number = 0
        self._problem = ""
        self._guard = threading.Lock()
        self._place = LivePlace("prefer_view", key, self._hear, pair=self._state())
        self.answer = self._place.answer

    def update(self) -> None:
        """Show what there is now. From any thread."""
        pair = None
        # Looked at outside the lock, and once more after it: who changes the state may hold its own.
        while pair != (pair := self._now()):
            with self._guard:
                before, self._seen = self._seen, pair
                if _texts(before) != _texts(pair):
                    self._number += 1
                self._place.show(pair=self._state())

    def close(self) -> None:
        """Leave the static card as it stands."""
        self._place.close()

    def _state(self) -> dict[str, Any]:
        seen = self._seen
        return {
            **asdict(seen),
            "number": self._number,
            "problem": self._problem or seen.problem,
        }

    def _hear(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        ask, what = content.get("ask"), content.get("what")
        chosen = ask == "choose" and isinstance(what, str) and what in CHOICES
        if not (chosen or ask == "back"):
            return None
        number = content.get("number")
        if isinstance(number, bool) or number != self._number:
            return {"tell": "late"}
        if (chosen and (self._seen.waiting or self._seen.stuck)) or self._seen.finished:
            return {"tell": "late"}
        self._problem = ""
        try:
            self._choose(str(what)) if chosen else self._back()
        except (FtError, OSError) as error:
            self._problem = problem_words(error)
        self.update()
        return {"tell": "kept"}


def _texts(pair: Pair) -> tuple[Any, ...]:
    """What makes it another pair to the eye."""
    return (pair.judged, pair.question, pair.left, pair.right, pair.waiting, pair.finished)
