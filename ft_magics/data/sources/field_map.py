"""`--map new=old`: fields of a source under the names that rows have here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ft_magics.errors import SettingError

__all__ = ["has_field", "read_map", "renamed"]

_PAIR = re.compile(r"""\s*([^\s=,"']+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,"'=]+?))\s*(?:,|$)""")
_ABSENT = object()


def read_map(given: str | Mapping[str, str], where: str) -> dict[str, str]:
    """Read which field is to have which name.

    Args:
        given: `user=question,assistant=answer`, a field with odd signs in quotes; or a mapping.
        where: The cell, for the error.

    Returns:
        New name -> old name; an old one may be a path, `answers.0.text`.

    Raises:
        SettingError: It is not of this form, or gives a new name twice.
    """
    pairs = _pairs(given, where) if isinstance(given, str) else list(given.items())
    found: dict[str, str] = {}
    for new, old in pairs:
        if not isinstance(new, str) or not isinstance(old, str) or not new or not old:
            raise SettingError(where, f"--map {new}={old} names no field", _FORM)
        if new in found:
            raise SettingError(where, f"--map gives '{new}' twice", "Keep one of them.")
        found[new] = old
    return found


_FORM = "Write new=old: --map user=question,assistant=answer."


def _pairs(text: str, where: str) -> list[tuple[str, str]]:
    pairs, at = [], 0
    while at < len(text.rstrip().rstrip(",")):
        pair = _PAIR.match(text, at)
        if pair is None:
            raise SettingError(where, f"--map '{text[at:].strip()}' is not new=old", _FORM)
        pairs.append((pair[1], next(part for part in pair.groups()[1:] if part is not None)))
        at = pair.end()
    if not pairs:
        raise SettingError(where, "--map names no field", _FORM)
    return pairs


def renamed(record: Mapping[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """A row's fields under their new names; what is not mapped stays.

    Args:
        record: The fields.
        mapping: New name -> old name. Where there is no field of the whole old name, its dots
            lead into objects and lists; the field that it leads into is then taken out.

    Returns:
        The fields; one whose old name the row does not have is missing.
    """
    moved = {
        new: value for new, old in mapping.items() if (value := _at(record, old)) is not _ABSENT
    }
    taken = {_top(record, mapping[new]) for new in moved}
    return {key: value for key, value in record.items() if key not in taken} | moved


def has_field(record: Mapping[str, Any], old: str) -> bool:
    """Whether a row has the field that an old name or path means.

    Args:
        record: The fields.
        old: The name or path.
    """
    return _at(record, old) is not _ABSENT


def _top(record: Mapping[str, Any], old: str) -> str:
    return old if old in record else old.partition(".")[0]


def _at(record: Mapping[str, Any], old: str) -> Any:
    if old in record:
        return record[old]
    value: Any = record
    for step in old.split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list | tuple) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _ABSENT
    return value
