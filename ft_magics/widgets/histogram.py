"""How long a data set's rows are, as a picture in a card, as a self-contained one, and as text."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ft_magics.widgets.plain import WIDTH
from ft_magics.widgets.style import esc

if TYPE_CHECKING:
    from ft_magics.data import DataFacts
    from ft_magics.data.lengths import Histogram

__all__ = ["histogram_html", "histogram_text", "length_words"]

# The stretched picture's own units; its strokes keep their width on the screen.
_UNITS_X, _UNITS_Y = 1000, 200
_FEW = 4
"""A bar of one row among few is not as high as the picture."""

_ALONE = (
    "text{font:12px system-ui,sans-serif;fill:#7d8590}.h{fill:#2f81f7}"
    ".k{fill:none;stroke:#b3790d;stroke-width:1.5}.g{stroke:#8c959f;opacity:.35}"
    ".b{stroke:#7d8590;stroke-dasharray:2 3}"
)
_TEXT_LINES = 12


@dataclass(frozen=True)
class _Label:
    """Words at a place in the plot, as shares of its width."""

    kind: str
    """`top` and `low` lie above all bars, in two lines; `peak` above one; `x` below the axis."""
    x: float
    text: str
    anchor: str = "start"
    warns: bool = False
    y: float = 0.0
    """Of a `peak`, from the top."""


def histogram_html(facts: DataFacts) -> str:
    """The histogram for a card; empty without token counts.

    Args:
        facts: What `data.describe` found.
    """
    if facts.histogram is None or facts.tokens is None:
        return ""
    spoken = esc(length_words(facts))
    svg = (
        f'<svg role="img" aria-label="{spoken}" viewBox="0 0 {_UNITS_X} {_UNITS_Y}" '
        f'preserveAspectRatio="none">{_shapes(facts, _UNITS_X, _UNITS_Y, True)}</svg>'
    )
    labels = "".join(map(_overlay, _labels(facts)))
    lined = " ft-lined" if facts.max_length else ""
    code = base64.b64encode(_picture(facts, 640, 170).encode()).decode()
    still = f'<img alt="{spoken}" src="data:image/svg+xml;base64,{code}">'
    return (
        f'<div class="ft-hist"><div class="ft-bars{lined}">{svg}<span aria-hidden="true">{labels}</span>'
        f"{_hits(facts)}</div>{still}</div>"
    )


def length_words(facts: DataFacts) -> str:
    """The histogram in a sentence, for those who do not see it."""
    if facts.tokens is None:
        return ""
    low, middle, _, most = facts.tokens
    rows = f"{facts.measured:,} row{'' if facts.measured == 1 else 's'}"
    said = f"Tokens in {rows}: {low:,} to {most:,}, half of them up to {middle:,}"
    return f"{said}; {_limit_words(facts)}" if facts.max_length else said


def _limit_words(facts: DataFacts) -> str:
    cut = facts.cut_rows
    if not cut:
        return "every row measured fits" if facts.sampled else "every row fits"
    lost = f" · {facts.lost_tokens:,} answer tokens lost" if facts.lost_tokens else ""
    return f"{cut:,} row{' is' if cut == 1 else 's are'} longer{lost}"


def _line_at(facts: DataFacts) -> float | None:
    """Where max_length lies in the plot, as a share; None if it lies outside or there is none."""
    if facts.histogram is None or not facts.max_length:
        return None
    share = _share(facts.histogram, facts.max_length)
    return share if 0 <= share < 0.995 else None


def _share(bars: Histogram, tokens: float) -> float:
    return (tokens - bars.start) / (bars.end - bars.start)


def _labels(facts: DataFacts) -> Iterator[_Label]:
    assert facts.histogram is not None and facts.tokens is not None
    bars, middle = facts.histogram, facts.tokens[1]
    line = _line_at(facts)
    if facts.max_length:
        words = f"max_length {facts.max_length:,}"
        if line is not None:
            x, anchor = line, "end" if line > 0.5 else "start"
        elif facts.max_length < bars.start:
            x, anchor, words = 0.0, "start", f"← {words}"
        else:
            x, anchor, words = 1.0, "end", f"{words} →"
        yield _Label("top", x, words, anchor)
        sign = "⚠ " if facts.lost_tokens else ""
        words = f"{sign}{_limit_words(facts)}"
        yield _Label("low", x, words, anchor, warns=bool(facts.lost_tokens))
    peak = max(bars.counts)
    tallest = bars.counts.index(peak)
    x = (tallest + 0.5) / len(bars.counts)
    words = f"{peak:,} row{'' if peak == 1 else 's'}"
    yield _Label("peak", x, words, _anchor(x), y=1 - _heights(facts)[tallest])
    at = min(1.0, max(0.0, _share(bars, middle)))
    if at > 0.22:
        yield _Label("x", 0.0, f"{bars.start:,}")
    yield _Label("x", at, f"median {middle:,}", "end" if at > 0.6 else _anchor(at))
    rest = f" · {bars.rest:,} longer" if bars.rest else ""
    if at <= 0.78:
        yield _Label("x", 1.0, f"{bars.end:,} tokens{rest}", "end")


def _anchor(x: float) -> str:
    return "start" if x < 0.08 else "end" if x > 0.92 else "middle"


def _heights(facts: DataFacts) -> list[float]:
    """Each bar's height as a share; what is not empty can be seen."""
    assert facts.histogram is not None
    counts = facts.histogram.counts
    most = max(_FEW, *counts) if counts else _FEW
    return [max(0.02, count / most) if count else 0.0 for count in counts]


