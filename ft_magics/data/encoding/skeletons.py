"""What a template writes around the texts of a conversation, known from one of the same shape.

A template mostly writes the same around texts, whatever they are. So for the second conversation
with the same roles it is foretold from the first; where the foretold rendering is the real one,
each text's place is known without rendering it again with marks, and without its prompts.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ft_magics.data.encoding.conversation import Conversation
from ft_magics.data.encoding.spans import Rendered, Span

__all__ = ["Skeletons"]

_MOST = 4096
"""Shapes that are remembered: more are not met but by rows of very many turns."""

Shape = tuple[bool, tuple[tuple[str, bool], ...]]


@dataclass(frozen=True)
class _Skeleton:
    between: Sequence[str]
    """What stands before each text, and after the last."""
    takeovers: Mapping[int, int]
    """By message, from the end of the text before it."""


class Skeletons:
    """Those of one template."""

    def __init__(self) -> None:
        self._known: dict[Shape, _Skeleton] = {}

    def find(self, conversation: Conversation, text: str) -> Rendered | None:
        """A rendering's spans and takeovers, if it is the one that was foretold.

        Args:
            conversation: Of contents alone.
            text: Its rendering.
        """
        skeleton = self._known.get(_shape(conversation))
        if skeleton is None:
            return None
        whole = [m.content for m in conversation.messages]
        found = _placed(skeleton, whole, text)
        if found is None:
            cores = [content.strip() for content in whole]
            found = _placed(skeleton, cores, text) if cores != whole else None
        return found

    def learn(self, conversation: Conversation, rendered: Rendered) -> None:
        """Remember what stands around the texts, if these stand there whole and in order.

        Args:
            conversation: Of contents alone.
            rendered: Where they stand; each takeover is the end of a prompt.
        """
        texts = [m.content for m in conversation.messages]
        places = [(s.start, s.end) for s in rendered.spans]
        in_order = [s.index for s in rendered.spans] == list(range(len(texts)))
        if len(self._known) >= _MOST or not in_order:
            return
        if [rendered.text[start:end] for start, end in places] != texts:
            return
        ends = [0, *(end for _, end in places)]
        starts = [*(start for start, _ in places), len(rendered.text)]
        takeovers = {i: at - ends[i] for i, at in rendered.takeovers.items()}
        room = [start - end for end, start in zip(ends, starts, strict=True)]
        if any(not 0 <= at <= room[i] for i, at in takeovers.items()):
            return
        between = [rendered.text[e:s] for e, s in zip(ends, starts, strict=True)]
        self._known[_shape(conversation)] = _Skeleton(between, takeovers)


def _shape(conversation: Conversation) -> Shape:
    turns = tuple((m.role, bool(m.content.strip())) for m in conversation.messages)
    return conversation.ask, turns


def _placed(skeleton: _Skeleton, texts: Sequence[str], text: str) -> Rendered | None:
    """The texts in the skeleton, if together they are the rendering."""
    woven = itertools.chain.from_iterable(zip(skeleton.between, texts, strict=False))
    if "".join((*woven, skeleton.between[-1])) != text:
        return None
    spans, takeovers, at = [], {}, 0
    for index, (before, words) in enumerate(zip(skeleton.between, texts, strict=False)):
        if index in skeleton.takeovers:
            takeovers[index] = at + skeleton.takeovers[index]
        start = at + len(before)
        lead = len(words) - len(words.lstrip())
        core = len(words.strip())
        begin = start + (lead if core else len(words))
        spans.append(Span(begin, begin + core, index))
        at = start + len(words)
    return Rendered(text, tuple(spans), takeovers)
