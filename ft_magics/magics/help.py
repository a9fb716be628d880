"""`--help` and `%ft help`, made from the same table that lines are parsed by."""

from __future__ import annotations

import textwrap
import types
import typing
from typing import Any

from ft_magics.errors import SettingError, nearest
from ft_magics.magics.syntax import HELP, NOT_YET, SYNTAX, VERBS, Syntax
from ft_magics.settings import Setting

__all__ = ["Text", "help_of", "overview"]

WIDTH = 96


class Text(str):
    """Text that shows without quotes as the result of a cell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def help_of(word: str) -> Text:
    """The help of a magic or a verb.

    Args:
        word: `finetune`, `%%finetune`, `list`, `ft list` …

    Raises:
        SettingError: There is no such word.
    """
    plain = word.lstrip("%").removeprefix("ft ").strip()
    if plain in ("", "ft"):
        return overview()
    key = plain if plain in SYNTAX else f"ft {plain}"
    if key not in SYNTAX:
        if plain in NOT_YET:
            return Text(f"%ft {plain} is not here yet. {NOT_YET[plain]}")
        remedy = nearest(plain, [*VERBS, "dataset", "golden", "finetune", "prompt"])
        raise SettingError("%ft help", f"no help for '{word}'", remedy)
    syntax = SYNTAX[key]
    usage = syntax.usage if key == plain else f"%ft {syntax.usage}"
    parts = [usage, "", *textwrap.wrap(syntax.sentence, WIDTH), "", *_options(syntax)]
    if syntax.settings:
        parts += ["", "Settings, on the line with dashes" + _below(key), *_settings(syntax)]
    return Text("\n".join(parts))


def overview() -> Text:
    """Every magic and every verb, one line each."""
    magics = [(SYNTAX[m].usage, SYNTAX[m].sentence) for m in SYNTAX if " " not in m]
    verbs = [(f"%ft {s.usage}", s.sentence) for s in VERBS.values()]
    later = ", ".join(NOT_YET)
    return Text(
        "\n".join(
            [
                *_table(magics),
                "",
                *_table(verbs),
                "",
                "Each takes --help. `x = %ft list` keeps the result.",
                *textwrap.wrap(f"Not here yet: {later}.", WIDTH),
            ]
        )
    )


def _below(key: str) -> str:
    return ", or below it as `name: value`:" if key == "finetune" else ":"


def _options(syntax: Syntax) -> list[str]:
    pairs = [(f"--{o.name} {o.value}".rstrip(), o.sentence) for o in (*syntax.options, HELP)]
    return _table(pairs)


def _settings(syntax: Syntax) -> list[str]:
    return _table([(_left(s), f"{s.sentence}{_default(s)}") for s in syntax.settings.values()])


def _left(setting: Setting) -> str:
    short = "".join(f", --{alias.replace('_', '-')}" for alias in setting.aliases)
    return f"{setting.flag}{short} {_kind(setting)}".rstrip()


def _kind(setting: Setting) -> str:
    if setting.choices:
        return "|".join(map(str, setting.choices))
    words = {int: "N", float: "NUMBER", str: "TEXT", bool: "", dict: "{…}", list: "A,B"}
    is_union = typing.get_origin(setting.type) in (typing.Union, types.UnionType)
    kinds: tuple[Any, ...] = typing.get_args(setting.type) if is_union else (setting.type,)
    first = kinds[0]
    return words.get(typing.get_origin(first) or first, "VALUE")


def _default(setting: Setting) -> str:
    if setting.default is None or setting.default is False:
        return ""
    return f" [{setting.default}]"


def _table(rows: list[tuple[str, str]], column: int = 34) -> list[str]:
    """Two columns; a long left side stands on a line of its own."""
    lines = []
    for left, right in rows:
        # Names of repairs and formats hold dashes, and stay whole.
        wrapped = textwrap.wrap(right, WIDTH - column, break_on_hyphens=False) or [""]
        if len(left) >= column - 2:
            lines.append(f"  {left}")
        else:
            lines.append(f"  {left:<{column - 2}}{wrapped.pop(0)}")
        lines += [" " * column + part for part in wrapped]
    return lines