def _shapes(facts: DataFacts, width: int, height: int, fixed: bool) -> str:
    """Bars within max_length are filled, those beyond it only outlined."""
    assert facts.histogram is not None
    bars = facts.histogram
    own = ' vector-effect="non-scaling-stroke"' if fixed else ""
    step = width / len(bars.counts)
    gap = min(4.0, step / 4)
    kept, beyond = "", ""
    for i, share in enumerate(_heights(facts)):
        if share:
            rise = _number(share * height)
            bar = f"M{_number(i * step + gap / 2)} {height}v-{rise}h{_number(step - gap)}v{rise}z"
            if facts.max_length and bars.start + i * bars.width >= facts.max_length:
                beyond += bar
            else:
                kept += bar
    line = _line_at(facts)
    parts = [
        ("h", kept),
        ("k", beyond),
        ("g", f"M0 {height}h{width}"),
        ("b", "" if line is None else f"M{_number(line * width)} 0v{height}"),
    ]
    return "".join(f'<path class="{kind}" d="{d}"{own}/>' for kind, d in parts if d)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 100 else f"{value:.0f}"


def _overlay(label: _Label) -> str:
    """A label over the picture. Its words are an attribute: they go when the stylesheet goes."""
    side = {"start": "", "middle": " ft-c", "end": " ft-e"}[label.anchor]
    warns = " ft-hm" if label.warns else ""
    top = f";top:{_number(100 * label.y)}%" if label.kind == "peak" else ""
    return (
        f'<i class="ft-{label.kind}{side}{warns}" style="left:{_number(100 * label.x)}%{top}" '
        f'data-t="{esc(label.text)}"></i>'
    )


def _hits(facts: DataFacts) -> str:
    """Where the mouse finds each bar's numbers."""
    assert facts.histogram is not None
    bars = facts.histogram
    share = 100 / len(bars.counts)
    return "".join(
        f'<u style="left:{_number(i * share)}%;width:{_number(share)}%" '
        f'title="{_between(bars, i)} tokens: {count:,}"></u>'
        for i, count in enumerate(bars.counts)
        if count
    )


def _between(bars: Histogram, first: int, last: int | None = None) -> str:
    """The lengths that some bars stand for: `65 to 128`."""
    end = first if last is None else last
    begin = bars.start + first * bars.width + 1
    most = bars.start + (end + 1) * bars.width
    return f"{begin:,} to {most:,}" if begin < most else f"{begin:,}"


def _picture(facts: DataFacts, width: int, height: int) -> str:
    """A self-contained picture, readable on a light and on a dark page."""
    top, bottom = 52, 22
    inner = height - top - bottom
    heights = {"top": -40, "low": -24, "peak": -6, "x": inner + 16}
    texts = "".join(
        f'<text x="{_number(label.x * width)}" y="{_number(heights[label.kind] + label.y * inner)}"'
        f' text-anchor="{label.anchor}">{esc(label.text)}</text>'
        for label in _labels(facts)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 {-top} {width} {height}"><style>{_ALONE}</style>'
        f"{_shapes(facts, width, inner, False)}{texts}</svg>"
    )


def histogram_text(facts: DataFacts, width: int = WIDTH) -> list[str]:
    """The histogram as a few lines of bars; empty without token counts.

    Args:
        facts: What `data.describe` found.
        width: Widest line.
    """
    bars = facts.histogram
    if bars is None:
        return []
    each = -(-len(bars.counts) // _TEXT_LINES)
    counts = [sum(bars.counts[i : i + each]) for i in range(0, len(bars.counts), each)]
    span = each * bars.width
    names = [_between(bars, i * each, (i + 1) * each - 1) for i in range(len(counts))]
    if bars.rest:
        counts.append(bars.rest)
        names.append(f"above {bars.end:,}")
    gutter, room = max(map(len, names)), max(map(len, map(str, counts)))
    most = max(_FEW, *counts)
    scale = (width - gutter - room - 6) / most
    lines = []
    marked = not facts.max_length
    for i, (name, count) in enumerate(zip(names, counts, strict=True)):
        if not any(counts[: i + 1]):
            continue  # the bars begin with the first row
        if not marked and facts.max_length and bars.start + i * span >= facts.max_length:
            lines.append(f"{'─' * 3} max_length {facts.max_length:,}: {_limit_words(facts)}")
            marked = True
        bar = _bar(count * scale)
        lines.append(f"{name.rjust(gutter)}  {bar} {count:,}" if count else name.rjust(gutter))
    if not marked:
        lines.append(f"{'─' * 3} max_length {facts.max_length:,}: {_limit_words(facts)}")
    return lines


def _bar(length: float) -> str:
    """A bar of eighths of a character."""
    whole, part = divmod(round(max(0.0, length) * 8), 8)
    if not whole and not part:
        return "▏" if length else ""
    return "█" * whole + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[part]
