"""Short pieces of texts, to show what was found in them."""

from __future__ import annotations

import re

__all__ = ["excerpt", "visible"]

_EXCERPT = 80
"""Characters of an example."""

_UNSEEN = re.compile(r"[^\S \n]|[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\ufeff\ufff9-\ufffb]"
                     "|[\u200b-\u200f\u2028-\u202e\u2060-\u206f\U000e0000-\U000e007f]")  # fmt: skip


def excerpt(text: str, start: int = 0, end: int | None = None) -> str:
    """A short piece of a text around what matters, on one line.

    Args:
        text: The whole.
        start: Where what matters begins.
        end: Where it ends; None for the beginning of the text.
    """
    room = max(_EXCERPT - ((end or start) - start), 0) // 2 if end is not None else 0
    first = max(start - room, 0)
    piece = text[first : first + _EXCERPT]
    before, after = "…" if first else "", "…" if first + _EXCERPT < len(text) else ""
    return before + " ".join(piece.split()) + after


def visible(text: str, start: int = 0) -> str:
    """A short piece of a text with its white space and hidden characters made visible.

    Args:
        text: The whole.
        start: Where what matters begins.
    """
    first = max(start - _EXCERPT // 4, 0)
    piece = text[first : first + _EXCERPT]
    piece = _UNSEEN.sub(lambda found: _code(found[0]), piece).replace("\n", "⏎")
    inner = piece.strip(" ")
    head = "·" * (len(piece) - len(piece.lstrip(" ")))
    tail = "·" * (len(piece) - len(piece.rstrip(" "))) if inner else ""
    after = "…" if first + _EXCERPT < len(text) else ""
    return ("…" if first else "") + head + inner + tail + after


def _code(character: str) -> str:
    names = {"\t": "⇥", "\r": "␍"}
    return names.get(character) or f"[U+{ord(character):04X}]"
