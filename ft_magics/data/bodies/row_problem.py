"""Why a piece of a text is no row: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Found", "RowProblem", "clipped"]


@dataclass(frozen=True)
class RowProblem:
    """Why a piece of the text could not be read as a row."""

    text: str
    """What is wrong, with its line and column among the rows, without a full stop."""
    remedy: str
    """What to do about it."""
    line: int
    """Line of the rows' text, counted from 1."""
    column: int
    """Column in that line, counted from 1."""


Found = Mapping[str, Any] | RowProblem
"""What stands at a row's place: its fields, or why there are none."""


def clipped(text: str, most: int = 24) -> str:
    """A piece of text as an error shows it, in quotes.

    Args:
        text: The piece.
        most: Characters that are shown.
    """
    text = text.strip()
    return f"'{text}'" if len(text) <= most else f"'{text[:most]}…'"
