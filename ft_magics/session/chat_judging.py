"""What is thought of a reply in a chat: kept as rows, and marked on the reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.errors import SettingError

if TYPE_CHECKING:
    from ft_magics.session.collect import Answered, Kept
    from ft_magics.session.conversation import Reply, Turn

__all__ = ["choose", "edit", "vote"]


def vote(reply: Reply, good: bool, collect: str | None, where: str) -> Kept:
    """Keep whether a reply is good.

    Raises:
        SettingError: It is still being written, or was edited.
    """
    from ft_magics.session.collect import keep_vote

    _written(reply, where)
    if reply.original is not None:
        raise SettingError(where, "this answer was edited", "The edit is what was kept.")
    kept = keep_vote(_answered(reply), good, collect=collect, where=where)
    return _mark(reply, "good" if good else "bad", kept)


def edit(reply: Reply, text: str, collect: str | None, where: str) -> Kept:
    """Keep a better wording of a reply; the conversation goes on with it.

    Raises:
        SettingError: It is still being written, or the edit changes nothing.
    """
    from ft_magics.session.collect import keep_edit

    _written(reply, where)
    original = reply.text if reply.original is None else reply.original
    if not text.strip() or text.strip() == original.strip():
        raise SettingError(where, "the edit changes nothing", "Write what a better answer says.")
    kept = keep_edit(_answered(reply), text, collect=collect, where=where)
    reply.original, reply.text = original, text
    return _mark(reply, "edited", kept)


def choose(turn: Turn, place: int, collect: str | None, where: str) -> list[Kept]:
    """Keep that one reply of a turn is better than each of the others.

    Raises:
        SettingError: There is no other, or they answer different conversations.
    """
    from ft_magics.session.collect import keep_choice

    for reply in turn.replies:
        _written(reply, where)
    if len(turn.replies) < 2:
        raise SettingError(where, "there is one answer", "Let two models answer side by side.")
    if not turn.comparable:
        raise SettingError(
            where,
            "the models answer different conversations here",
            "Choose at a turn before, or begin a new conversation.",
        )
    better = turn.replies[place]
    others = [reply for reply in turn.replies if reply is not better]
    # One answer twice says nothing about which is better.
    seen, unseen = _answered(better), [_answered(reply) for reply in others]
    worse = [one for one in unseen if one.text.strip() != seen.text.strip()] or unseen[:1]
    kept = [keep_choice(seen, one, collect=collect, where=where) for one in worse]
    for reply in others:
        if reply.judged == "better":
            reply.judged = reply.kept = ""
    _mark(better, "better", kept[-1])
    return kept


def _answered(reply: Reply) -> Answered:
    from ft_magics.session.collect import Answered

    text = reply.text if reply.original is None else reply.original
    return Answered(reply.prompt, text, reply.model, reply.version, reply.ended)


def _written(reply: Reply, where: str) -> None:
    if reply.state != "done":
        raise SettingError(where, "the answer is still being written", "Wait for it, or stop it.")


def _mark(reply: Reply, judged: str, kept: Kept) -> Kept:
    reply.judged, reply.kept = judged, kept.words
    return kept
