"""Rows by themselves: one token by token, or some of them one below the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ft_magics.widgets.findings import findings_html, findings_text
from ft_magics.widgets.plain import WIDTH, clean, wrap
from ft_magics.widgets.row_view import RowView, row_html, row_text
from ft_magics.widgets.style import Bundle, bundle, card, esc, head, left_out_text, within
from ft_magics.widgets.token_view import legend_html, tokens_html, tokens_text

if TYPE_CHECKING:
    from ft_magics.data.encoding import TokenPiece

__all__ = ["row_card", "rows_card"]

_FINDINGS_BYTES = 3_000
_TOKENS_BYTES = 16_000
_ROWS_BYTES = 16_000
_TURN_CHARACTERS = 1_200
_PLAIN_TOKENS = 3_000
_PLAIN_ROWS = 30


def row_card(name: str, view: RowView, sides: Sequence[tuple[str, Sequence[TokenPiece]]]) -> Bundle:
    """One row as the model reads it.

    Args:
        name: Of the data set.
        view: The row and its findings.
        sides: Each side's title, empty for a row that has one, and its tokens.
    """
    title = f"row {view.row.number}"
    parts, plain = [], [f"{clean(name)}  |  {title}"]
    for side, pieces in sides:
        trained = sum(len(p.ids) for p in pieces if p.trained and not p.cut)
        count = f"{sum(len(p.ids) for p in pieces):,} tokens, {trained:,} of them trained"
        lead = f"{side}: {count}" if side else count
        parts.append(f'<p class="ft-legend">{esc(lead)} · {legend_html(pieces)}</p>')
        parts.append(tokens_html(pieces, _TOKENS_BYTES // len(sides)))
        told = tokens_text(pieces, _PLAIN_TOKENS).rstrip()
        plain += ["", f"{lead}; ⟦trained⟧, ■ ends the turn:", "", *wrap(told, indent="  ")]
    html = card(head(name, [title]), *parts, findings_html(view.findings, _FINDINGS_BYTES))
    found = findings_text(view.findings, _FINDINGS_BYTES)
    return bundle(html, [*plain, *(["", *found] if found else [])])


def rows_card(name: str, views: Iterable[RowView], note: str) -> Bundle:
    """Some rows, with the findings of each.

    Args:
        name: Of the data set.
        views: The rows.
        note: Which they are, in words.
    """
    views = list(views)
    kept, hidden = within((row_html(v, _TURN_CHARACTERS) for v in views), _ROWS_BYTES)
    left_out = f"<p>{esc(left_out_text(hidden, 'row'))}</p>" if hidden else ""
    table = f'<table class="ft-list ft-rows"><tbody>{"".join(kept)}</tbody></table>'
    html = card(head(name, [note]), f'<div class="ft-wide">{table}</div>', left_out)
    plain = [f"{clean(name)}  |  {note}", ""]
    plain += [line for view in views[:_PLAIN_ROWS] for line in row_text(view, WIDTH)]
    more = len(views) - _PLAIN_ROWS
    return bundle(html, [*plain, *([left_out_text(more, "row")] if more > 0 else [])])
