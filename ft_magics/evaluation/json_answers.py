"""Is an answer JSON, and does it fit a schema?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["json_fault"]

_FENCE = re.compile(r"\A\s*```[\w-]*\s*\n?(.*?)\n?\s*```\s*\Z", re.DOTALL)
_LONGEST = 160
"""Characters of a validator's message that are told: it may quote the whole answer."""


def json_fault(answer: str, schema: Any) -> str:
    """What keeps an answer from being the JSON that was asked for.

    Args:
        answer: The model's text: JSON and nothing else, but for white space around it.
        schema: A JSON Schema that was checked, or true for any JSON.

    Returns:
        In a few words: `is not JSON: …`; empty if it is as it must be.
    """
    fenced = _FENCE.match(answer)
    try:
        value = _read(answer)
    except (ValueError, RecursionError) as error:
        if fenced and _reads(fenced.group(1)):
            return "is in a ``` fence: the bare JSON was asked for"
        return _where(answer, error)
    return "" if schema is True else _misfit(value, schema)


def _read(text: str) -> Any:
    def refuse(name: str) -> Any:
        raise ValueError(f"{name} is no JSON number")

    return json.loads(text.strip(), parse_constant=refuse)


def _reads(text: str) -> bool:
    try:
        _read(text)
    except (ValueError, RecursionError):
        return False
    return True


def _where(answer: str, error: Exception) -> str:
    """Why it is not JSON; text around it is the commonest reason."""
    text = answer.strip()
    if not text:
        return "is not JSON: it is empty"
    if isinstance(error, RecursionError):
        return "is not JSON: it is nested too deeply"
    if not isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error}"
    if error.msg == "Extra data":
        return "has text behind the JSON"
    if error.pos == 0 and _begins_later(text):
        return "has text before the JSON"
    return f"is not JSON: {error.msg[:1].lower()}{error.msg[1:]}, at character {error.pos + 1}"


def _begins_later(text: str) -> bool:
    start = min((at for at in (text.find("{"), text.find("[")) if at > 0), default=0)
    try:
        json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError):
        return False
    return start > 0


def _misfit(value: Any, schema: Mapping[str, Any]) -> str:
    from jsonschema.exceptions import best_match
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        # An empty registry: nothing is ever fetched.
        found = best_match(validator_for(schema)(schema, registry=Registry()).iter_errors(value))
    except (Unresolvable, RecursionError) as error:
        return f"cannot be held against its schema: {type(error).__name__} ({error})"[:_LONGEST]
    if found is None:
        return ""
    place = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in found.absolute_path
    ).lstrip(".")
    message = found.message if len(found.message) <= _LONGEST else f"{found.message[:_LONGEST]}…"
    return f"does not fit the schema{f' at {place}' if place else ''}: {message}"
