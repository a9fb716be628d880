"""A run's two curves as plain geometry: shares of the plot's width and height, no drawing.

The picture in a card, the self-contained SVG and the curve of a terminal are all drawn from this.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from ft_magics.widgets.units import judged_loss, loss

if TYPE_CHECKING:
    from ft_magics.monitor import RunState

__all__ = [
    "Chart",
    "Label",
    "Measured",
    "Point",
    "chart",
    "finite",
    "scale",
    "scale_labels",
    "smooth",
    "steady",
    "words",
]

Measured = tuple[int, float]
"""A step and a loss."""

Point = tuple[float, float]
"""A place as shares of the plot: 0 is left and top, 1 right and bottom."""

# Together with a run's eval points they stay below 200, so that a saved curve stays small.
RAW_POINTS, SMOOTH_POINTS, EVAL_POINTS = 100, 60, 36
# Half as wide, beside a second chart in the same card.
HALF_POINTS = (36, 30, 14)


@dataclass(frozen=True)
class Label:
    """A few words at a place in the plot."""

    kind: str
    """`train`, `eval`, `best`, `x`, `y` or `cap`: what the plot is about; or a line's own."""
    x: float
    y: float
    text: str
    anchor: str = "start"
    """`start`, `middle` or `end`: which end of the words is at x."""


@dataclass(frozen=True)
class Chart:
    """What is drawn."""

    grid: tuple[float, ...]
    """Heights of the horizontal lines."""
    raw: tuple[Point, ...]
    train: tuple[Point, ...]
    """Smoothed; begins and ends at the raw points."""
    evals: tuple[Point, ...]
    eval_words: tuple[str, ...]
    """One per eval point, with the value not rounded."""
    best: float | None
    band: tuple[float, float] | None
    """The stretch in which the run memorises."""
    labels: tuple[Label, ...]
    end: float
    """Where the curves end."""


def smooth(points: Sequence[Measured]) -> list[Measured]:
    """A centred moving average with triangular weights: it does not lag behind the curve.

    The window narrows towards both ends, so that the line ends where the label says it does.

    Args:
        points: Steps and losses, all finite.
    """
    half = round(len(points) / 24)
    # Sums of sums: a triangle's weighted sum is a second difference of them, whatever its width.
    once = list(accumulate((value for _, value in points), initial=0.0))
    twice = list(accumulate(once, initial=0.0))
    result = []
    for i, (step, value) in enumerate(points):
        reach = min(half, i, len(points) - 1 - i)
        if reach:
            total = twice[i + reach + 2] - 2 * twice[i + 1] + twice[i - reach]
            value = total / (reach + 1) ** 2
        result.append((step, value))
    return result


def steady(points: Sequence[Measured], width: int, most: int) -> list[Measured]:
    """A moving average that ends at the mean of the last `width` points, where its label stands.

    For batches of a few rows, of which the last says little. It begins at the first point.

    Args:
        points: Steps and values, all finite.
        width: How many points are averaged, at least 1.
        most: How many points are given back, at least 2, evenly spread.
    """
    sums, last = list(accumulate((value for _, value in points), initial=0.0)), len(points) - 1
    result = []
    spread = (
        {round(i * last / (most - 1)) for i in range(most)} if last >= most else range(last + 1)
    )
    for i in sorted(spread):
        left = min(width - 1, i)
        right = min(left, last - i)
        mean = (sums[i + right + 1] - sums[i - left]) / (left + right + 1)
        result.append((points[i][0], mean))
    return result


def chart(state: RunState, *, gap: float = 0.08) -> Chart:
    """The geometry of a run's curves.

    Args:
        state: The run, live or replayed.
        gap: Smallest distance between the labels at the curves' ends, as a share of the height.
    """
    train = finite(state.train_points)
    evals = finite(state.eval_points)
    x_max = max([1, state.total_steps, *(s for s, _ in (*train, *evals))])
    most = (RAW_POINTS, SMOOTH_POINTS, EVAL_POINTS) if state.method == "sft" else HALF_POINTS
    # Batches of a few pairs differ more than those of many tokens.
    smoothed = (
        smooth(train) if state.method == "sft" else steady(train, state.width(train), most[1])
    )
    ended = state.state not in ("queued", "running", "paused")
    low, high, ticks = scale([v for _, v in (*smoothed, *evals)], zoom=ended)

    def place(points: Sequence[Measured]) -> tuple[Point, ...]:
        # A single outlier among the raw losses is cut off at the top; the smoothed line is not.
        return tuple(
            (step / x_max, min(1.0, max(0.0, (high - value) / (high - low))))
            for step, value in points
        )

    shown = state.thin(evals, most[2])
    placed_train, placed_evals = place(state.thin(smoothed, most[1])), place(shown)
    end = max([0.0, *(x for x, _ in (*placed_train[-1:], *placed_evals[-1:]))])
    best = state.best_step / x_max if evals and state.best_step is not None else None
    since = state.overfit_since
    return Chart(
        grid=tuple((high - t) / (high - low) for t in ticks),
        raw=place(state.thin(train, most[0])) if len(train) > 12 else (),
        train=placed_train,
        evals=placed_evals,
        eval_words=tuple(f"step {s}: eval loss {v:.4f}" for s, v in shown),
        best=best,
        band=(since / x_max, end) if since is not None and since / x_max < end else None,
        labels=(
            *scale_labels(ticks, low, high, x_max),
            *_best_label(best, state.best_step),
            *(() if state.method == "sft" else (Label("cap", 0, 0, "loss"),)),
            *_end_labels(state, placed_train, placed_evals, end, gap),
        ),
        end=end,
    )


