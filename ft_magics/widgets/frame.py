"""What every picture of a run stands in: stretched in a card, and self-contained beside it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ft_magics.widgets.chart import Label
from ft_magics.widgets.style import esc

__all__ = ["LABEL_GAP_PX", "Frame", "inner_height", "number", "path", "place"]

LABEL_GAP_PX = 17
"""The least height between two labels."""

# The stretched picture's own units; its strokes keep their width on the screen.
_FIXED = ' vector-effect="non-scaling-stroke"'
_UNITS_X, _UNITS_Y = 1000, 400
_LEFT, _TOP, _BOTTOM = 34, 22, 24

Shapes = Callable[[int, int, str], str]
"""Draws in a width and height in the picture's units, with what is added to each stroke."""


@dataclass(frozen=True)
class Frame:
    """A picture and its words.

    Attributes:
        shapes: Draws it.
        labels: The words over it.
        spoken: What it shows, for those who do not see it.
    """

    shapes: Shapes
    labels: Sequence[Label]
    spoken: str

    def html(self, *, hits: str = "", still: str = "") -> str:
        """The picture for a card: shapes in one stretched SVG, the words as HTML over it.

        Args:
            hits: Places that tell more on hover.
            still: The same as a self-contained picture, which is seen only where the stylesheet
                was stripped; empty for none.
        """
        spoken = esc(self.spoken)
        svg = (
            f'<svg role="img" aria-label="{spoken}" viewBox="0 0 {_UNITS_X} {_UNITS_Y}" '
            f'preserveAspectRatio="none">{self.shapes(_UNITS_X, _UNITS_Y, _FIXED)}</svg>'
        )
        labels = "".join(map(_overlay, self.labels))
        picture = ""
        if still:
            code = base64.b64encode(still.encode()).decode()
            source = f"data:image/svg+xml;base64,{code}"
            picture = f'<img class="ft-still" alt="{spoken}" src="{source}">'
        return (
            f'<div class="ft-chart"><div class="ft-plot"><div class="ft-in">{svg}'
            f'<span aria-hidden="true">{labels}</span>{hits}</div></div>{picture}</div>'
        )

    def svg(self, style: str, width: int, height: int, right: int) -> str:
        """A self-contained picture.

        Args:
            style: Its stylesheet: readable on a light and on a dark page, as it cannot know its own.
            width: In pixels.
            height: In pixels.
            right: Pixels kept free for the labels at the lines' ends.
        """
        inner_x, inner_y = max(1, width - _LEFT - right), inner_height(height)
        texts = "".join(_text(label, inner_x, inner_y) for label in self.labels)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="{-_LEFT} {-_TOP} {width} {height}" fill="none" role="img" '
            f'aria-label="{esc(self.spoken)}"><style>{style}</style>'
            f"{self.shapes(inner_x, inner_y, '')}{texts}</svg>"
        )


def inner_height(height: int) -> int:
    """The plot's height in a self-contained picture, in pixels."""
    return max(1, height - _TOP - _BOTTOM)


def path(kind: str, d: str, fixed: str) -> str:
    """A stroke; nothing where there is nothing to draw."""
    return f'<path class="{kind}" d="{d}"{fixed}/>' if d else ""


def number(value: float) -> str:
    """A place in a picture, short."""
    return f"{value:.1f}".removesuffix(".0")


def place(x: float, y: float) -> str:
    """Where something stands over the stretched picture."""
    return f"left:{number(100 * x)}%;top:{number(100 * y)}%"


def _overlay(label: Label) -> str:
    """A label over the picture. Its words are an attribute: they go when the stylesheet goes."""
    at = {
        "x": f"left:{number(100 * label.x)}%;top:calc(100% + 14px)",
        "best": f"left:{number(100 * label.x)}%;top:-12px",
        "cap": "left:0;top:-14px",
    }.get(label.kind, place(label.x, label.y))
    anchor = {"start": "", "middle": " ft-c", "end": " ft-e"}[label.anchor]
    return f'<i class="ft-{label.kind}{anchor}" style="{at}" data-t="{esc(label.text)}"></i>'


def _text(label: Label, width: int, height: int) -> str:
    """A label in a self-contained picture."""
    x, y = label.x * width, label.y * height + 4.5
    if label.kind == "x":
        y = height + 18.0
    elif label.kind == "best":
        x, y = x + (-6 if label.anchor == "end" else 6), -8.0
    elif label.kind == "cap":
        x, y = -32.0, -8.0
    elif label.kind == "y":
        x = -32.0
    else:
        x += 10
    anchor = "" if label.anchor == "start" else f' text-anchor="{label.anchor}"'
    return (
        f'<text class="{label.kind}" x="{number(x)}" y="{number(y)}"{anchor}>'
        f"{esc(label.text)}</text>"
    )
