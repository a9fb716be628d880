"""Which of many things belong together, without comparing each with each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["Clusters", "Sketches", "runs"]

_VALUES = 64
"""Of one sketch."""
_BAND = 8
"""Values that must agree for two texts to be looked at: texts that share 88 % of their words agree
in at least one of the 8 bands in 97 of 100 cases, those that share half in 3."""
_ALIKE = 0.75
"""Share of the values that agree in texts worth comparing; an estimate of the words they share."""
_BATCH = 512
_PLACES = 1 << 32
_COMPARED = 1 << 15
"""Pairs of sketches compared at once: they are copied for it."""
_SEED = 1


class Clusters:
    """Things that were found to be the same, directly or through others (a union-find)."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}

    def join(self, one: int, other: int) -> None:
        """Two things are the same; the smaller one stands for both."""
        first, second = sorted((self.first(one), self.first(other)))
        self._parent[second] = first

    def first(self, thing: int) -> int:
        """What stands for a thing and all that is the same."""
        root = thing
        while (parent := self._parent.get(root, root)) != root:
            root = parent
        while (parent := self._parent.get(thing, thing)) != root:
            self._parent[thing] = root
            thing = parent
        return root

    def groups(self) -> list[list[int]]:
        """All that are the same as another, grouped, each group and all groups in order."""
        found: dict[int, list[int]] = {}
        for thing in sorted(self._parent):
            found.setdefault(self.first(thing), []).append(thing)
        return [[root, *(t for t in group if t != root)] for root, group in sorted(found.items())]


class Sketches:
    """MinHash sketches of long texts, to find those that share most of their words.

    Source: Broder, On the resemblance and containment of documents, 1997; the sketches are rensa's.
    """

    def __init__(self) -> None:
        self._pending: list[list[str]] = []
        self._done: list[Any] = []
        self._owners: list[int] = []

    def add(self, owner: int, words: list[str]) -> None:
        """Sketch a text.

        Args:
            owner: What `pairs` calls it.
            words: Of the text; kept until the batch is full.
        """
        self._owners.append(owner)
        self._pending.append(words)
        if len(self._pending) >= _BATCH:
            self._flush()

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Pairs worth comparing: about as many as texts, even if all of them are alike."""
        import numpy as np

        self._flush()
        if len(self._owners) < 2:
            return
        values = np.concatenate(self._done)
        bands = (values[:, start : start + _BAND] for start in range(0, _VALUES, _BAND))
        # Both places in one number: where all texts are alike there are millions of pairs.
        found = np.unique(np.concatenate([_neighbours(_packed(band)) for band in bands]))
        for start in range(0, len(found), _COMPARED):
            ones, others = np.divmod(found[start : start + _COMPARED], _PLACES)
            agree = (values[ones] == values[others]).mean(axis=1) >= _ALIKE
            for one, other in zip(ones[agree].tolist(), others[agree].tolist(), strict=True):
                yield self._owners[one], self._owners[other]

    def _flush(self) -> None:
        if not self._pending:
            return
        import numpy as np
        from rensa import RMinHash  # type: ignore[import-untyped]

        made = RMinHash.digest_matrix_from_token_sets(self._pending, _VALUES, _SEED).to_rows()
        # The lower halves tell sketches apart well enough, in half the memory.
        self._done.append(np.array(made, dtype=np.uint32).astype(np.uint16))
        self._pending = []


def runs(keys: Sequence[int]) -> Iterator[list[int]]:
    """Places that hold the same key: each run of two or more, in order of the places.

    Args:
        keys: Hashes, one a row, below 2**63.
    """
    import numpy as np

    values = np.asarray(keys, dtype=np.int64)
    if len(values) < 2:
        return
    order = np.argsort(values, kind="stable")
    sorted_values = values[order]
    edges: Any = np.flatnonzero(np.diff(sorted_values)) + 1
    starts = np.concatenate(([0], edges))
    ends = np.concatenate((edges, [len(values)]))
    long = ends - starts > 1
    for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
        yield order[start:end].tolist()


def _packed(band: Any) -> Any:
    """The eight 16-bit values of a band as one hash."""
    import numpy as np

    halves = np.ascontiguousarray(band).view(np.uint64)
    mixed = halves[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ (
        halves[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F)
    )
    return mixed.view(np.int64)


def _neighbours(keys: Any) -> Any:
    """In each run of equal keys each place with the first and with the one before it.

    Returns:
        `[pairs] int64`: the earlier place times `_PLACES`, plus the later.
    """
    import numpy as np

    order: Any = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    at = np.arange(len(order))
    begins = np.maximum.accumulate(np.where(np.concatenate(([True], ~same)), at, 0))
    later: Any = np.flatnonzero(same) + 1
    first = order[begins[later]] * _PLACES + order[later]
    last = order[later - 1] * _PLACES + order[later]
    return np.concatenate((first, last))
