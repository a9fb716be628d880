"""What rows look like, as far as it decides how they are best put to use."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ft_magics.data import conversations

if TYPE_CHECKING:
    from ft_magics.data import AnyRow

__all__ = ["Traits", "traits_of"]

_LOOKED_AT = 4_000
"""Rows that are looked at, spread over the set: shares need no more."""

_LABEL_WORDS = 4
_CONTEXT_CHARACTERS = 400
"""A paragraph of a prompt that is longer is a document that was given along."""


@dataclass(frozen=True)
class Traits:
    """Rows in a few figures; shares are 0 to 1."""

    kind: str
    """`sft`, `preference` or `unpaired`."""
    rows: int
    short_share: float = 0.0
    """Of the answers, those of at most four words."""
    distinct: int = 0
    """Different answers among the rows that were looked at."""
    looked_at: int = 0
    json_share: float = 0.0
    """Of the answers, those that are a JSON object or array."""
    context_share: float = 0.0
    """Of the prompts, those with a long passage that stands in another prompt too."""

    @property
    def labels(self) -> bool:
        """Whether the answers are a few short labels, over and over."""
        few = self.distinct <= max(2, self.looked_at // 5)
        return self.looked_at >= 10 and self.short_share >= 0.9 and few


def traits_of(rows: Sequence[AnyRow], kind: str) -> Traits:
    """Look at rows.

    Args:
        rows: Of one kind; many are sampled evenly.
        kind: `sft`, `preference` or `unpaired`.
    """
    step = max(1, len(rows) // _LOOKED_AT)
    answers: list[str] = []
    passages: list[set[bytes]] = []
    for index in range(0, len(rows), step):
        chat = conversations(rows[index])[0]
        if not chat.messages:
            continue
        answers.append(chat.messages[-1].content.strip())
        asked = (m.content for m in chat.messages if m.role in ("user", "tool"))
        passages.append({_key(part) for text in asked for part in _long_parts(text)})
    if not answers:
        return Traits(kind, len(rows))
    common = Counter(key for keys in passages for key in keys)
    return Traits(
        kind,
        len(rows),
        short_share=_share(len(a.split()) <= _LABEL_WORDS for a in answers),
        distinct=len(set(answers)),
        looked_at=len(answers),
        json_share=_share(map(_is_json, answers)),
        context_share=_share(any(common[key] > 1 for key in keys) for keys in passages),
    )


def _share(flags: object) -> float:
    known = list(map(bool, flags))  # type: ignore[call-overload]
    return sum(known) / len(known)


def _long_parts(text: str) -> list[str]:
    return [part for part in text.split("\n") if len(part) >= _CONTEXT_CHARACTERS]


def _key(text: str) -> bytes:
    return hashlib.blake2b(" ".join(text.split()).encode(), digest_size=12).digest()


def _is_json(text: str) -> bool:
    if text[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
