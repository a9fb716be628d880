"""How surprised a model is by each row, before any training: what is odd, and what it knows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import replace

from ft_magics.data.findings import Example, Finding, finding
from ft_magics.data.rows import AnyRow, conversations

__all__ = ["loss_findings", "ranked"]

FEWEST = 8
"""Rows below which «the rest» says nothing."""

FAR = 3.5
"""Robust standard deviations from the median. Source: Iglewicz and Hoaglin 1993, «How to Detect
and Handle Outliers»: a modified z-score above 3.5 is an outlier."""

LEAST_GAP = 0.7
"""Nats from the median at least: a factor of two in probability per token."""

_TO_DEVIATIONS = 1.4826
"""From a median absolute deviation to a standard deviation, for normal data."""


def loss_findings(losses: Mapping[int, float], row_at: Mapping[int, AnyRow]) -> list[Finding]:
    """Rows whose loss under the base lies far above or far below that of the rest.

    Args:
        losses: Mean loss of the trained tokens of each row, by its number, in nats per token.
        row_at: The rows, by number; those that are told are looked up.

    Returns:
        One finding for each of the two sides that has rows.
    """
    known = {number: loss for number, loss in losses.items() if math.isfinite(loss)}
    if len(known) < FEWEST:
        return []
    middle = statistics.median(known.values())
    spread = statistics.median(abs(loss - middle) for loss in known.values()) * _TO_DEVIATIONS
    least = max(LEAST_GAP, FAR * spread)
    high = sorted((n for n in known if known[n] - middle > least), key=lambda n: -known[n])
    low = sorted((n for n in known if middle - known[n] > least), key=lambda n: known[n])

    def told(numbers: list[int]) -> list[Example]:
        return [Example(n, _said(row_at[n], known[n])) for n in numbers[:3]]

    found = []
    if high:
        text = f"surprise the base far more than the rest (a loss above {middle + least:.2g}; "
        text += f"the median is {middle:.2g})"
        remedy = "Look at them: a wrong answer, another topic, or just what is new to the base."
        found.append(finding("surprising", "warning", high, text, remedy, examples=told(high)))
    if low:
        text = f"are nearly known to the base already (a loss below {middle - least:.2g}; "
        text += f"the median is {middle:.2g})"
        remedy = "They teach little; keep them if the base must not forget them."
        found.append(finding("already-known", "note", low, text, remedy, examples=told(low)))
    return found


def _said(row: AnyRow, loss: float) -> str:
    whole = conversations(row)[0]
    text = whole.text if whole.text is not None else whole.messages[-1].content
    line = " ".join(text.split())
    return f"loss {loss:.2f}: {line if len(line) <= 120 else line[:119] + '…'}"


def ranked(findings: tuple[Finding, ...], losses: Mapping[int, float]) -> tuple[Finding, ...]:
    """Contradictions with the side first that surprises the base more, and the widest gap on top.

    Args:
        findings: All that was found.
        losses: As for `loss_findings`.
    """
    return tuple(_ranked(f, losses) if f.check == "contradiction" else f for f in findings)


def _ranked(found: Finding, losses: Mapping[int, float]) -> Finding:
    groups: dict[int, list[Example]] = {}
    for example in found.examples:
        groups.setdefault(example.group, []).append(example)

    def loss(example: Example) -> float:
        return losses.get(example.row, 0.0)

    sorted_groups = [sorted(group, key=loss, reverse=True) for group in groups.values()]
    sorted_groups.sort(key=lambda group: loss(group[0]) - loss(group[-1]), reverse=True)
    examples = tuple(
        replace(e, text=f"loss {losses[e.row]:.2f}: {e.text}") if e.row in losses else e
        for group in sorted_groups
        for e in group
    )
    remedy = f"{found.remedy} The first of each pair surprises the base more."
    return replace(found, examples=examples, remedy=remedy.strip())
