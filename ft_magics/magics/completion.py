"""Tab on our lines: verbs, flags, settings, their values, names. Kernel side, for every front end."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from ft_magics.errors import FtError
from ft_magics.magics import port
from ft_magics.magics.syntax import (
    CELL_PATTERN,
    SYNTAX,
    VERBS,
    Syntax,
    canonical,
    flags_of,
    takes_no_value,
)
from ft_magics.magics.transform import LINE_MAGICS
from ft_magics.spec import REPAIRS

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

__all__ = ["complete", "matcher"]

BUILT_IN = ("smollm2-135m", "smollm2-135m-q4")
LINE = re.compile(rf"^\s*(?:[A-Za-z_]\w*\s*=\s*)?%%?({'|'.join(LINE_MAGICS)})[ \t]+(.*)$")
ENTRY = re.compile(r"^(\s*)([A-Za-z_][\w-]*)?$")
VALUE = re.compile(r"^\s*([A-Za-z_][\w-]*)\s*:\s*(\S*)$")


@context_matcher(identifier="ft_magics", priority=100)  # type: ignore[untyped-decorator]
def matcher(context: CompletionContext) -> SimpleMatcherResult:
    """IPython's matcher protocol around `complete`."""
    cell = "\n".join(context.full_text.split("\n")[: context.cursor_line])
    fragment, choices = complete(cell, context.text_until_cursor)
    return {
        "completions": [SimpleCompletion(text, type=kind) for text, kind in choices],
        "matched_fragment": fragment,
        "suppress": bool(choices),
        "ordered": True,
    }


def complete(above: str, before: str) -> tuple[str, list[tuple[str, str]]]:
    """What may stand at the cursor.

    Args:
        above: The cell's lines above the cursor's.
        before: The cursor's line, up to the cursor.

    Returns:
        The part of the line that is replaced, and (text, kind) for each choice, in order.
    """
    on_line = LINE.match(before)
    if on_line and not _in_body(above):
        return _on_line(on_line.group(1), on_line.group(2))
    head = _in_body(above)
    if head is not None and SYNTAX[head].spec and _settings_go_on(above):
        return _in_settings(SYNTAX[head], before)
    return "", []


def _in_body(above: str) -> str | None:
    """The magic whose body the cursor is in."""
    for line in above.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            found = CELL_PATTERN.match(line.strip())
            return found.group()[2:].split()[0] if found else None
    return None


def _settings_go_on(above: str) -> bool:
    """Whether rows have not begun yet: there is no `---`, and no line of JSON."""
    return not re.search(r"^(---\s*$|[{\[])", above, re.MULTILINE)


def _on_line(magic: str, text: str) -> tuple[str, list[tuple[str, str]]]:
    words = text.split()
    fragment = "" if not text or text[-1].isspace() else words.pop()
    syntax = SYNTAX[magic]
    if magic == "ft":
        if not words:
            return _matching(fragment, [(verb, "verb") for verb in VERBS])
        if words[0] not in VERBS:
            return fragment, []
        syntax = VERBS[words[0]]
        words = words[1:]
    if fragment.startswith("--") and "=" in fragment:
        flag, _, fragment = fragment.partition("=")
        words.append(flag)
    if words and words[-1].startswith("--"):
        values = _values(syntax, words[-1].lstrip("-"))
        if values is not None and not fragment.startswith("-"):
            return _matching(fragment, values)
    if fragment.startswith("-"):
        used = {canonical(syntax.spec, w.lstrip("-")) or w for w in words if w.startswith("--")}
        flags = [
            f for f in flags_of(syntax) if (canonical(syntax.spec, f.lstrip("-")) or f) not in used
        ]
        return _matching(fragment, [(flag, "flag") for flag in flags])
    choices = _names(syntax.names)
    if not fragment and len([w for w in words if not w.startswith("--")]) >= syntax.least:
        choices = choices + [(flag, "flag") for flag in flags_of(syntax)]
    return _matching(fragment, choices)


def _in_settings(syntax: Syntax, before: str) -> tuple[str, list[tuple[str, str]]]:
    value = VALUE.match(before)
    if value:
        return _matching(value.group(2), _values(syntax, value.group(1)) or [])
    entry = ENTRY.match(before)
    if entry is None:
        return "", []
    names = [*syntax.settings, *(a for s in syntax.settings.values() for a in s.aliases)]
    return _matching(entry.group(2) or "", [(f"{name}: ", "setting") for name in names])


def _values(syntax: Syntax, name: str) -> list[tuple[str, str]] | None:
    """What may follow a flag; None when nothing need follow it."""
    option = syntax.option(name)
    if option is not None:
        if not option.value:
            return None
        return [(choice, "value") for choice in option.choices] + _names(option.names)
    plain = canonical(syntax.spec, name)
    if plain is None:
        return None
    setting = syntax.settings[plain]
    if takes_no_value(setting):
        return None
    kinds = {
        "data": ("data",),
        "golden": ("golden",),
        "after": ("adapter",),
        "model": ("built-in",),
    }
    return [(str(c), "value") for c in setting.choices] + _names(kinds.get(plain, ()))


def _names(kinds: tuple[str, ...]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for kind in kinds:
        try:
            names: Any = _FOUND[kind]() if kind in _FOUND else port.session().names(kind)
        except FtError:
            # No home that can be read: the cell itself will say so; Tab stays quiet.
            names = []
        for name in names:
            found.setdefault(name, kind)
    return list(found.items())


def _files() -> list[str]:
    """Files beside the notebook that hold rows, by their ending."""
    pattern = re.compile(r".+\.(jsonl|ndjson|json|csv|tsv|parquet|ya?ml|txt)(\.gz)?")
    with contextlib.suppress(OSError):
        return sorted(p.name for p in Path.cwd().iterdir() if pattern.fullmatch(p.name))
    return []


_FOUND: dict[str, Callable[[], Iterable[str]]] = {
    "built-in": lambda: BUILT_IN,
    "help": lambda: (*VERBS, *(magic for magic in SYNTAX if " " not in magic)),
    "repair": lambda: REPAIRS,
    "vote": lambda: ("up", "down", "1", "2", "tie", "skip", "back", "end"),
    "file": _files,
}


def _matching(fragment: str, choices: list[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    plain = fragment.replace("-", "_")
    found = [c for c in choices if c[0].replace("-", "_").startswith(plain) and c[0] != fragment]
    return fragment, found
