from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from ft_magics.training.random_state import generator, kept_random_states, sub_seed


def draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(1))


def test_states_are_put_back_also_after_an_error() -> None:
    with kept_random_states():
        first = draw()

    def reseed() -> None:
        with kept_random_states():
            random.seed(1)
            np.random.seed(1)
            torch.manual_seed(1)
            raise KeyError

    with pytest.raises(KeyError):
        reseed()
    assert draw() == first


def test_seeds_differ_by_purpose_and_stay_the_same() -> None:
    assert sub_seed(42, "order", 0) == 2666053517363028641
    assert len({sub_seed(42, "order", n) for n in range(50)}) == 50
    assert sub_seed(42, "order", 1) != sub_seed(43, "order", 1)
    assert torch.equal(
        torch.rand(3, generator=generator(1, "x")), torch.rand(3, generator=generator(1, "x"))
    )
