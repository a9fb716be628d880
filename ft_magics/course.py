"""The numbers of a preference run, smoothed: where each stands, and where it goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ft_magics.verdict import Curve, Point

__all__ = [
    "ACCURACY",
    "CHOSEN",
    "KL",
    "MARGIN",
    "REJECTED",
    "Course",
    "Level",
    "level",
    "number",
    "recent",
    "width",
]

CHOSEN, REJECTED = "rewards/chosen", "rewards/rejected"
MARGIN, ACCURACY, KL = "rewards/margins", "rewards/accuracies", "kl"

# A step's batch holds two to eight rows, and no two batches are alike: a sixth of the run, and no
# less than four steps, is looked at together.
FEW_STEPS, MOST_STEPS, SHARE = 4, 200, 6
# A mean is told apart from another when it is further away than chance takes it in 19 of 20 cases.
ERRORS = 2.0
# Of rewards and margins: the loss sees a margin of 0.05 as a change of 0.025, below its noise.
FLOOR = 0.05


@dataclass(frozen=True)
class Level:
    """A series at its end.

    Attributes:
        mean: Of its last steps.
        error: How far chance may take that mean: its standard error.
        change: Against the steps before those; against 0 while there are none.
        change_error: How far chance may take the change.
    """

    mean: float
    error: float = 0.0
    change: float = 0.0
    change_error: float = 0.0

    def side(self, floor: float = FLOOR) -> int:
        """1 or -1 when it is clearly above or below 0, else 0."""
        return _sign(self.mean, max(floor, ERRORS * self.error))

    def trend(self, floor: float = FLOOR) -> int:
        """1 or -1 when it clearly rises or falls, else 0."""
        return _sign(self.change, max(floor, ERRORS * self.change_error))


@dataclass(frozen=True)
class Course:
    """What the rules of a preference run look at.

    Attributes:
        method: `dpo` or `kto`.
        curve: Its losses, and how it stands.
        metrics: trl's name -> (step, value) of the training rows.
        eval_metrics: The same of the eval rows.
        total_steps: Of the whole run; 0 when not known.
    """

    method: str
    curve: Curve
    metrics: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    eval_metrics: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    total_steps: int = 0

    def level(self, name: str) -> Level | None:
        """A series' end by trl's name; None where nothing was measured."""
        return level(self._moved(name, self.metrics))

    def looks(self, name: str) -> list[Point]:
        """The values on eval rows, without the one before the first step."""
        found = self.eval_metrics.get(name, ())
        return [(step, value) for step, value in found if step > 0 and math.isfinite(value)]

    def _moved(self, name: str, series: Mapping[str, Sequence[Point]]) -> Sequence[Point]:
        points = series.get(name, ())
        # Before the first update all rewards are 0, and none is above another: that is no 0 of 10.
        if name == ACCURACY and points and points[0][0] <= 1 and len(points) <= 2 * FEW_STEPS:
            return points[1:]
        return points

    @property
    def first_loss(self) -> float | None:
        """The loss of the first step: of rewards that are all 0, whatever kind of loss it is."""
        first = next(iter(self.curve.train), None)
        return first[1] if first and first[0] <= 1 and math.isfinite(first[1]) else None


def level(points: Sequence[Point]) -> Level | None:
    """Where a series stands at its end; None when it has no number."""
    many = width(len(points))
    last = _numbers(points[-many:])
    if not last:
        return None
    mean, error = _mean(last)
    before = _numbers(points[-2 * many : -many])
    if not before:
        return Level(mean, error, mean, error)
    earlier, chance = _mean(before)
    return Level(mean, error, mean - earlier, math.hypot(error, chance))


def recent(points: Sequence[Point]) -> float | None:
    """The mean of a series' last steps; None before there is one."""
    found = level(points)
    return found.mean if found else None


def number(value: float) -> str:
    """Two digits that count, never as a power of ten: 25, 4.4, 0.96, 0.08."""
    if abs(value) >= 100:
        return f"{float(f'{value:.2g}'):.0f}"
    if abs(value) >= 9.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 0.995 else f"{value:.2g}" if abs(value) >= 0.01 else "0"


def width(steps: int) -> int:
    """How many of a run's last steps are looked at together."""
    return min(MOST_STEPS, max(FEW_STEPS, steps // SHARE))


def _numbers(points: Sequence[Point]) -> list[float]:
    return [value for _, value in points if math.isfinite(value)]


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """Mean and its standard error; the error of a single value is not known and taken for 0."""
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return mean, 0.0
    spread = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return mean, math.sqrt(spread / count)


def _sign(value: float, least: float) -> int:
    return (value > least) - (value < -least)
