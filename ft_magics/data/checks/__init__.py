"""Everything that can be found in rows in normal form, without a tokenizer, in one pass."""

from ft_magics.data.checks.check import Check, RowAt
from ft_magics.data.checks.overlap import (
    GoldenOverlap,
    eval_overlap,
    golden_overlap,
    overlap_finding,
)
from ft_magics.data.checks.standard import run_checks, standard_checks

__all__ = [
    "Check",
    "GoldenOverlap",
    "RowAt",
    "eval_overlap",
    "golden_overlap",
    "overlap_finding",
    "run_checks",
    "standard_checks",
]
