"""Where each text of a conversation stands in its rendering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.data.encoding.conversation import Part

__all__ = ["Rendered", "Span", "searched", "shared", "spans_of"]


@dataclass(frozen=True, slots=True)
class Span:
    """A message's text within a rendering, in characters; white space around it is left out."""

    start: int
    end: int
    index: int
    """Which message."""
    part: str = "content"
    """Which of its texts: `content`, `reasoning`, or the name in `call 0`."""


@dataclass(frozen=True)
class Rendered:
    """A rendered conversation."""

    text: str
    spans: tuple[Span, ...]
    """In the order of the text. A message that the template drops has none."""
    takeovers: Mapping[int, int]
    """For each assistant turn, by the message's index, the character from which the model writes:
    the end of the prompt, so that the white space and tags that a template puts before an answer
    count as the model's own where the prompt does not hold them."""


def spans_of(
    parts: Mapping[Part, str], text: str, found: Mapping[Part, Mapping[str, int]]
) -> list[Span]:
    """Spans from marks; where a template cut one off with part of the text, from the rest.

    Args:
        parts: The texts.
        text: The rendering.
        found: Where each text's marks stood: `s` before it, `e` after it.
    """
    spans = []
    last = 0
    for part in sorted(found, key=lambda one: max(found[one].values())):
        marks, core = found[part], parts[part].strip()
        start, end = marks.get("s"), marks.get("e")
        if start is None:
            end = end or 0
            start = end - shared(text[last:end][::-1], core[::-1])
        elif end is None:
            end = start + shared(text[start : start + len(core)], core)
        spans.append(Span(start, end, *part))
        last = end
    return spans


def searched(
    parts: Iterable[tuple[Part, str]], text: str, takeovers: Mapping[int, int]
) -> list[Span]:
    """Spans by looking for each text after the one before it.

    Args:
        parts: The texts, in order.
        text: The rendering.
        takeovers: As in `Rendered`.
    """
    spans = []
    at = 0
    for (index, part), words in parts:
        core = words.strip()
        start = text.find(core, max(at, takeovers.get(index, 0)))
        if core and start >= 0:
            at = start + len(core)
            spans.append(Span(start, at, index, part))
    return spans


def shared(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many characters, or items, two texts or sequences begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
