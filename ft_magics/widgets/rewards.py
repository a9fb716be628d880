"""The rewards of a preference run's two sides over its steps, and the gap between them: the margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ft_magics.widgets.chart import Label, Measured, Point, finite, scale, scale_labels, steady
from ft_magics.widgets.curve import (
    braille,
    framed,
    line,
    row_at,
    text_room,
)
from ft_magics.widgets.frame import LABEL_GAP_PX, Frame, inner_height, path
from ft_magics.widgets.units import reward

if TYPE_CHECKING:
    from ft_magics.monitor import RunState

__all__ = ["Rewards", "reward_words", "rewards", "rewards_html", "rewards_svg", "rewards_text"]

CHOSEN, REJECTED = "rewards/chosen", "rewards/rejected"

_PLOT_PX = 166
_POINTS, _STILL_POINTS = 28, 20
_CAPTION = "reward · 0: as likely as at the start"
# The scale shows at least this much, so that the first tiny moves do not look like large ones.
_LEAST = 0.2

_ALONE = (
    "text{font:12.5px system-ui,sans-serif;fill:#7d8590}.t{stroke:#2f81f7;stroke-width:2.25}"
    ".n{stroke:#7d8590;stroke-width:2.25;stroke-dasharray:7 4}.g{stroke:#8c959f;opacity:.35}"
    ".z{stroke:#7d8590;opacity:.6}.chosen{fill:#2f81f7}"
)


@dataclass(frozen=True)
class Rewards:
    """What is drawn, as shares of the plot."""

    grid: tuple[float, ...]
    zero: float
    """The height at which an answer is as likely as at the start."""
    chosen: tuple[Point, ...]
    rejected: tuple[Point, ...]
    labels: tuple[Label, ...]
    end: float


def sides(state: RunState) -> tuple[str, str]:
    """What the two sides are called: `chosen` and `rejected`, or `good` and `bad`."""
    return ("good", "bad") if state.method == "kto" else ("chosen", "rejected")


def rewards(state: RunState, *, gap: float = 0.1, most: int = _POINTS) -> Rewards:
    """The geometry of both rewards.

    Args:
        state: The run, live or replayed.
        gap: Smallest distance between the labels at the lines' ends, as a share of the height.
        most: Points of either line.
    """
    lines = [_steady(state, name, most) for name in (CHOSEN, REJECTED)]
    both = [point for points in lines for point in points]
    x_max = max([1, state.total_steps, *(step for step, _ in both)])
    low, high, ticks = scale([-_LEAST, _LEAST, *(value for _, value in both)], zoom=False)

    def place(points: Sequence[Measured]) -> tuple[Point, ...]:
        return tuple((step / x_max, (high - value) / (high - low)) for step, value in points)

    chosen, rejected = map(place, lines)
    end = max([0.0, *(x for x, _ in (*chosen[-1:], *rejected[-1:]))])
    return Rewards(
        grid=tuple((high - tick) / (high - low) for tick in ticks),
        zero=high / (high - low),
        chosen=chosen,
        rejected=rejected,
        labels=(
            *scale_labels(ticks, low, high, x_max),
            *_end_labels(state, chosen, rejected, end, gap),
        ),
        end=end,
    )


def _steady(state: RunState, name: str, most: int) -> list[Measured]:
    points = finite(state.metrics.get(name, ()))
    return steady(points, state.width(points), most)


def _end_labels(
    state: RunState, chosen: Sequence[Point], rejected: Sequence[Point], end: float, gap: float
) -> list[Label]:
    """Both names with the margin between them, pushed apart where they would overlap."""
    named = zip(("chosen", "rejected"), sides(state), (CHOSEN, REJECTED), strict=True)
    text = {kind: f"{said} {_recent(state, name)}" for kind, said, name in named}
    if not chosen or not rejected:
        there = {"chosen": chosen, "rejected": rejected}
        return [Label(k, end, points[-1][1], text[k]) for k, points in there.items() if points]
    at = {"chosen": chosen[-1][1], "rejected": rejected[-1][1]}
    upper, lower = sorted(at, key=lambda kind: (at[kind], kind))
    middle = (at[upper] + at[lower]) / 2
    if at[lower] - at[upper] < 2 * gap:
        middle = min(1 - gap, max(gap, middle))
        at = {upper: middle - gap, lower: middle + gap}
    margin = Label("margin", end, middle, f"margin {_recent(state, 'rewards/margins')}")
    return [
        Label(upper, end, at[upper], text[upper]),
        margin,
        Label(lower, end, at[lower], text[lower]),
    ]


def _recent(state: RunState, name: str) -> str:
    return reward(state.recent(state.metrics.get(name, ())))


def reward_words(state: RunState) -> str:
    """Both rewards in a sentence, for those who do not see them."""
    chosen, rejected = sides(state)
    points = state.metrics.get(CHOSEN) or state.metrics.get(REJECTED)
    if not points:
        return "Rewards: no step yet."
    now = {name: _recent(state, f"rewards/{name}") for name in ("chosen", "rejected", "margins")}
    return (
        f"Rewards over {points[-1][0]} steps, both from 0: the {chosen} answers' is now "
        f"{now['chosen']}, the {rejected} ones' {now['rejected']}; the margin between them is "
        f"{now['margins']}."
    )


def rewards_html(state: RunState, *, still: bool = True) -> str:
    """Both rewards for a card, drawn as the loss curve is.

    Args:
        state: The run.
        still: Whether a self-contained picture goes with it, for where the stylesheet is stripped.
    """
    drawn = rewards(state, gap=LABEL_GAP_PX / _PLOT_PX)
    return _frame(drawn, state).html(still=rewards_svg(state) if still else "")


def rewards_svg(state: RunState, width: int = 680, height: int = 210) -> str:
    """Both rewards as a self-contained picture that reads on a light and on a dark page.

    Args:
        state: The run.
        width: In pixels.
        height: In pixels.
    """
    drawn = rewards(state, gap=LABEL_GAP_PX / inner_height(height), most=_STILL_POINTS)
    return _frame(drawn, state).svg(_ALONE, width, height, right=108)


def _frame(drawn: Rewards, state: RunState) -> Frame:
    labels = (Label("cap", 0, 0, _CAPTION), *drawn.labels)
    return Frame(partial(_shapes, drawn), labels, reward_words(state))


def _shapes(drawn: Rewards, width: int, height: int, fixed: str) -> str:
    def level(y: float) -> str:
        return f"M0 {round(y * height, 1):g}h{width}"

    gap = ""
    # The stand-in does without its shade, for size.
    if fixed and drawn.chosen and drawn.rejected:
        outline = line((*drawn.chosen, *reversed(drawn.rejected)), width, height)
        gap = f'<path class="m" d="{outline}z"/>'
    return "".join(
        (
            gap,
            path("g", "".join(map(level, drawn.grid)), fixed),
            path("z", level(drawn.zero), fixed),
            path("n", line(drawn.rejected, width, height), fixed),
            path("t", line(drawn.chosen, width, height), fixed),
        )
    )


def rewards_text(state: RunState, width: int = 72, height: int = 6) -> str:
    """Both rewards in characters: the chosen side as a line of dots, the rejected one broken.

    Args:
        state: The run.
        width: Of everything, in columns.
        height: Of the plot, in lines; the axis takes two more.
    """
    drawn = rewards(state, gap=1.01 / height)
    ends = [label for label in drawn.labels if label.kind in ("chosen", "rejected", "margin")]
    inner = text_room(drawn.labels, ends, width)
    cells = braille(drawn.chosen, inner, height)
    for column, cell in enumerate(zip(*braille(drawn.rejected, inner, height), strict=True)):
        for row, dots in enumerate(cell):
            if dots != " " and cells[row][column] == " " and column % 3 < 2:
                cells[row][column] = dots
    zero = row_at(drawn.zero, height)
    cells[zero] = ["╌" if dots == " " else dots for dots in cells[zero]]
    return framed(cells, drawn.labels, ends, drawn.end)
