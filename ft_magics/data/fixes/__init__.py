"""Repairs that are safe to make, and what they changed."""

from ft_magics.data.fixes.diff import DiffLine, diff_lines
from ft_magics.data.fixes.rows import (
    FIXES,
    MOST_CHANGES,
    Change,
    Fix,
    Fixed,
    fix_names,
    fix_rows,
    mend_rows,
)

__all__ = [
    "FIXES",
    "MOST_CHANGES",
    "Change",
    "DiffLine",
    "Fix",
    "Fixed",
    "diff_lines",
    "fix_names",
    "fix_rows",
    "mend_rows",
]
