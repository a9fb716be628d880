"""The live view of a chat: what the page may ask, and what it is told while an answer is written.

The page holds the whole conversation and is told what is new: pieces of text, turns, or the head
(all but the turns). Each telling has a number; a page that missed one asks for everything. What it
asks is checked here, and names turns by their own number, so that a button can never judge another
text than the one it stands under.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ft_magics.errors import FtError
from ft_magics.widgets.chat_card import ChatState, chat_card
from ft_magics.widgets.live_place import LivePlace, problem_words, within_range

__all__ = ["MOST_TEXT", "ChatActions", "ChatView"]

MOST_TEXT = 100_000
"""Longest question, edit or system text that is taken from the page, in characters."""

_MOST_MODELS = 16
_MOST_NUMBER = 1_000_000_000


@dataclass(frozen=True)
class ChatActions:
    """What the page can do. Each may raise an FtError, whose text is shown."""

    send: Callable[[str], Any]
    stop: Callable[[], Any]
    again: Callable[[], Any]
    """Answer the last question anew."""
    use: Callable[[Sequence[str]], Any]
    set: Callable[[Mapping[str, Any]], Any]
    """Change settings: `system`, `temperature`, `max_new_tokens`, `top_p`, `seed`."""
    reset: Callable[[], Any]
    back: Callable[[], Any]
    vote: Callable[[int, str, bool], Any]
    """A turn's number, whose answer, and whether it is good."""
    edit: Callable[[int, str, str], Any]
    better: Callable[[int, str], Any]


