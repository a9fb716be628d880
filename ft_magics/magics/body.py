"""The body of a cell: settings, rows, or settings above rows.

Settings are YAML 1.2, where `2e-3` is a number (PyYAML reads 1.1, where it is text).
"""

from __future__ import annotations

import difflib
import re
import typing
from collections.abc import Mapping
from typing import Any

from ft_magics.errors import SettingError
from ft_magics.magics.line import resolve
from ft_magics.magics.syntax import CELL_PATTERN, SYNTAX, Syntax, canonical
from ft_magics.settings import Setting

__all__ = ["both_places", "parse_body", "read_mapping"]

ROW_KEYS = frozenset(
    [
        "user",
        "assistant",
        "system",
        "human",
        "gpt",
        "tool",
        "prompt",
        "completion",
        "chosen",
        "rejected",
        "messages",
        "text",
        "label",
        "instruction",
        "input",
        "output",
        "history",
        "conversations",
        "conversation",
        "role",
        "content",
    ]
)
"""Keys of rows and roles of dialogues: a body with one of them is rows."""

KEY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:(?=\s|$)")
ENTRY = re.compile(r"([A-Za-z_][\w-]*)(?:[ \t]*=[ \t]*|[ \t]+)(\S+)$")


def parse_body(
    magic: str, body: str, user_ns: Mapping[str, Any], where: str
) -> tuple[dict[str, Any], str | None]:
    """Take a body apart.

    Args:
        magic: `dataset`, `golden`, `finetune` or `prompt`.
        body: All below the `%%` line.
        user_ns: The notebook's variables, for settings whose value is `$NAME`.
        where: The cell, for errors.

    Returns:
        Settings by name as written, and the rows or the text; None when there is none.

    Raises:
        SettingError: Settings that are not YAML, or a body that can be read in two ways.
    """
    syntax = SYNTAX[magic]
    if magic == "prompt":
        return {}, body.strip() or None
    _refuse_second_cell(body, where)
    if not _significant(body):
        return {}, None
    if syntax.spec is None:
        return {}, body
    above, below = _divide(body, syntax)
    if above is None:
        return {}, below
    return _read_settings(above, syntax, user_ns, where, alone=below is None), below


