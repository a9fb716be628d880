"""The `json_schema` of a golden question: read when it is written, not when it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ft_magics.data.kinds.turns import Complain, shown

__all__ = ["read_schema"]


def read_schema(value: Any, what: str, complain: Complain) -> Any:
    """The schema that an answer must fit, as it was written.

    Args:
        value: A JSON Schema, or true for any JSON.
        what: The field, for the complaint.
        complain: Gets what is wrong, and the remedy.
    """
    if value is True:
        return value
    if not isinstance(value, Mapping):
        remedy = 'Write a JSON Schema, such as {"type": "object", "required": ["name"]}, or true.'
        complain(f"{what} is {shown(value)}", remedy)
        return None
    # Importing it takes more than a second.
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    schema = dict(value)
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "its top"
        complain(f"{what} is no JSON Schema: at {place}, {error.message}", "Correct it.")
        return None
    for reference in _references(schema):
        if not reference.startswith("#"):
            # It would have to be fetched, and a check that is asked offline must say the same.
            complain(f"{what} refers to another document ({reference})", "Write it out in place.")
            return None
    return schema


def _references(value: Any) -> Iterator[str]:
    """Every `$ref` and `$dynamicRef` in a schema."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key in ("$ref", "$dynamicRef") and isinstance(part, str):
                yield part
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)
