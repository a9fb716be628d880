"""The cards of judgements: what a vote kept, and a blind comparison."""

from __future__ import annotations

from typing import Any

__all__ = ["kept_bundle", "preferring_bundle"]

Bundle = dict[str, Any]


def kept_bundle(kept: Any, live: bool) -> Bundle:
    """A judgement that was kept."""
    from ft_magics.widgets import kept_card

    return kept_card(kept.words, kept.next_cell)


def preferring_bundle(preferring: Any, live: bool) -> Bundle:
    """A blind comparison: its pair, without a word on whose answers they are; or the result."""
    from ft_magics.magics.render import attend
    from ft_magics.widgets import BlindState, blind_card

    open_ = preferring.active
    waiting = preferring.waiting or bool(preferring.error)
    state = BlindState(
        preferring.judged,
        preferring.total,
        preferring.words(),
        preferring.question,
        preferring.system or "",
        None if waiting else (preferring.left, preferring.right),
        not open_ and not preferring.finished,
        preferring.counts(),
        preferring.next_cell,
        preferring.error or preferring.warning,
    )
    if open_:
        attend("prefer", preferring)
    return blind_card(state, preferring.key if open_ else "")
