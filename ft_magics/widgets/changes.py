"""What `--fix` changed, as a diff: what was taken out, what came in, each in its row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ft_magics.widgets.plain import shorten
from ft_magics.widgets.style import esc, left_out_text, within

if TYPE_CHECKING:
    from ft_magics.data.fixes import DiffLine

__all__ = ["changes_html", "changes_text"]

_CHARACTERS = 160
_PLAIN_LINES = 24


def changes_html(lines: Sequence[DiffLine], budget_bytes: int) -> str:
    """The diff for a card; empty if nothing changed.

    Args:
        lines: What `fixes.diff_lines` gave.
        budget_bytes: Room in a saved output.
    """
    if not lines:
        return ""
    shown, hidden = within((_line(line) for line in lines), budget_bytes)
    more = f"\n{esc(left_out_text(hidden, 'line'))}" if hidden else ""
    told = "What was mended; the rows in the cell stay as they are."
    return f'<p class="ft-legend">{told}</p><pre dir="auto">{"".join(shown)}{more}</pre>'


_SIGNS = {"row": "", "removed": "- ", "added": "+ ", "kept": "  "}
_TAGS = {"removed": "del", "added": "ins"}


def _line(line: DiffLine) -> str:
    shown = esc(_said(line))
    tag = _TAGS.get(line.kind)
    if tag:
        return f"<{tag}>{shown}</{tag}>\n"
    return f"<b>{shown}</b>\n" if line.kind == "row" else f"{shown}\n"


def _said(line: DiffLine) -> str:
    return f"{_SIGNS[line.kind]}{shorten(line.text, _CHARACTERS)}"


def changes_text(lines: Sequence[DiffLine]) -> list[str]:
    """The diff as text.

    Args:
        lines: What `fixes.diff_lines` gave.
    """
    told = [f"  {_said(line)}" for line in lines[:_PLAIN_LINES]]
    hidden = len(lines) - len(told)
    return [*told, *([left_out_text(hidden, "line")] if hidden > 0 else [])]
