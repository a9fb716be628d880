"""Chats on the screen: one live view for each, found by the cell it was opened in."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from IPython.core.getipython import get_ipython

from ft_magics.errors import SettingError
from ft_magics.magics import port

if TYPE_CHECKING:
    from ft_magics.magics.live import Throttle
    from ft_magics.widgets import ChatActions, ChatState, ChatView

__all__ = ["INTERVAL_S", "Chats", "chat_bundle", "chat_state"]

INTERVAL_S = 0.08
"""Shortest time between two tellings of new text to the page, in seconds."""

_SETTINGS = ("temperature", "max_new_tokens", "top_p", "seed")


@dataclass(frozen=True)
class _Open:
    chat: Any
    view: ChatView
    throttle: Throttle


class Chats:
    """The live chats of a kernel."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._guard = threading.RLock()

    def open(self, chat: Any, key: str) -> None:
        """Let a chat be talked in wherever its card is; one that its cell opened before is over.

        Args:
            chat: A session's `Chat`.
            key: What its card carries.
        """
        from ft_magics.magics.live import Throttle
        from ft_magics.widgets import ChatView

        with self._guard:
            held = self._open.get(key)
            if not chat.active or (held is not None and held.chat is chat):
                return
            self._close(key)
            view = ChatView(key, lambda: chat_state(chat), _models, _actions(chat))
            throttle = Throttle(view.flush, INTERVAL_S)
            self._open[key] = _Open(chat, view, throttle)
        chat.observe(lambda what: throttle.ask())

    def close(self) -> None:
        """End every chat; the cards stay."""
        with self._guard:
            for key in list(self._open):
                self._close(key)

    def _close(self, key: str) -> None:
        if key in self._open:
            held = self._open.pop(key)
            held.throttle.close()
            held.view.close()
            held.chat.close()


def chat_bundle(chat: Any, live: bool) -> dict[str, Any]:
    """The card of a session's `Chat`: what is saved of it.

    Args:
        chat: The chat.
        live: Whether its live view can take the card's place.
    """
    from ft_magics.magics.render import attend
    from ft_magics.widgets import chat_card

    key = _key(chat) if live else ""
    if key:
        attend("chat", chat, key)
    return chat_card(chat_state(chat), key)


_keys: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
_cells: dict[tuple[str, str], int] = {}
"""How many chats each execution of a cell has opened."""


def _key(chat: Any) -> str:
    """What the card of a chat is found by, also when the page was loaded anew.

    It is made of the cell's id, which the notebook keeps, so that each run of the cell gives the
    same one; where a front end tells none, of the models and of the chats before in this kernel.
    """
    if chat not in _keys:
        shell: Any = get_ipython()
        parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
        cell = str((parent.get("metadata") or {}).get("cellId") or "")
        asked = str((parent.get("header") or {}).get("msg_id") or "")
        place = (cell, asked) if cell else ("", "")
        _cells[place] = _cells.get(place, 0) + 1
        named = [cell, _cells[place], *([] if cell else chat.models)]
        _keys[chat] = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:12]
    return _keys[chat]


def chat_state(chat: Any) -> ChatState:
    """What a view shows of a chat, as it is now."""
    from ft_magics.widgets import ChatReply, ChatState, ChatTurn

    def turn(one: Any) -> ChatTurn:
        replies = tuple(
            ChatReply(r.model, r.text, _note(r, one), r.state, r.judged, r.kept)
            for r in one.replies
        )
        return ChatTurn(one.number, one.question, replies, one.comparable)

    return ChatState(
        models=tuple(chat.models),
        turns=tuple(map(turn, list(chat.turns))),
        system=chat.system,
        systems=tuple(chat.systems),
        given=chat.settings.system is not None,
        settings={name: getattr(chat.settings, name) for name in _SETTINGS},
        answering=chat.answering,
        phase=chat.phase,
        notice=chat.notice,
        draft=chat.draft,
        can_bring_back=chat.can_bring_back,
    )


def _note(reply: Any, turn: Any) -> str:
    """What stands beside a reply: of its base, what is wrong, or side by side what is proven."""
    proof = reply.proof if reply.sound else f"⚠ {reply.proof}"
    shown = proof if len(turn.replies) > 1 or not reply.sound else ""
    return "; ".join(filter(None, (shown, reply.note)))


def _models() -> Sequence[tuple[str, str]]:
    """What can be chosen: each name with how far its run is, where that is not over."""
    session = port.session()
    active = {run.name: run for run in session.current().active()}

    def words(name: str) -> str:
        run = active.get(name)
        if run is None:
            return ""
        total = run.monitor.total_steps
        return f"step {run.monitor.step} of {total}" if total else str(run.state)

    return [(name, words(name)) for name in session.names("model")]


def _actions(chat: Any) -> ChatActions:
    from ft_magics.widgets import ChatActions

    def place(number: int) -> int:
        """Where a turn is now, counted from 1."""
        for at, turn in enumerate(chat.turns):
            if turn.number == number:
                return at + 1
        raise SettingError("", "this answer is not here any more", "Look at the newer one.")

    def change(settings: Mapping[str, Any]) -> None:
        chat.set(**settings)

    return ChatActions(
        send=chat.send,
        stop=chat.stop,
        again=chat.regenerate,
        use=chat.use,
        set=change,
        reset=chat.reset,
        back=chat.bring_back,
        vote=lambda number, model, good: chat.vote(place(number), good, model),
        edit=lambda number, model, text: chat.edit(place(number), text, model),
        better=lambda number, model: chat.better(place(number), model),
    )
