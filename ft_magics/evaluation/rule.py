"""What a goal asks of every answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Rule"]


@dataclass(frozen=True)
class Rule:
    """Something in a goal that an answer can be held against."""

    kind: str
    """Its family: `json`, `sentences`, `apology` …"""
    said: str
    """The words of the goal."""
    meaning: str
    """What is understood: `one sentence at most`."""
    checks: dict[str, Any]
    """Golden checks that find out; empty if none can."""
    start: int = 0
    """Where in the goal it stands."""
    note: str = ""
    """What the checks do not see, or why there are none, as a full sentence; may be empty."""