class ChatView:
    """A chat on the page, wherever its card is shown.

    Args:
        key: What the card carries.
        state: The conversation as it is now.
        models: The names that can be chosen, each with a few words.
        actions: What the page can do.
    """

    def __init__(
        self,
        key: str,
        state: Callable[[], ChatState],
        models: Callable[[], Sequence[tuple[str, str]]],
        actions: ChatActions,
    ) -> None:
        self._key = key
        self._state = state
        self._models = models
        self._actions = actions
        self._lock = threading.RLock()
        self._sent = _message(state())
        self._number = 0
        self._place = LivePlace("chat", key, self._hear)
        self.answer = self._place.answer

    def flush(self) -> None:
        """Tell every page what is new. From any thread."""
        with self._lock:
            now = _message(self._state())
            news = _news(self._sent, now)
            if news:
                self._number += 1
                self._sent = now
                self._place.tell({"tell": "news", "n": self._number, **news})

    def close(self) -> None:
        """Leave the static card."""
        self._place.close()

    # ------------------------------------------------------------------ what the page asks

    def _hear(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        ask = content.get("ask")
        if ask == "state":
            self.flush()
            with self._lock:
                return {"tell": "state", "n": self._number, **self._sent}
        if ask == "card":
            # A page that was loaded anew puts it into the notebook, where the kernel cannot.
            return {"tell": "card", "data": chat_card(self._state(), self._key)}
        if ask == "models":
            return {"tell": "models", "models": [list(pair) for pair in self._models()]}
        read = _READERS.get(ask) if isinstance(ask, str) else None
        said = None if read is None else read(content)
        if said is None or not self._known(ask, said):
            return None
        try:
            getattr(self._actions, str(ask))(*said)
        except (FtError, OSError) as error:
            told = {"tell": "refused", "ask": ask, "text": problem_words(error)}
        else:
            told = {"tell": "done", "ask": ask}
        self.flush()
        return told

    def _known(self, ask: Any, said: Sequence[Any]) -> bool:
        """Whether the models that are named can be chosen here."""
        if ask != "use":
            return True
        names = {name for name, _ in self._models()} | set(self._sent["head"]["models"])
        return all(name in names for name in said[0])


# ---------------------------------------------------------------------- reading messages


def _text(value: Any) -> str | None:
    """A text of the page; half surrogates, which no tokenizer takes, become a sign."""
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        return None
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _nothing(content: Mapping[str, Any]) -> tuple[()]:
    return ()


def _send(content: Mapping[str, Any]) -> tuple[str] | None:
    text = _text(content.get("text"))
    return None if text is None else (text,)


def _use(content: Mapping[str, Any]) -> tuple[list[str]] | None:
    names = content.get("models")
    if not isinstance(names, list) or not 1 <= len(names) <= _MOST_MODELS:
        return None
    return (names,) if all(isinstance(name, str) for name in names) else None


def _real(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)


_SETTINGS: dict[str, Callable[[Any], bool]] = {
    "system": lambda value: value is None or _text(value) is not None,
    "temperature": _real,
    "top_p": _real,
    "max_new_tokens": lambda value: within_range(value, _MOST_NUMBER),
    "seed": lambda value: within_range(value, _MOST_NUMBER),
}


def _set(content: Mapping[str, Any]) -> tuple[dict[str, Any]] | None:
    given = content.get("settings")
    if not isinstance(given, dict) or not given:
        return None
    sound = all(name in _SETTINGS and _SETTINGS[name](value) for name, value in given.items())
    if not sound:
        return None
    system = given.get("system")
    return (given if system is None else {**given, "system": _text(system)},)


def _reply(content: Mapping[str, Any]) -> tuple[int, str] | None:
    """Which answer: the number of its turn, and its model."""
    number, model = content.get("of"), content.get("model")
    if not within_range(number, _MOST_NUMBER) or not isinstance(model, str):
        return None
    return int(str(number)), model


def _vote(content: Mapping[str, Any]) -> tuple[int, str, bool] | None:
    reply, good = _reply(content), content.get("good")
    return None if reply is None or not isinstance(good, bool) else (*reply, good)


def _edit(content: Mapping[str, Any]) -> tuple[int, str, str] | None:
    reply, text = _reply(content), _text(content.get("text"))
    return None if reply is None or text is None else (*reply, text)


_READERS: dict[str, Callable[[Mapping[str, Any]], tuple[Any, ...] | None]] = {
    "send": _send,
    "stop": _nothing,
    "again": _nothing,
    "use": _use,
    "set": _set,
    "reset": _nothing,
    "back": _nothing,
    "vote": _vote,
    "edit": _edit,
    "better": _reply,
}


# ---------------------------------------------------------------------- telling what is new


def _message(state: ChatState) -> dict[str, Any]:
    """A state as it is sent: the turns, and the head, which is all else."""
    whole = asdict(state)
    turns = list(whole.pop("turns"))
    return {"head": {**whole, "choosing": state.choosing}, "turns": turns}


def _news(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What changed, as small as it can be: pieces for replies that only grew."""
    news: dict[str, Any] = {}
    if now["head"] != before["head"]:
        news["head"] = now["head"]
    old, new = before["turns"], now["turns"]
    if len(new) < len(old):
        news["count"] = len(new)
    turns, pieces = [], []
    for at, turn in enumerate(new):
        if at < len(old) and turn == old[at]:
            continue
        grown = _grown(old[at], turn) if at < len(old) else None
        if grown is None:
            turns.append([at, turn])
        else:
            pieces += [[at, place, text] for place, text in grown]
    return news | ({"turns": turns} if turns else {}) | ({"pieces": pieces} if pieces else {})


def _grown(before: dict[str, Any], now: dict[str, Any]) -> list[tuple[int, str]] | None:
    """What the replies of a turn have more now; None if anything else changed."""
    pieces = []
    if {**before, "replies": ()} != {**now, "replies": ()}:
        return None
    if len(before["replies"]) != len(now["replies"]):
        return None
    for place, (old, new) in enumerate(zip(before["replies"], now["replies"], strict=True)):
        if {**old, "text": ""} != {**new, "text": ""} or not new["text"].startswith(old["text"]):
            return None
        if len(new["text"]) > len(old["text"]):
            pieces.append((place, new["text"][len(old["text"]) :]))
    return pieces
