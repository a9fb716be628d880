"""Which split of a source is read: the one that was named, else `train`, else the only one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ft_magics.errors import DataError, nearest

__all__ = ["chosen_split", "split_of"]

_SPLIT = re.compile(
    r"(?P<train>train(ing)?)|(?P<test>test(ing)?)|(?P<validation>valid(ation)?|val|dev|eval)"
)


def chosen_split(splits: Sequence[str], wanted: str | None, what: str, where: str) -> str:
    """The split to read.

    Args:
        splits: Those that there are.
        wanted: What the user named.
        what: What has them, for the error: `the DatasetDict`.
        where: The cell, for the error.

    Raises:
        DataError: There is none of that name, or several and none is `train`.
    """
    if wanted is not None:
        if wanted in splits:
            return wanted
        raise DataError(where, f"{what} has no split '{wanted}'.", nearest(wanted, splits))
    if "train" in splits or len(splits) == 1:
        return "train" if "train" in splits else splits[0]
    names = ", ".join(splits)
    if not names:
        raise DataError(where, f"{what} has no splits.", "Name another source.")
    likely = next((name for name in splits if "train" in name.lower()), splits[0])
    raise DataError(where, f"{what} has the splits {names}.", f"Name one: --split {likely}.")


def split_of(name: str) -> str | None:
    """The split that a file or folder is named after: `test-00000-of-00001.parquet`, `faq_dev`.

    Args:
        name: Its name.

    Returns:
        `train`, `test` or `validation`; None if it is named after none.
    """
    words = re.split(r"[^a-z]+", name.lower().split(".")[0])
    found = (_SPLIT.fullmatch(word) for word in words)
    return next((match.lastgroup for match in found if match and match.lastgroup), None)
