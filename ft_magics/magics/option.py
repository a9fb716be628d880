"""What a magic or a verb may be given: the shape of the table in `syntax`."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import Any

from ft_magics.settings import Setting, settings_of

__all__ = ["HELP", "Option", "Syntax", "canonical", "flags_of", "takes_no_value"]


@dataclass(frozen=True)
class Option:
    """Something with two dashes that is not a setting of training or answering."""

    name: str
    """Without the dashes."""
    sentence: str
    value: str = ""
    """What follows it, for `--help`; empty for a flag that stands alone."""
    names: tuple[str, ...] = ()
    """Kinds of names that may follow it, for completion."""
    choices: tuple[str, ...] = ()
    may: str = ""
    """A pattern, for a flag that may stand alone: the next word is its value if it is like this."""


HELP = Option("help", "Show this and do nothing.")


@dataclass(frozen=True)
class Syntax:
    """One magic, or one verb of `%ft`."""

    usage: str
    sentence: str
    spec: type | None = None
    """The settings it takes; None for none."""
    options: tuple[Option, ...] = ()
    names: tuple[str, ...] = ()
    """Kinds of names it takes: `data`, `golden`, `adapter`, `model` …"""
    most: int = 1
    """How many words without dashes it takes at most."""
    least: int = 0
    resolved: bool = False
    """Whether a word without dashes may be `$NAME`, a variable of the notebook."""

    @property
    def settings(self) -> dict[str, Setting]:
        """The settings it takes, by name."""
        return settings_of(self.spec) if self.spec else {}

    def option(self, name: str) -> Option | None:
        """The option of a name; `--help` is every magic's."""
        return next((o for o in (*self.options, HELP) if o.name == name), None)


def canonical(spec: type | None, written: str) -> str | None:
    """The setting that is meant by a name, an alias or another trainer's spelling.

    Args:
        spec: The settings class.
        written: With - or _.

    Returns:
        Its own name; None if there is none.
    """
    if spec is None:
        return None
    plain = written.replace("-", "_")
    named: str = spec.aliases.get(plain, plain)  # type: ignore[attr-defined]
    if named not in settings_of(spec):
        named = spec.foreign.get(plain, "")  # type: ignore[attr-defined]
    return named or None


def flags_of(syntax: Syntax) -> dict[str, str]:
    """Everything with two dashes, and its sentence; aliases last."""
    found = {f"--{o.name}": o.sentence for o in (*syntax.options, HELP)}
    found |= {s.flag: s.sentence for s in syntax.settings.values()}
    for setting in syntax.settings.values():
        found |= {f"--{a.replace('_', '-')}": f"Short for {setting.flag}." for a in setting.aliases}
    return found


def takes_no_value(setting: Setting) -> bool:
    """Whether the bare flag is enough: settings that are true or false."""
    kinds: tuple[Any, ...] = (setting.type,)
    if typing.get_origin(setting.type) in (typing.Union, types.UnionType):
        kinds = typing.get_args(setting.type)
    return set(kinds) - {type(None)} == {bool}
