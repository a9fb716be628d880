"""A row as the model reads it, token by token: what is trained, what ends a turn, what is cut.

Nothing is told by colour alone: trained tokens are underlined, control tokens boxed, the token that
ends a turn carries a sign, what is cut is struck through. All of it survives where a stylesheet is
stripped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ft_magics.widgets.plain import clean
from ft_magics.widgets.style import esc, weight

if TYPE_CHECKING:
    from ft_magics.data.encoding import TokenPiece

__all__ = ["END_SIGN", "legend_html", "tokens_html", "tokens_text"]

END_SIGN = "■"
"""Stands after the token that ends a turn."""

_MASK = "read only"


def tokens_html(pieces: Iterable[TokenPiece], budget_bytes: int | None = None) -> str:
    """The tokens, each apart; the end is left out where there is no more room.

    Args:
        pieces: What `data.token_view` gave.
        budget_bytes: Room for them in a saved output; None for as much as there is.
    """
    room = budget_bytes if budget_bytes is not None else 1 << 30
    shown: list[str] = []
    left_out = 0
    for piece in pieces:
        html = _piece(piece)
        room -= weight(html) - 2
        if room < 0:
            left_out += 1
        else:
            shown.append(html)
    more = f" … {left_out:,} more tokens" if left_out else ""
    return f'<pre class="ft-tok" dir="auto">{"".join(shown)}{more}</pre>'


def _piece(piece: TokenPiece) -> str:
    text = esc(piece.text).replace("\n", "↵\n")
    if piece.cut:
        return f"<s>{text}</s>"
    if piece.control:
        title = ' title="ends the turn"' if piece.ends_turn else ""
        text = f"<code{title}>{text}{f' {END_SIGN}' if piece.ends_turn else ''}</code>"
    elif piece.ends_turn:
        text += END_SIGN
    if piece.trained:
        return f"<mark>{text}</mark>"
    return text if piece.control else f"<span>{text}</span>"


def legend_html(pieces: Sequence[TokenPiece]) -> str:
    """What the marks of these tokens mean, in their own look; only those that occur."""
    seen = [
        ("<mark>trained</mark>", any(p.trained and not p.cut for p in pieces)),
        (f"<span>{_MASK}</span>", any(not p.trained and not p.cut for p in pieces)),
        ("<code>control</code>", any(p.control for p in pieces)),
        (f"{END_SIGN} ends the turn", any(p.ends_turn for p in pieces)),
        ("<s>cut off</s>", any(p.cut for p in pieces)),
    ]
    return " · ".join(word for word, occurs in seen if occurs)


def tokens_text(pieces: Iterable[TokenPiece], limit: int) -> str:
    """The tokens as text: ⟦trained⟧, ■ after the end of a turn, ✂ before what is cut off.

    Args:
        pieces: What `data.token_view` gave.
        limit: Most characters.
    """
    parts: list[str] = []
    state = (False, False)
    for piece in pieces:
        trained, cut = piece.trained and not piece.cut, piece.cut
        if state[0] and not trained:
            parts.append("⟧")
        if cut and not state[1]:
            parts.append(" ✂ ")
        # Corner brackets: rarely in a text, and as wide as one character.
        if trained and not state[0]:
            parts.append("⟦")
        state = (trained, cut)
        parts.append(clean(piece.text) + (END_SIGN if piece.ends_turn and not cut else ""))
    text = "".join(parts) + ("⟧" if state[0] else "")
    return text if len(text) <= limit else text[: limit - 2].rstrip() + " …"
