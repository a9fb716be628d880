"""Reading settings: from the names and values a user wrote to a settings class of `spec`."""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
import textwrap
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, Literal

from ft_magics.errors import SettingError, nearest

__all__ = ["Setting", "read_settings", "settings_of"]


@dataclass(frozen=True)
class Setting:
    """One setting, as `--help`, completion and the editor show it."""

    name: str
    type: Any
    default: Any
    sentence: str
    aliases: tuple[str, ...]

    @property
    def flag(self) -> str:
        """The name as it stands on a magic's line."""
        return "--" + self.name.replace("_", "-")

    @property
    def choices(self) -> tuple[str, ...]:
        """The values of a setting that has only a few; empty otherwise."""
        for part in (self.type, *typing.get_args(self.type)):
            if typing.get_origin(part) is Literal:
                return typing.get_args(part)
        return ()


@cache
def settings_of(spec: type) -> dict[str, Setting]:
    """The settings of a settings class, by name, in order.

    Args:
        spec: A settings dataclass of this module.
    """
    types_ = typing.get_type_hints(spec)
    sentences = _sentences(spec)
    short: dict[str, list[str]] = {}
    for alias, name in spec.aliases.items():  # type: ignore[attr-defined]
        short.setdefault(name, []).append(alias)
    return {
        f.name: Setting(
            f.name,
            types_[f.name],
            None if f.default is MISSING else f.default,
            sentences.get(f.name, ""),
            tuple(short.get(f.name, ())),
        )
        for f in fields(spec)
    }


def _sentences(spec: type) -> dict[str, str]:
    """The sentence that follows each field in the source."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(spec)))
    body = typing.cast("ast.ClassDef", tree.body[0]).body
    found = {}
    for before, after in itertools.pairwise(body):
        if (
            isinstance(before, ast.AnnAssign)
            and isinstance(before.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            found[before.target.id] = " ".join(after.value.value.split())
    return found


def read_settings(spec: type, values: Mapping[str, Any], where: str) -> tuple[Any, list[str]]:
    """Make a settings object from what a user wrote.

    Args:
        spec: The settings class.
        values: Names (with - or _; aliases and other trainers' spellings too) and values; a value
            may be text, as it stands on a magic's line.
        where: The cell, for errors.

    Returns:
        The settings, and one-line notices such as `using max_length for cutoff_len`.

    Raises:
        SettingError: A name is unknown or given twice, or a value is of the wrong type or range;
            all problems of names and types at once.
    """
    known = settings_of(spec)
    taken: dict[str, Any] = {}
    notices: list[str] = []
    problems: list[tuple[str, str]] = []
    for written, value in values.items():
        plain = written.replace("-", "_")
        name = spec.aliases.get(plain, plain)  # type: ignore[attr-defined]
        if name not in known and plain in spec.foreign:  # type: ignore[attr-defined]
            name = spec.foreign[plain]  # type: ignore[attr-defined]
            notices.append(f"using {name} for {plain}")
        if name not in known:
            choices = [*known, *spec.aliases]  # type: ignore[attr-defined]
            problems.append((f"no setting '{written}'", nearest(plain, choices)))
        elif name in taken:
            problems.append((f"{name} is given twice", f"Keep one of them ('{written}')."))
        else:
            try:
                taken[name] = _convert(value, known[name])
            except ValueError as error:
                problems.append((f"{written} is {value!r}", str(error)))
    if problems:
        first, *rest = problems
        extra = "".join(f" Also: {what}. {remedy}" for what, remedy in rest)
        raise SettingError(where, first[0], f"{first[1]}{extra}".strip())
    try:
        return spec(**taken), notices
    except SettingError as error:
        raise SettingError(where, error.what, error.remedy) from None


def _convert(value: Any, setting: Setting) -> Any:
    """The value in its setting's type; ValueError with the remedy if it cannot be."""
    options = (
        typing.get_args(setting.type)
        if typing.get_origin(setting.type) in (typing.Union, types.UnionType)
        else (setting.type,)
    )
    if value is None and type(None) in options:
        return None
    if isinstance(value, str) and value.lower() in ("none", "null") and type(None) in options:
        return None
    failed = ""
    for option in options:
        if option is type(None):
            continue
        try:
            return _convert_to(value, option, setting.name)
        except ValueError as error:
            failed = str(error)
    raise ValueError(failed)


def _convert_to(value: Any, kind: Any, name: str) -> Any:
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        if value in choices:
            return value
        raise ValueError(nearest(str(value), [str(c) for c in choices]))
    converter = _CONVERTERS.get(typing.get_origin(kind) or kind)
    if converter is None:  # pragma: no cover - a new field type needs its converter
        raise TypeError(f"{name}: no converter for {kind}")
    return converter(value)


def _to_bool(value: Any) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise ValueError("It must be true or false.")


def _to_int(value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError("It must be a whole number.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError("It must be a whole number.") from None
    if not number.is_integer():
        raise ValueError("It must be a whole number.")
    return int(number)


def _to_float(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError("It must be a number.")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError("It must be a number, such as 2e-4.") from None
    if not abs(number) < sys.float_info.max:
        raise ValueError("It must be a finite number.")
    return number


def _to_str(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("It must be text.")


def _to_list(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(v) for v in value]
    if isinstance(value, str) and ("," in value or value.startswith("[")):
        return [part.strip(" '\"") for part in value.strip("[] ").split(",") if part.strip()]
    raise ValueError("It must be a list of names.")


def _to_dict(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise ValueError("It must be a mapping, such as {neftune_noise_alpha: 5}.")


_CONVERTERS: dict[Any, Any] = {
    bool: _to_bool,
    int: _to_int,
    float: _to_float,
    str: _to_str,
    list: _to_list,
    dict: _to_dict,
}
