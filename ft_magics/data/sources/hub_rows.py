"""Rows of a data set on the hub, through `datasets`; no code of it is ever run."""

from __future__ import annotations

import socket
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ft_magics.data.bodies import Found
from ft_magics.data.sources.splits import chosen_split
from ft_magics.data.sources.tables import table_row
from ft_magics.errors import DataError

__all__ = ["hub_rows"]

_OFFLINE = (
    "Check the spelling and the network, or download it elsewhere and name the file or folder."
)


def hub_rows(
    name: str, where: str, split: str | None = None, subset: str | None = None
) -> tuple[str, Callable[[], Iterator[Found]]]:
    """How the rows of a hub's data set are read: in a stream, unless a slice of them is wanted.

    Args:
        name: `org/name` or `name`.
        where: The cell, for errors.
        split: A split, or a slice of one: `train[:1000]`.
        subset: The configuration, of a data set that has several.

    Returns:
        The split that was chosen, and what reads it.

    Raises:
        DataError: It is not there, cannot be reached, or has no such split or subset.
    """
    from datasets import load_dataset

    if _is_out_of_reach(name):
        raise _unreached(name, where, "there is no network")

    def load(**how: Any) -> Any:
        try:
            return load_dataset(name, name=subset, **how)
        except Exception as error:
            raise _refused(name, where, error) from None

    if split is not None and ("[" in split or "+" in split):
        sliced = load(split=split)
        return split, lambda: _rows(sliced, name, where)
    splits = load(streaming=True)
    chosen = chosen_split([str(key) for key in splits], split, name, where)
    return chosen, lambda: _rows(splits[chosen], name, where)


def _is_out_of_reach(name: str) -> bool:
    """Whether the hub's address is not known here and nothing of the data set was kept before.

    `datasets` tries for half a minute before it says so, which is long for a misspelt file.
    """
    from datasets import config
    from huggingface_hub import constants

    if config.HF_HUB_OFFLINE or urllib.request.getproxies():
        return False
    kept = (
        Path(config.HF_DATASETS_CACHE) / name.replace("/", "___"),
        Path(constants.HF_HUB_CACHE) / f"datasets--{name.replace('/', '--')}",
    )
    try:
        socket.getaddrinfo(urllib.parse.urlsplit(config.HF_ENDPOINT).hostname, 443)
    except OSError:
        return not any(folder.exists() for folder in kept)
    return False


def _unreached(name: str, where: str, why: str) -> DataError:
    what = f"there is no file '{name}' here, and no such data set on the hub can be reached"
    return DataError(where, f"{what} ({why}).", _OFFLINE)


def _rows(data: Any, name: str, where: str) -> Iterator[Found]:
    try:
        for row in data:
            yield table_row(row)
    except DataError:
        raise
    except Exception as error:
        raise _refused(name, where, error) from None


def _refused(name: str, where: str, error: Exception) -> DataError:
    """What `datasets` raised, in our words. Its own errors are of many kinds and change often."""
    said = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "Config name is missing" in str(error) or "BuilderConfig" in str(error):
        listed = " ".join(str(error).split())
        return DataError(where, f"{name}: {listed[:400]}.", "Name one of them: --subset NAME.")
    if "scripts are no longer supported" in str(error):
        what = f"{name} is a script, which is never run here."
        return DataError(where, what, "Name a data set of plain files, or its parquet version.")
    if kinds & {"GatedRepoError", "DatasetNotFoundError"} and "gated" in str(error).lower():
        what = f"{name} is gated on the hub."
        return DataError(
            where, what, "Ask for access on its page, then log in with `hf auth login`."
        )
    if kinds & {"ConnectionError", "FileNotFoundError", "OfflineModeIsEnabled", "HTTPError"}:
        return _unreached(name, where, said)
    return DataError(where, f"{name} cannot be loaded: {said}.", _OFFLINE)
