"""Judged rows as a model reads them: two answers of which one is better, or one with its label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ft_magics.data.encoding.encoding import Encoded
from ft_magics.data.rows import AnyRow, Preference, Row, Unpaired

__all__ = ["AnyEncoded", "EncodedAnswer", "EncodedPair", "joined", "sides_of"]


@dataclass(frozen=True)
class EncodedPair:
    """A question with its better and its worse answer."""

    chosen: Encoded
    """The whole conversation with the better answer, which alone carries loss."""
    rejected: Encoded
    """The same with the worse one."""

    @property
    def number(self) -> int:
        """The row's number."""
        return self.chosen.number

    @property
    def sides(self) -> tuple[Encoded, ...]:
        """Both conversations."""
        return self.chosen, self.rejected

    @property
    def ids(self) -> tuple[int, ...]:
        """Token ids of the longer side."""
        return max(self.chosen.ids, self.rejected.ids, key=len)

    @property
    def trained(self) -> int:
        """Tokens that carry loss."""
        return self.chosen.trained + self.rejected.trained

    @property
    def cut(self) -> int:
        """Tokens lost to the greatest length, on both sides."""
        return self.chosen.cut + self.rejected.cut

    def shortened(self, max_length: int | None) -> EncodedPair:
        """The row with either side cut at its end to a greatest length in tokens."""
        return EncodedPair(self.chosen.shortened(max_length), self.rejected.shortened(max_length))


@dataclass(frozen=True)
class EncodedAnswer:
    """A question with one answer, and whether it is a good one."""

    answer: Encoded
    """The whole conversation, of which the answer carries loss."""
    label: bool

    @property
    def number(self) -> int:
        """The row's number."""
        return self.answer.number

    @property
    def sides(self) -> tuple[Encoded, ...]:
        """The one conversation."""
        return (self.answer,)

    @property
    def ids(self) -> tuple[int, ...]:
        """Token ids."""
        return self.answer.ids

    @property
    def trained(self) -> int:
        """Tokens that carry loss."""
        return self.answer.trained

    @property
    def cut(self) -> int:
        """Tokens lost to the greatest length."""
        return self.answer.cut

    def shortened(self, max_length: int | None) -> EncodedAnswer:
        """The row cut at its end to a greatest length in tokens."""
        return EncodedAnswer(self.answer.shortened(max_length), self.label)


AnyEncoded = Encoded | EncodedPair | EncodedAnswer


def sides_of(row: AnyEncoded) -> tuple[Encoded, ...]:
    """The conversations that a row holds: one, or the two of a pair."""
    return (row,) if isinstance(row, Encoded) else row.sides


def joined(rows: Iterable[AnyRow], encoded: Sequence[Encoded | None]) -> list[AnyEncoded]:
    """Put the conversations of rows together again.

    Args:
        rows: Of any kind.
        encoded: Their conversations, as `data.conversations` gives them, in order; None for one
            that is refused, whose row is left out.
    """
    found = iter(encoded)
    made: list[AnyEncoded] = []
    for row in rows:
        sides = [next(found) for _ in range(2 if isinstance(row, Preference) else 1)]
        if None not in sides:
            made.append(_judged(row, [side for side in sides if side is not None]))
    return made


def _judged(row: AnyRow, sides: list[Encoded]) -> AnyEncoded:
    if isinstance(row, Row):
        return sides[0]
    if isinstance(row, Unpaired):
        return EncodedAnswer(sides[0], row.label)
    return EncodedPair(*sides)
