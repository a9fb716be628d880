"""Where an adapter comes from: one line in a run's card, and a card of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ft_magics.widgets.plain import clean, columns, wrap
from ft_magics.widgets.style import Bundle, bundle, card, esc, head, sign
from ft_magics.widgets.tables import rows_html
from ft_magics.widgets.units import NONE

__all__ = ["Stage", "lineage_card", "lineage_html", "lineage_text"]

MOST_STAGES = 6
"""Stages that the line names; of a longer chain the first and the last ones."""

_HEADER = ("stage", "made from", "golden", "starts from", "settings that changed", "now")
_TABLE_BYTES = 12_000


@dataclass(frozen=True)
class Stage:
    """One adapter of a chain."""

    name: str
    words: str = ""
    """What it was made by and from: `SFT on catgpt, 24 rows`."""
    data_hash: str = ""
    golden: str = ""
    """Its golden set, with a short hash."""
    start: str = ""
    """The stage before it, with the step: `ollie, step 84`."""
    settings: str = ""
    """Settings that differ from the stage before: `learning_rate 2e-3 → 1e-3`."""
    stale: str = ""
    """What has changed since it was made; empty when nothing did."""


def lineage_html(base: str, stages: Sequence[Stage]) -> str:
    """The chain as one line of a card: the base, each stage with its words, what is stale.

    Args:
        base: What all of it stands on.
        stages: From the first to the adapter itself.
    """
    parts = [esc(base)]
    for stage in _shown(stages):
        if stage is None:
            parts.append("…")
            continue
        told = f"<strong>{esc(stage.name)}</strong>"
        told += f" {esc(stage.words)}" if stage.words else ""
        told += f" · {sign('hm')} {esc(f'stale: {stage.stale}')}" if stage.stale else ""
        parts.append(told)
    return f"<p>{' → '.join(parts)}</p>"


def lineage_text(base: str, stages: Sequence[Stage]) -> list[str]:
    """The same as lines of text."""
    parts = [clean(base)]
    for stage in _shown(stages):
        if stage is None:
            parts.append("…")
            continue
        said = " ".join(part for part in (stage.name, stage.words) if part)
        parts.append(clean(said + (f" · ⚠ stale: {stage.stale}" if stage.stale else "")))
    return wrap(" → ".join(parts))


def _shown(stages: Sequence[Stage]) -> list[Stage | None]:
    """The stages that are named; None stands for those between."""
    if len(stages) <= MOST_STAGES:
        return list(stages)
    return [stages[0], None, *stages[2 - MOST_STAGES :]]


def lineage_card(
    name: str, base: str, fingerprint: str, stages: Sequence[Stage], children: Sequence[Stage]
) -> Bundle:
    """Where an adapter comes from, a row for each stage, and what was made from it.

    Args:
        name: The adapter.
        base: What all of it stands on.
        fingerprint: Of the base, shortened; empty when it is not known.
        stages: From the first to the adapter itself.
        children: What was made from it.
    """
    first = (base, f"fingerprint {fingerprint}" if fingerprint else "", "", "", "", "")
    rows = [first, *map(_row, stages)]
    below = _children(name, children)
    html = card(
        head(f"lineage of {name}"),
        rows_html(_HEADER, rows, budget_bytes=_TABLE_BYTES),
        f"<p>{esc(below)}</p>",
    )
    return bundle(
        html, [f"lineage of {clean(name)}", "", *columns(_HEADER, rows), "", *wrap(below)]
    )


def _row(stage: Stage) -> tuple[str, ...]:
    made = f"{stage.words} {stage.data_hash}".strip()
    now = f"stale: {stage.stale}" if stage.stale else "up to date"
    return (
        stage.name,
        made or NONE,
        stage.golden or NONE,
        stage.start or "the base",
        stage.settings or NONE,
        now,
    )


def _children(name: str, children: Sequence[Stage]) -> str:
    if not children:
        return f"Nothing was made from {name} so far."
    told = (
        f"{child.name} ({child.words}{f', stale: {child.stale}' if child.stale else ''})"
        for child in children
    )
    return f"Made from {name}: {', '.join(told)}."
