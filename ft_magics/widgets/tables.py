"""Tables: any list, and what is known of a base model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ft_magics.widgets.plain import clean, columns, wrap
from ft_magics.widgets.style import (
    Bundle,
    bundle,
    card,
    esc,
    facts,
    head,
    left_out_text,
    listing,
    words,
)
from ft_magics.widgets.units import count, short_hash, size

__all__ = ["model_card", "rows_html", "table_card"]

_TABLE_BYTES = 16_000
_PLAIN_ROWS = 60


def table_card(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    note: str = "",
    align: str = "",
) -> Bundle:
    """A list as a table.

    Args:
        title: What it lists.
        header: The columns' names.
        rows: The cells, as text.
        note: A line below the table.
        align: `l` or `r` for each column; the rest is `l`.
    """
    number = f"{len(rows)}" if rows else ""
    below = f"<p>{esc(note)}</p>" if note else ""
    table = rows_html(header, rows, align) if rows else ""
    html = card(head(title, [number] if number else []), table, below)
    plain = [clean(title), ""] if title else []
    plain += columns(header, rows[:_PLAIN_ROWS], align) if rows else []
    plain += [left_out_text(len(rows) - _PLAIN_ROWS)] if len(rows) > _PLAIN_ROWS else []
    return bundle(html, [*plain, *(["", *wrap(note)] if note else [])])


def rows_html(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    align: str = "",
    budget_bytes: int = _TABLE_BYTES,
) -> str:
    """A table for a card, cut where a saved output has no more room; the cells are escaped."""

    def cell(text: str, index: int, tag: str) -> str:
        numeric = ' class="ft-num"' if align[index : index + 1] == "r" else ""
        content = esc(text) if numeric else words(esc(text))
        return f"<{tag}{numeric}>{content}</{tag[:2]}>"

    lines = (f"<tr>{''.join(cell(c, i, 'td') for i, c in enumerate(row))}</tr>" for row in rows)
    titles = "".join(cell(c, i, 'th scope="col"') for i, c in enumerate(header))
    return listing(titles, lines, budget_bytes)


# How each fact of a base model is named and shown, in order; others follow as they are.
_MODEL_FACTS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "source": ("from", str),
    "asked": ("asked for", str),
    "revision": ("revision", lambda v: short_hash(str(v))),
    "parameters": ("parameters", count),
    "bytes": ("in memory", size),
    "dtype": ("number format", str),
    "device": ("device", str),
    "fingerprint": ("fingerprint", lambda v: short_hash(str(v))),
    "sha256": ("sha256", lambda v: short_hash(str(v))),
    "chat_template_sha256": ("chat template", lambda v: short_hash(str(v))),
}


def model_card(facts_: Mapping[str, Any]) -> Bundle:
    """What is known of a loaded base model.

    Args:
        facts_: `BaseFacts.to_dict()` or a part of it; what is None or empty is not shown. Of a
            folder only its own name is, because a path differs from machine to machine.
    """
    name = _last_part(str(facts_.get("name", "base model")))
    rows: dict[str, str] = {}
    hover: dict[str, str] = {}
    for key in [*_MODEL_FACTS, *(k for k in facts_ if k not in _MODEL_FACTS)]:
        known = _MODEL_FACTS.get(key)
        label = known[0] if known else key.replace("_", " ")
        show: Callable[[Any], str] = known[1] if known else str
        value = facts_.get(key)
        if key == "name" or value in (None, "") or (key == "asked" and value == facts_.get("name")):
            continue
        rows[label] = show(_last_part(value) if isinstance(value, str) else value)
        if str(value) != rows[label] and not _is_path(value):
            hover[label] = str(value)
    html = card(head(name, ["base model"]), facts(rows, left=True, hover=hover))
    return bundle(html, [f"{clean(name)}  base model", "", *columns([], list(rows.items()))])


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and (value.startswith(("/", "~", "./", "../")) or "\\" in value)


def _last_part(value: str) -> str:
    return value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] if _is_path(value) else value
