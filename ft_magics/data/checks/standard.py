"""All checks that a data set goes through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ft_magics.data.checks.characters import LostCharacters, repairable_checks
from ft_magics.data.checks.check import Check, RowAt
from ft_magics.data.checks.markup import BrokenJson, leftover_checks
from ft_magics.data.checks.pairs import EqualSides, Labels, LengthBias, RepeatedPrompts
from ft_magics.data.checks.personal import personal_checks
from ft_magics.data.checks.repeats import Repeats
from ft_magics.data.checks.secrets import Secrets
from ft_magics.data.checks.style import Lengths, Style
from ft_magics.data.checks.wording import EmptyQuestions, Placeholders, Refusals
from ft_magics.data.findings import Finding
from ft_magics.data.rows import AnyRow
from ft_magics.data.views import Views

__all__ = ["run_checks", "standard_checks"]

_SEVERITIES = ("error", "warning", "note")


def standard_checks(kind: str) -> list[Check]:
    """New checks for a pass over the rows of one data set.

    Args:
        kind: Of the rows: `sft`, `preference` or `unpaired`.
    """
    views = Views()
    checks: list[Check] = [
        Repeats(kind, views),
        EmptyQuestions(views),
        Secrets(views),
        *personal_checks(views),
        *repairable_checks(views),
        LostCharacters(views),
        BrokenJson(views),
        Placeholders(views),
        Refusals(views),
        *leftover_checks(views),
        Style(views),
        Lengths(views),
    ]
    if kind == "preference":
        checks += [EqualSides(views), LengthBias(views), RepeatedPrompts(views)]
    if kind == "unpaired":
        checks.append(Labels())
    return checks


def run_checks(rows: Iterable[AnyRow], checks: Sequence[Check], row_at: RowAt) -> list[Finding]:
    """One pass over the rows, and everything that was found, the gravest first.

    Args:
        rows: In their order.
        checks: Fresh ones.
        row_at: Gives a row back by its number.
    """
    for row in rows:
        for check in checks:
            check.see(row)
    found = [told for check in checks for told in check.findings(row_at)]
    return sorted(found, key=lambda told: _SEVERITIES.index(told.severity))
