"""Text for terminals: aligned by what a character takes on the screen, not by counting them."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

__all__ = ["WIDTH", "clean", "columns", "display_width", "fit", "pad", "shorten", "wrap"]

WIDTH = 88
"""Widest line in characters."""

_KEPT_CONTROLS = "\n\t"


def clean(text: str) -> str:
    """Text that cannot steer a terminal or break an encoder.

    A model may answer escape sequences or half a surrogate pair; each such character becomes
    U+FFFD.
    """
    text = str(text).replace("\r\n", "\n").encode("utf-8", "replace").decode()
    return "".join(
        "\ufffd" if unicodedata.category(c) == "Cc" and c not in _KEPT_CONTROLS else c for c in text
    )


def display_width(text: str) -> int:
    """Columns a text takes: two for a wide (CJK) character, none for a combining one."""
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Me")
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def pad(text: str, width: int, align: str = "l") -> str:
    """Fill with spaces to a width; `align` is `l` or `r`."""
    space = " " * max(0, width - display_width(text))
    return space + text if align == "r" else text + space


def shorten(text: str, limit: int) -> str:
    """One line of at most `limit` characters, cut with `…`."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: max(0, limit - 1)].rstrip() + "…"


def fit(text: str, width: int) -> str:
    """One line of at most `width` columns, cut with `…`."""
    if display_width(text) <= width:
        return text
    while text and display_width(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text: str, width: int = WIDTH, indent: str = "") -> list[str]:
    """Lines of at most `width` columns; the text's own line breaks stay."""
    lines: list[str] = []
    for paragraph in clean(text).expandtabs(4).split("\n"):
        lines += _wrap_line(paragraph, max(1, width - display_width(indent))) or [""]
    return [(indent + line).rstrip() for line in lines]


def _wrap_line(text: str, width: int) -> list[str]:
    if text.isascii():
        return textwrap.wrap(text, width, replace_whitespace=False, drop_whitespace=True)
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if display_width(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        # A language without spaces, or one very long word, breaks anywhere.
        while display_width(word) > width:
            cut = len(word)
            while cut > 1 and display_width(word[:cut]) > width:
                cut -= 1
            lines.append(word[:cut])
            word = word[cut:]
        line = word
    return [*lines, line] if line else lines


def columns(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    align: str = "",
    *,
    width: int = WIDTH,
    rule: bool = True,
) -> list[str]:
    """A table: cells are wrapped so that it stays within the width.

    Args:
        header: The columns' names; empty for none.
        rows: One sequence of cells per row.
        align: `l` or `r` for each column; the rest is `l`.
        width: Widest line.
        rule: Whether a line stands below the header.

    Returns:
        The lines.
    """
    table = [list(map(clean, r)) for r in ([header, *rows] if header else rows)]
    if not table:
        return []
    number = max(map(len, table))
    table = [row + [""] * (number - len(row)) for row in table]
    widths = _column_widths(table, width - 2 * (number - 1))
    align = align.ljust(number, "l")
    lines = []
    for index, row in enumerate(table):
        cells = [wrap(cell, widths[i]) for i, cell in enumerate(row)]
        for part in range(max(map(len, cells))):
            pieces = (
                pad(cell[part] if part < len(cell) else "", widths[i], align[i])
                for i, cell in enumerate(cells)
            )
            lines.append("  ".join(pieces).rstrip())
        if header and index == 0 and rule:
            lines.append("  ".join("─" * w for w in widths))
    return lines


def _column_widths(table: list[list[str]], room: int) -> list[int]:
    """Natural widths if they fit; else the widest columns give way first, evenly."""
    widths = [
        max(1, *(display_width(line) for row in table for line in row[i].split("\n")))
        for i in range(len(table[0]))
    ]
    while sum(widths) > room and max(widths) > 8:
        widest = max(widths)
        second = max([w for w in widths if w < widest], default=8)
        among = widths.count(widest)
        step = max(1, min(widest - max(second, 8), -(-(sum(widths) - room) // among)))
        widths = [w - step if w == widest else w for w in widths]
    return widths