def both_places(
    spec: type | None, line: Mapping[str, Any], body: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """All settings, when none stands in both places.

    Raises:
        SettingError: One stands on the line and in the body.
    """
    on_line = {canonical(spec, name) or name: name for name in line}
    for name in body:
        twin = on_line.get(canonical(spec, name) or name)
        if twin is not None:
            raise SettingError(
                where,
                f"{canonical(spec, name)} stands on the line and in the body",
                f"Keep --{twin.replace('_', '-')} or '{name}:'.",
            )
    return {**line, **body}


def _significant(body: str) -> list[str]:
    """The lines that are neither blank nor comments."""
    return [x for x in body.splitlines() if x.strip() and not x.lstrip().startswith("#")]


def _refuse_second_cell(body: str, where: str) -> None:
    found = CELL_PATTERN.search(body)
    if found:
        raise SettingError(
            where,
            f"there is a second {found.group().strip()} in this cell",
            "Give it a cell of its own.",
        )


# ---------------------------------------------------------------- settings, rows, or both


def _divide(body: str, syntax: Syntax) -> tuple[str | None, str | None]:
    """The settings and the rows of a body; `---` stands between them."""
    lines = body.splitlines(keepends=True)
    marks = [i for i, line in enumerate(lines) if line.rstrip() == "---"]
    if marks and not _significant("".join(lines[: marks[0]])):
        # The mark that begins a YAML document.
        lines[marks[0]] = "\n"
        marks = marks[1:]
    if marks:
        above, below = "".join(lines[: marks[0]]), "".join(lines[marks[0] + 1 :])
        if _says_settings(above, syntax) or _significant(above)[0].startswith("{"):
            return above, below if _significant(below) else None
    whole = "".join(lines)
    return (whole, None) if _says_settings(whole, syntax) else (None, whole)


def _says_settings(text: str, syntax: Syntax) -> bool:
    """Whether a text is meant as settings, by its unindented keys; a typo does not change it.

    JSON and dialogue come first: `{` or `[` begins rows, and so does a role or a row's key.
    """
    lines = _significant(text)
    if not lines:
        return True
    if lines[0].lstrip()[0] in "{[":
        return _could_be_both(lines, syntax)
    keys = [found.group(1) for line in lines if (found := KEY.match(line))]
    if not keys:
        found = ENTRY.match(lines[0].rstrip())
        return bool(found and canonical(syntax.spec, found.group(1)))
    if any(key in ROW_KEYS for key in keys):
        return False
    names = [*syntax.settings, *syntax.spec.aliases, *syntax.spec.foreign]  # type: ignore[union-attr]
    return any(
        canonical(syntax.spec, key) or difflib.get_close_matches(key.replace("-", "_"), names)
        for key in keys
    )


def _could_be_both(lines: list[str], syntax: Syntax) -> bool:
    """Whether JSON text is one mapping whose keys are all settings."""
    text = "\n".join(lines).lstrip()
    keys = re.findall(r"[{,]\s*[\"']?([A-Za-z_][\w-]*)[\"']?\s*:", text)
    return bool(keys) and text[0] == "{" and all(canonical(syntax.spec, key) for key in keys)


# ---------------------------------------------------------------- YAML


def _read_settings(
    text: str, syntax: Syntax, user_ns: Mapping[str, Any], where: str, *, alone: bool
) -> dict[str, Any]:
    lines = _significant(text)
    if alone and lines and _could_be_both(lines, syntax):
        raise SettingError(
            where,
            f"the body could be one row of JSON, or settings: {lines[0].strip()[:60]}",
            "Write settings as lines (epochs: 6), or put rows below a line ---.",
        )
    found: dict[str, Any] = {}
    for key, node, construct in _entries(text, where):
        if key in found:
            raise SettingError(where, f"{key} is given twice", "Keep one of them.")
        name = canonical(syntax.spec, key)
        setting = syntax.settings[name] if name else None
        found[key] = _value(node, construct, setting, user_ns, where)
    return found


def read_mapping(text: str, user_ns: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Read `{a: 1, b: $NAME}`, YAML 1.2.

    Raises:
        SettingError: It is not a mapping.
    """
    return {
        key: _value(node, construct, None, user_ns, where)
        for key, node, construct in _entries(text, where)
    }


def _entries(text: str, where: str) -> list[tuple[str, Any, typing.Callable[[Any], Any]]]:
    """The keys of a YAML mapping, each with its node and what makes a value of a node."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.nodes import MappingNode

    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        at = f", line {mark.line + 1}" if mark else ""
        problem = f"the settings are no YAML{at}: {error.problem}"
        raise SettingError(where, problem, "Write one `name: value` a line.") from None
    if not isinstance(node, MappingNode):
        first = _significant(text)[0].strip()
        raise SettingError(where, f"'{first[:60]}' is no setting", _as_entry(first))

    def construct(part: Any) -> Any:
        return yaml.constructor.construct_object(part, deep=True)

    return [(str(key.value), value, construct) for key, value in node.value]


def _as_entry(line: str) -> str:
    found = ENTRY.match(line)
    return f"Write {found.group(1)}: {found.group(2)}" if found else "Write `name: value`."


def _value(
    node: Any,
    construct: typing.Callable[[Any], Any],
    setting: Setting | None,
    user_ns: Mapping[str, Any],
    where: str,
) -> Any:
    """A node's value: text as written where the setting is text, `$NAME` resolved where plain."""
    from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

    if isinstance(node, MappingNode):
        return {str(k.value): _value(v, construct, None, user_ns, where) for k, v in node.value}
    if isinstance(node, SequenceNode):
        return [_value(part, construct, None, user_ns, where) for part in node.value]
    plain = isinstance(node, ScalarNode) and node.style is None
    if plain and node.value.startswith("$"):
        return resolve(node.value, user_ns, where)
    if plain and setting is not None and _is_text(setting) and not node.tag.endswith(":null"):
        # `model_revision: 1e10` is a commit, not a number; `model: 2024-01-01` is no date.
        return node.value
    return construct(node)


def _is_text(setting: Setting) -> bool:
    kinds = typing.get_args(setting.type) or (setting.type,)
    return str in kinds and not any(typing.get_origin(kind) for kind in kinds)
