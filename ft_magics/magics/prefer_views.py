"""The live blind comparisons: one for each that is going on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ft_magics.widgets import Pair, PreferView

__all__ = ["PreferViews"]


class PreferViews:
    """Opens a live view for a comparison, and closes it when the comparison is over."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Any, PreferView]] = {}
        # A comparison may end in the thread that writes its answers.
        self._guard = threading.RLock()

    def open(self, preferring: Any) -> None:
        """Let a comparison be gone through, wherever its card is shown.

        Args:
            preferring: A session's `Preferring`; one that is over is left alone.
        """
        with self._guard:
            key = str(preferring.key)
            before = self._open.get(key)
            if not preferring.active or (before and before[0] is preferring):
                return
            # The same cell was run again: the place is the new one's.
            self._close(key)
            self._open[key] = (preferring, _view(preferring))
        preferring.when_ended(lambda: self._ended(preferring))

    def close(self) -> None:
        """Leave every card as it stands."""
        with self._guard:
            for key in list(self._open):
                self._close(key)

    def _ended(self, preferring: Any) -> None:
        with self._guard:
            key = str(preferring.key)
            if key in self._open and self._open[key][0] is preferring:
                self._close(key)

    def _close(self, key: str) -> None:
        if key in self._open:
            self._open.pop(key)[1].close()


def _view(preferring: Any) -> PreferView:
    from ft_magics.widgets import PreferView

    view = PreferView(
        str(preferring.key),
        lambda: _pair(preferring),
        preferring.choose,
        preferring.back,
    )
    preferring.observe(lambda *_: view.update())
    return view


def _pair(preferring: Any) -> Pair:
    """What is to be seen now. Nothing here tells which side is which model."""
    from ft_magics.widgets import Pair

    return Pair(
        judged=preferring.judged,
        total=preferring.total,
        question=preferring.question,
        system=preferring.system or "",
        left=preferring.left,
        right=preferring.right,
        waiting=preferring.waiting,
        finished=preferring.finished,
        words=preferring.words(),
        stuck=bool(preferring.error),
        problem=preferring.error or preferring.warning,
    )
