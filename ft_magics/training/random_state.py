"""Randomness that belongs to the run alone: the user's own random states stay as they are.

torch's, numpy's and Python's global random states are shared by all threads. A run that drew from
them would change what the user's cells draw, and would itself be changed by them. So a run draws
from generators of its own, and the one thing that reseeds the global ones (the trainer's
construction) is enclosed by `kept_random_states`.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterator

import numpy as np
import torch

__all__ = ["generator", "kept_random_states", "sub_seed"]


def sub_seed(seed: int, *purpose: object) -> int:
    """A seed for one purpose, independent of those for others.

    Args:
        seed: The run's seed.
        purpose: What it is for, such as `"order", 3` for the row order of epoch 3.

    Returns:
        An integer from 0 to below 2**63, the same on every machine.
    """
    text = ":".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *purpose: object) -> torch.Generator:
    """A CPU generator for one purpose of a run; see `sub_seed`."""
    return torch.Generator().manual_seed(sub_seed(seed, *purpose))


@contextlib.contextmanager
def kept_random_states() -> Iterator[None]:
    """Put the global random states of Python, numpy and torch back when the block ends."""
    python, numpy_, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy_)
        torch.set_rng_state(cpu)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
        if mps is not None:
            torch.mps.set_rng_state(mps)
