"""What a user asked for beside the rows: from words on a line to values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ft_magics.errors import SettingError, nearest

if TYPE_CHECKING:
    from ft_magics.data import Ask

__all__ = ["read_ask"]


def read_ask(said: Mapping[str, Any], goal: str | None, where: str) -> Ask:
    """Read the settings of a data set.

    Args:
        said: `system`, `eval`, `skip_bad`, `fix`, `map`, `limit`, `shuffle`, as they were written.
        goal: What the notebook is for.
        where: The cell, for errors.

    Raises:
        SettingError: One of them is not understood.
    """
    from ft_magics import data

    return data.Ask(
        system=said["system"],
        eval=None if said["eval"] is None else str(said["eval"]),
        skip_bad=said["skip_bad"],
        fix=_fixes(said["fix"], where),
        map=_map(said["map"], where),
        limit=_number(said["limit"], "limit", where),
        shuffle=_seed(said["shuffle"], where),
        goal=goal,
    )


def _fixes(fix: Collection[str] | str | bool, where: str) -> Collection[str]:
    """The names of repairs.

    Raises:
        SettingError: There is no such repair.
    """
    from ft_magics.data.fixes import FIXES

    if isinstance(fix, bool) or fix == "all":
        return tuple(FIXES) if fix else ()
    names = [n.strip() for n in fix.split(",")] if isinstance(fix, str) else list(fix)
    for name in names:
        if name not in FIXES:
            raise SettingError(where, f"no repair '{name}'", nearest(name, FIXES))
    return names


def _map(map: Mapping[str, str] | str | None, where: str) -> Mapping[str, str] | None:
    from ft_magics.data.sources import read_map

    return read_map(map, where) if map else None


def _number(value: Any, what: str, where: str) -> int | None:
    if value is None:
        return None
    try:
        number = int(str(value).replace("_", ""))
    except ValueError:
        number = 0
    if isinstance(value, bool) or number < 1:
        raise SettingError(where, f"--{what} is {value!r}", "It must be a whole number from 1 on.")
    return number


def _seed(shuffle: int | str | bool | None, where: str) -> int | None:
    if shuffle is None or shuffle is False:
        return None
    if shuffle is True:
        return 42
    text = str(shuffle)
    if not text.isdecimal():
        raise SettingError(where, f"--shuffle is {shuffle!r}", "Leave it alone, or give a seed: 7.")
    return int(text)