def finite(points: Sequence[Measured]) -> list[Measured]:
    """The points that can be drawn."""
    return [(step, value) for step, value in points if math.isfinite(value)]


def scale(values: Sequence[float], *, zoom: bool) -> tuple[float, float, list[float]]:
    """Lowest and highest value shown, and the round values between them."""
    if not values:
        return 0.0, 4.0, []
    top, bottom = max(values), min(values)
    # From zero, unless that would squeeze a whole curve into the top of the plot; while it grows,
    # always from zero, so that the scale does not jump.
    low = 0.0 if bottom >= 0 and not (zoom and bottom > 0.6 * top) else bottom
    span = (top - low) or abs(top) or 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if span / (m * power) <= 5)
    low = math.floor(low / step) * step
    high = top + 0.02 * span
    number = math.floor((high - low) / step + 1e-9)
    return low, high, [low + step * i for i in range(number + 1)]


def scale_labels(ticks: Sequence[float], low: float, high: float, x_max: int) -> list[Label]:
    """The words beside the horizontal lines and below the steps."""
    labels = [
        Label("y", 0, (high - t) / (high - low), f"{'−' if t < 0 else ''}{round(abs(t), 6):g}")
        for t in ticks
    ]
    middle = _middle(x_max)
    if not (x_max > 1 or ticks):
        return labels
    labels.append(Label("x", 0, 1, "0"))
    if 0 < middle < x_max:
        labels.append(Label("x", middle / x_max, 1, f"step {middle}", "middle"))
    labels.append(Label("x", 1, 1, f"{x_max}" if middle else f"step {x_max}", "end"))
    return labels


def _middle(x_max: int) -> int:
    """A round step near the middle; 0 where there is none."""
    half = x_max / 2
    if x_max < 4:
        return 0
    if half == int(half) and half < 100:
        return int(half)
    unit = 10 ** max(0, len(str(int(half))) - 2)
    return round(half / unit) * unit


def _best_label(best: float | None, step: int | None) -> list[Label]:
    if best is None:
        return []
    return [Label("best", best, 0, f"best · step {step}", "end" if best > 0.6 else "start")]


def _end_labels(
    state: RunState, train: Sequence[Point], evals: Sequence[Point], end: float, gap: float
) -> list[Label]:
    """The names of the lines at their ends, pushed apart where they would overlap."""
    heights = {}
    if train:
        told = state.loss if state.method == "sft" else state.recent(state.train_points)
        heights["train"] = (train[-1][1], _value(state, told))
    if evals:
        heights["eval"] = (evals[-1][1], _value(state, state.eval_loss))
    ordered = sorted(heights, key=lambda kind: (heights[kind][0], kind))
    at = {kind: heights[kind][0] for kind in ordered}
    if len(ordered) == 2 and at[ordered[1]] - at[ordered[0]] < gap:
        centre = min(1 - gap / 2, max(gap / 2, (at[ordered[0]] + at[ordered[1]]) / 2))
        at = {ordered[0]: centre - gap / 2, ordered[1]: centre + gap / 2}
    return [Label(kind, end, at[kind], f"{kind} {heights[kind][1]}".rstrip()) for kind in ordered]


def _value(state: RunState, value: float | None) -> str:
    return _said(state)(value) if value is not None and math.isfinite(value) else ""


def _said(state: RunState) -> Callable[[float | None], str]:
    return loss if state.method == "sft" else judged_loss


def words(state: RunState) -> str:
    """The curve in a sentence or two, for those who do not see it."""
    train, evals = finite(state.train_points), finite(state.eval_points)
    if not train:
        return "Loss curve: no step yet."
    said, last = _said(state), train[-1][0]
    now = train[-1][1] if state.method == "sft" else state.recent(train)
    steps = f"{last} of {state.total_steps} steps" if last < state.total_steps else f"{last} steps"
    text = f"Loss curve over {steps}. Training loss from {said(train[0][1])} to {said(now)}."
    if evals:
        step, value = min(evals, key=lambda p: (p[1], p[0]))
        text += f" Eval loss from {said(evals[0][1])} to {said(value)} at step {step}"
        text += "." if step == evals[-1][0] else f", then to {said(evals[-1][1])}."
    if state.overfit_since is not None:
        text += f" It memorises since step {state.overfit_since}."
    return text
