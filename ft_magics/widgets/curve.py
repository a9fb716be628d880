"""The loss curve as a picture: in a card, as a self-contained SVG, and as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ft_magics.widgets.chart import Chart, Label, Point, chart, words
from ft_magics.widgets.frame import LABEL_GAP_PX, Frame, inner_height, number, path, place
from ft_magics.widgets.plain import display_width, pad
from ft_magics.widgets.style import esc

if TYPE_CHECKING:
    from ft_magics.monitor import RunState

__all__ = [
    "braille",
    "curve_html",
    "curve_svg",
    "framed",
    "line",
    "row_at",
    "text_curve",
    "text_room",
]

# Of a chart with another beside it, and of one alone.
_PLOT_PX = (166, 206)

# A picture alone cannot know its page: these colours are readable on white and on near black.
_ALONE = (
    "text{font:12.5px system-ui,sans-serif;fill:#7d8590}.t{stroke:#2f81f7;stroke-width:2.25}"
    ".r{stroke:#2f81f7;opacity:.36}.e{stroke:#d9730d;stroke-width:2.25;stroke-dasharray:7 4}"
    ".d{stroke:#d9730d;stroke-width:8;stroke-linecap:round}.g{stroke:#8c959f;opacity:.35}"
    ".b{stroke:#7d8590;stroke-dasharray:2 3}.o{fill:#d9730d;opacity:.12}"
    ".train{fill:#2f81f7}.eval{fill:#d9730d}"
)


def curve_html(state: RunState, *, still: bool = True) -> str:
    """The curve for a card: shapes in one stretched SVG, the words as HTML over it.

    Args:
        state: The run.
        still: Whether a self-contained picture goes with it, which is seen only where the
            stylesheet was stripped. It has fewer points.
    """
    drawn = chart(state, gap=LABEL_GAP_PX / _PLOT_PX[state.method == "sft"])
    hits = "".join(
        f'<i class="ft-hit" style="{place(x, y)}" title="{esc(said)}"></i>'
        for (x, y), said in zip(drawn.evals, drawn.eval_words, strict=True)
    )
    picture = curve_svg(state, 680, 260) if still else ""
    return _frame(drawn, state).html(hits=hits, still=picture)


def curve_svg(state: RunState, width: int = 680, height: int = 260) -> str:
    """The curve as a self-contained picture that reads on a light and on a dark page.

    Args:
        state: The run.
        width: In pixels.
        height: In pixels.
    """
    drawn = chart(state, gap=LABEL_GAP_PX / inner_height(height))
    if state.method != "sft":
        # One of two pictures in a card: without the thin line of single steps, for size.
        drawn = replace(drawn, raw=())
    return _frame(drawn, state).svg(_ALONE, width, height, right=92)


def _frame(drawn: Chart, state: RunState) -> Frame:
    return Frame(partial(_shapes, drawn), drawn.labels, words(state))


def _shapes(drawn: Chart, width: int, height: int, fixed: str) -> str:
    band = ""
    if drawn.band:
        x, end = (round(share * width) for share in drawn.band)
        band = f'<rect class="o" x="{x}" y="0" width="{end - x}" height="{height}"/>'
    dots = "".join(f"M{number(x * width)} {number(y * height)}h0" for x, y in drawn.evals)
    grid = "".join(f"M0 {number(y * height)}h{width}" for y in drawn.grid)
    best = "" if drawn.best is None else f"M{number(drawn.best * width)} 0v{height}"
    return "".join(
        (
            band,
            path("g", grid or f"M0 {height}h{width}", fixed),
            path("b", best, fixed),
            path("r", line(drawn.raw, width, height), fixed),
            path("t", line(drawn.train, width, height), fixed),
            path("e", line(drawn.evals, width, height), fixed),
            path("d", dots, fixed),
        )
    )


def line(points: Sequence[Point], width: int, height: int) -> str:
    """A path through points."""
    return "".join(
        f"{'L' if i else 'M'}{number(x * width)} {number(y * height)}"
        for i, (x, y) in enumerate(points)
    )


def text_curve(state: RunState, width: int = 72, height: int = 10) -> str:
    """The curve in characters: the training loss as dots of Braille cells, eval points as `o`.

    Args:
        state: The run.
        width: Of everything, in columns.
        height: Of the plot, in lines; the axis takes two more.
    """
    drawn = chart(state, gap=1.01 / height)
    marks = {label.kind: label for label in drawn.labels if label.kind in ("train", "eval")}
    inner = text_room(drawn.labels, list(marks.values()), width)
    cells = braille(drawn.train, inner, height)
    if drawn.best is not None:
        for line in cells:
            column = min(inner - 1, int(drawn.best * inner))
            line[column] = "┊" if line[column] == " " else line[column]
    for x, y in drawn.evals:
        cells[row_at(y, height)][min(inner - 1, int(x * inner))] = "o"
    return framed(cells, drawn.labels, list(marks.values()), drawn.end)


def framed(
    cells: Sequence[Sequence[str]], labels: Sequence[Label], ends: Sequence[Label], end: float
) -> str:
    """A plot of characters with its axes, and the names of the lines at their ends.

    Args:
        cells: Lines of one character a column.
        labels: Those of the axes.
        ends: Those of the lines.
        end: Where the lines end, as a share of the width.
    """
    height, inner = len(cells), len(cells[0])
    scale = {row_at(label.y, height): label.text for label in labels if label.kind == "y"}
    gutter = max([1, *map(display_width, scale.values())]) + 1
    lines = [
        f"{pad(scale.get(row, ''), gutter - 1, 'r')} {'┤' if row in scale else '│'}{''.join(line)}"
        for row, line in enumerate(cells)
    ]
    column = gutter + 1 + min(inner, int(end * inner) + 1)
    for label in ends:
        row = row_at(label.y, height)
        lines[row] = pad(lines[row][:column], column) + " " + label.text
    lines += [f"{' ' * gutter}└{'─' * inner}", " " * (gutter + 1) + _steps(labels, inner)]
    return "\n".join(line.rstrip() for line in lines)


def text_room(labels: Sequence[Label], ends: Sequence[Label], width: int) -> int:
    """Columns that are left for the plot of `framed`."""
    scale = [label.text for label in labels if label.kind == "y"]
    gutter = max([1, *map(display_width, scale)]) + 1
    room = max([0, *(len(label.text) + 2 for label in ends)])
    return max(8, width - gutter - 1 - room)


def row_at(y: float, height: int) -> int:
    """The line of characters at a height, as a share."""
    return min(height - 1, int(y * height))


def _steps(labels: Sequence[Label], inner: int) -> str:
    """The line below the axis; `best` names its step when there is room beside the others."""
    line = [" "] * inner
    for label in labels:
        if label.kind == "x":
            back = {"start": 0, "middle": len(label.text) // 2, "end": len(label.text)}
            at = max(0, min(inner - len(label.text), int(label.x * inner) - back[label.anchor]))
            line[at : at + len(label.text)] = label.text
    return "".join(line)


def braille(points: Sequence[Point], width: int, height: int) -> list[list[str]]:
    """A line through the points, in cells of 2 by 4 dots."""
    # Unicode numbers a cell's dots down the left column, then down the right; the lowest two last.
    bits = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
    dots = [[0] * width for _ in range(height)]
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], *points[-1:]], strict=True):
        steps = 1 + int(max(abs(x1 - x0) * width * 2, abs(y1 - y0) * height * 4))
        for i in range(steps + 1):
            x = min(2 * width - 1, int((x0 + (x1 - x0) * i / steps) * 2 * width))
            y = min(4 * height - 1, int((y0 + (y1 - y0) * i / steps) * 4 * height))
            dots[y // 4][x // 2] |= bits[x % 2][y % 4]
    return [[chr(0x2800 + cell) if cell else " " for cell in row] for row in dots]
