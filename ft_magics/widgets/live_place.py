"""The kernel's side of everything live: a model without a view, and messages that are checked.

What is saved in a notebook is a card's static HTML. Where a kernel is there, a model finds its place
in that HTML by an attribute that holds its key, and its script puts controls there. No output ever
refers to the model, so a notebook without a kernel misses nothing.

A live thing is three files beside each other: `NAME.js`, whose class of `Live` (live_place.js) is
mounted; `NAME.css`, where `.S` stands for the card's class; and `NAME.py`, which holds a `LivePlace`
and answers its messages. The styles of bars and buttons are in live_place.css, which all of them get.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from ft_magics.errors import FtError
from ft_magics.widgets.stylesheet import control_style

__all__ = ["LivePlace", "problem_words", "within_range"]

Hear = Callable[[Mapping[str, Any]], "dict[str, Any] | None"]
"""A message of the page -> what is sent back; None for one that is not understood."""

_MOST_TURN = 1_000_000_000


class LivePlace:
    """One model, mounted wherever a card with its key is on the screen.

    Args:
        name: Of its script and style: `row_browser`.
        key: What the card's attribute holds.
        hear: Answers a message whose `view` and `turn` are sound; all else in it is unchecked.
            It is called by one thread at a time.
        **state: What the script reads as `model.get(name)`; it must be JSON. Page and HTML can read
            all of it.
    """

    def __init__(self, name: str, key: str, hear: Hear, **state: Any) -> None:
        self._hear = hear
        # A front end may hand messages to a subshell, which is another thread.
        self._guard = threading.Lock()
        self._closed = False
        self.model = _model_class(name, tuple(sorted(state)))(key=key, **state)
        self.model.on_msg(self._heard)

    def _heard(self, model: Any, content: Any, buffers: Any) -> None:
        answer = self.answer(content)
        if answer is not None and not self._closed:
            self.model.send(answer)

    def answer(self, content: Any) -> dict[str, Any] | None:
        """What is sent back for a message from the page.

        Args:
            content: The message; whatever it is.

        Returns:
            What `hear` gave, addressed to the view that asked; None for anything unsound.
        """
        if not isinstance(content, Mapping):
            return None
        view, turn = content.get("view"), content.get("turn")
        if not (isinstance(view, str) and re.fullmatch(r"[a-z0-9]{1,16}", view)):
            return None
        if not within_range(turn, _MOST_TURN):
            return None
        with self._guard:
            told = self._hear(content)
        return None if told is None else {"view": view, "turn": turn, **told}

    def show(self, **state: Any) -> None:
        """Change what the script reads; every place is told. From any thread."""
        if self._closed:
            return
        with self.model.hold_sync():
            for name, value in state.items():
                setattr(self.model, name, value)

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send a message to every place: pieces of a text that grows. From any thread."""
        if not self._closed:
            self.model.send(dict(message))

    def close(self) -> None:
        """Take the controls away; the static card stays. Later calls do nothing."""
        if self._closed:
            return
        self._closed = True
        self.model.on_msg(self._heard, remove=True)
        self.model.layout.close()
        self.model.close()


def within_range(number: Any, most: int) -> bool:
    """Whether something the page sent is a whole number from 0 to `most`."""
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= most


def problem_words(error: FtError | OSError) -> str:
    """What went wrong, for beside the button that was pressed: no cell needs to be named there."""
    if isinstance(error, OSError):
        return f"This was not kept: {error.strerror or 'the disk refused it'}."
    text = str(error).removeprefix(f"{error.where}: ")
    return f"{text[:1].upper()}{text[1:]}"


@cache
def _model_class(name: str, state: tuple[str, ...]) -> Any:
    """The widget's class; made on first use, because importing widgets takes a while."""
    import anywidget
    import traitlets

    folder = resources.files("ft_magics.widgets")
    scripts = [folder.joinpath(f"{one}.js").read_text("utf-8") for one in ("live_place", name)]
    members: dict[str, Any] = {n: traitlets.Any().tag(sync=True) for n in ("key", *state)}
    members |= {"_esm": "\n".join(scripts), "_css": control_style(name)}
    # anywidget tells the styles of its classes apart by the name of the class.
    title = "".join(map(str.title, name.split("_")))
    return type(f"{title}Model", (anywidget.AnyWidget,), {"__module__": __name__, **members})
