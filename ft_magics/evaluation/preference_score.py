"""What the choices between two models' answers say, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["PreferenceScore", "sign_test", "wilson"]

_Z = 1.959964
"""Of a 95 % interval of the normal distribution."""

_CHANCE = 0.05
"""Below this probability something is called clear."""


@dataclass(frozen=True)
class PreferenceScore:
    """How often each of two models was preferred, and what was not decided."""

    first: int = 0
    second: int = 0
    ties: int = 0
    skipped: int = 0
    same: int = 0
    """Questions that both answered alike, which nobody was asked."""
    left: int = 0
    """How often the answer on the left was taken, of those decided."""

    @property
    def decided(self) -> int:
        """Pairs of which one answer was preferred."""
        return self.first + self.second

    @property
    def clear(self) -> bool:
        """Whether so uneven a result is rarer than one in twenty where both are equally good."""
        return bool(self.decided) and sign_test(self.first, self.second) < _CHANCE

    def blind_words(self) -> str:
        """The score without names."""
        if not self.decided:
            return f"Nothing is decided yet{self._rest()}."
        most, least = max(self.first, self.second), min(self.first, self.second)
        if most == least:
            told = f"Both are level, {most} to {least}{self._rest()}"
        else:
            told = f"One of the two leads {most} to {least}{self._rest()}"
        sure = "this is clear" if self.clear else "so far this may be chance"
        return f"{told}; {_interval(most, self.decided)}: {sure}."

    def words(self, first: str, second: str) -> str:
        """The score with names, the better model first.

        Args:
            first: The name of the first model.
            second: That of the second.
        """
        if not self.decided:
            return f"{first} and {second}: nothing was decided{self._rest()}."
        (most, best), (least, other) = sorted(
            ((self.first, first), (self.second, second)), key=lambda pair: -pair[0]
        )
        if most == least:
            told = f"{best} and {other} are level, {most} to {least}{self._rest()}"
        else:
            told = f"{best} was preferred to {other} {most} to {least}{self._rest()}"
        chance = f"sign test p = {sign_test(most, least):.2g}"
        sure = f"this is clear ({chance})" if self.clear else f"this may be chance ({chance})"
        return f"{told}; {_interval(most, self.decided)} for {best}: {sure}.{self._bias()}"

    def _rest(self) -> str:
        """What was not decided, in words."""
        counts = (
            (self.ties, "tie", "ties"),
            (self.skipped, "skipped", "skipped"),
            (self.same, "answered alike", "answered alike"),
        )
        return "".join(f", {n} {one if n == 1 else many}" for n, one, many in counts if n)

    def _bias(self) -> str:
        """What to say if one side was taken more often than chance would have it."""
        right = self.decided - self.left
        if sign_test(self.left, right) >= _CHANCE:
            return ""
        side, times = ("left", self.left) if self.left > right else ("right", right)
        return (
            f" The answer on the {side} was taken {times} of {self.decided} times, more than chance"
            " would have it: was it read first?"
        )


def _interval(most: int, decided: int) -> str:
    low, high = wilson(most, decided)
    return f"95 % interval {100 * low:.0f} to {100 * high:.0f} %"


def wilson(times: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share.

    Args:
        times: How often it was so.
        of: How often it could have been, at least once.

    Returns:
        Its ends, 0 to 1.

    Source: Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    share, z2 = times / of, _Z**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def sign_test(one: int, other: int) -> float:
    """How likely a result at least so uneven is where both sides are equally likely.

    Args:
        one: How often one side came.
        other: How often the other.

    Returns:
        The exact two-sided probability, 0 to 1; 1 where nothing was decided.
    """
    count = one + other
    tail = sum(math.comb(count, k) for k in range(max(one, other), count + 1))
    return min(1.0, 2 * tail / 2**count)
