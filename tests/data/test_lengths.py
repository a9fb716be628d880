"""Token lengths in a few numbers."""

from __future__ import annotations

import random

import pytest

from ft_magics.data.lengths import histogram, spread


def test_spread() -> None:
    assert spread(()) is None
    assert spread((7,)) == (7, 7, 7, 7)
    assert spread(range(1, 101)) == (1, 50, 95, 100)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("limit", [None, 60, 512, 1000, 4096])
def test_each_row_is_counted_once_and_a_border_lies_at_the_limit(
    seed: int, limit: int | None
) -> None:
    rng = random.Random(seed)
    lengths = [max(1, int(rng.lognormvariate(4 + seed / 4, 0.8))) for _ in range(seed * 60 + 1)]
    bars = histogram(lengths, limit)
    assert bars is not None and sum(bars.counts) + bars.rest == len(lengths)
    assert 1 <= len(bars.counts) <= 60 and bars.start < min(lengths)
    for i, count in enumerate(bars.counts):
        low = bars.start + i * bars.width
        assert count == sum(low < length <= low + bars.width for length in lengths)
    cut = [length for length in lengths if limit and length > limit]
    if cut:
        assert limit is not None and bars.start <= limit < bars.end


def test_a_few_long_rows_do_not_press_the_others_together() -> None:
    bars = histogram([50 + i % 40 for i in range(1000)] + [20_000], 1024)
    assert bars is not None and bars.width <= 64
    without = histogram([50 + i % 40 for i in range(1000)] + [20_000])
    assert without is not None and without.rest == 1 and without.end < 400


def test_nothing_has_no_histogram() -> None:
    assert histogram(()) is None
