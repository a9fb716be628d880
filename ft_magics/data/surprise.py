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

DEAR = 1.5
"""Times the median that a character must cost more. Measured with SmolLM2-135M: ordinary rows of
support, code, recipes, German and Chinese stay below 1.3, typing at random lies at 3."""

FEWEST_CHARACTERS = 20
"""Characters below which an answer's end token and its form outweigh what it says."""

_EXAMPLES = 3

_TO_DEVIATIONS = 1.4826
"""From a median absolute deviation to a standard deviation, for normal data."""


def loss_findings(
    losses: Mapping[int, float],
    row_at: Mapping[int, AnyRow],
    tokens: Mapping[int, int] | None = None,
) -> list[Finding]:
    """Rows whose loss under the base lies far above or far below that of the rest.

    Args:
        losses: Mean loss of the trained tokens of each row, by its number, in nats per token.
        row_at: The rows, by number; those that are told are looked up.
        tokens: How many trained tokens each row has. With them a row counts as far above, too,
            whose characters cost far more: typing at random is many tokens, none of them rare.

    Returns:
        One finding for each of the two sides that has rows.
    """
    known = {number: loss for number, loss in losses.items() if math.isfinite(loss)}
    if len(known) < FEWEST:
        return []
    middle, spread = _spread(known)
    gap = max(LEAST_GAP, FAR * spread)
    sums = {n: loss * (tokens or {}).get(n, 0) for n, loss in known.items()}
    return [*_surprising(known, middle + gap, sums, row_at), *_known(known, middle - gap, row_at)]


def _surprising(
    losses: Mapping[int, float],
    limit: float,
    sums: Mapping[int, float],
    row_at: Mapping[int, AnyRow],
) -> list[Finding]:
    high = sorted((n for n in losses if losses[n] > limit), key=lambda n: -losses[n])
    told = [Example(n, _said(row_at[n], f"{losses[n]:.2f}")) for n in high]
    middle = statistics.median(losses.values())
    where = [f"above {limit:.2g} a token; the median is {middle:.2g}"] if high else []
    dear, costs, words = _dear(sums, row_at)
    if more := [n for n in dear if n not in high]:
        told += [Example(n, _said(row_at[n], f"{costs[n]:.2f} a character")) for n in more]
        where.append(words)
    if not told:
        return []
    rows = [*high, *more]
    verb = "surprises" if len(rows) == 1 else "surprise"
    text = f"{verb} the base far more than the rest (a loss {', or '.join(where)})"
    remedy = "Look at them: a wrong answer, another topic, or just what is new to the base."
    return [finding("surprising", "warning", rows, text, remedy, examples=told[:_EXAMPLES])]


def _known(
    losses: Mapping[int, float], limit: float, row_at: Mapping[int, AnyRow]
) -> list[Finding]:
    low = sorted((n for n in losses if losses[n] < limit), key=lambda n: losses[n])
    if not low:
        return []
    verb = "is" if len(low) == 1 else "are"
    middle = statistics.median(losses.values())
    text = f"{verb} nearly known to the base already (a loss below {limit:.2g}; "
    text += f"the median is {middle:.2g})"
    remedy = "They teach little; keep them if the base must not forget them."
    told = [Example(n, _said(row_at[n], f"{losses[n]:.2f}")) for n in low[:_EXAMPLES]]
    return [finding("already-known", "note", low, text, remedy, examples=told)]


def _spread(values: Mapping[int, float]) -> tuple[float, float]:
    """The median, and how far values usually lie from it, as a standard deviation."""
    middle = statistics.median(values.values())
    off = statistics.median(abs(value - middle) for value in values.values())
    return middle, off * _TO_DEVIATIONS


def _dear(
    sums: Mapping[int, float], row_at: Mapping[int, AnyRow]
) -> tuple[list[int], dict[int, float], str]:
    """Rows whose characters cost far more than the rest's, what each row's cost, and the limit."""
    lengths = {n: len(_trained(row_at[n])) for n in sums if sums[n]}
    costs = {n: sums[n] / length for n, length in lengths.items() if length >= FEWEST_CHARACTERS}
    if len(costs) < FEWEST:
        return [], costs, ""
    middle, spread = _spread(costs)
    limit = middle + max(DEAR * middle, FAR * spread)
    dear = sorted((n for n in costs if costs[n] > limit), key=lambda n: -costs[n])
    return dear, costs, f"above {limit:.2g} a character; the median is {middle:.2g}"


def _trained(row: AnyRow) -> str:
    whole = conversations(row)[0]
    return whole.text or "".join(m.content for m in whole.messages if m.trained)


def _said(row: AnyRow, loss: str) -> str:
    whole = conversations(row)[0]
    text = whole.text if whole.text is not None else whole.messages[-1].content
    line = " ".join(text.split())
    return f"loss {loss}: {line if len(line) <= 120 else line[:119] + '…'}"


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
