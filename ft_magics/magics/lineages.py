"""The lineage of an adapter, from the session's links to what the cards show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ft_magics.errors import FtError

__all__ = ["drawn", "lineage_bundle"]

SHORT = 8
"""Characters of a hash that are shown."""
MOST_SETTINGS = 6


def drawn(run: Any) -> tuple[str, list[Any]] | None:
    """The base and the stages of a run's card; the card's head tells the last stage itself."""
    from ft_magics.widgets import Stage

    try:
        found = getattr(run, "lineage", None)
    except FtError:
        # Its folder was deleted or renamed meanwhile: what happened in it can still be shown.
        found = None
    if found is None:
        return None
    *before, last = found.links
    # Names without versions: how many there are differs from run to run of a notebook.
    stages = [Stage(link.name, _words(link), stale=link.stale) for link in before]
    return found.base, [*stages, Stage(last.name, stale=last.stale)]


def lineage_bundle(lineage: Any, live: bool) -> dict[str, Any]:
    """The card of `lineage`."""
    from ft_magics.widgets import lineage_card

    names = ["", *(link.name for link in lineage.links)]
    return lineage_card(
        lineage.name,
        lineage.base,
        lineage.fingerprint[:SHORT],
        [_stage(link, before) for link, before in zip(lineage.links, names, strict=False)],
        [_stage(link) for link in lineage.children],
    )


def _stage(link: Any, before: str = "") -> Any:
    from ft_magics.widgets import Stage

    step = "" if link.after_step is None else f", step {link.after_step}"
    return Stage(
        link.reference or f"{link.name} (no longer kept)",
        _words(link),
        link.data_sha256[:SHORT],
        f"{link.golden} {link.golden_sha256[:SHORT]}".strip(),
        f"{before}{step}" if before else "",
        _settings(link.settings),
        link.stale,
    )


def _words(link: Any) -> str:
    if not link.method:
        return "made elsewhere"
    rows = "1 row" if link.rows == 1 else f"{link.rows} rows"
    return f"{link.method.upper()} on {link.data}, {rows}"


def _settings(settings: dict[str, tuple[Any, Any]]) -> str:
    told = [f"{name} {_value(old)} → {_value(new)}" for name, (old, new) in settings.items()]
    left_out = len(told) - MOST_SETTINGS
    return ", ".join([*told[:MOST_SETTINGS], *([f"and {left_out} more"] if left_out > 0 else [])])


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:g}"
    return (
        " ".join(map(str, value))
        if isinstance(value, Sequence | set) and not isinstance(value, str)
        else str(value)
    )
