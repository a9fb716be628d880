"""What a JSON parser complains about, for someone who does not know its words."""

from __future__ import annotations

import json
import re

__all__ = ["plain_words"]

_CURLY_QUOTES = "“”„«»‘’"


def plain_words(error: json.JSONDecodeError, text: str) -> tuple[str, str]:
    """A JSON error and its remedy, in plain words.

    Args:
        error: What the parser raised.
        text: What it was given.

    Returns:
        What is wrong, without a full stop, and what to do.
    """
    rest = text[error.pos : error.pos + 80].lstrip()
    if not rest and error.msg.startswith("Expecting"):
        return "the object does not end", "Close it with }."
    if rest[:1] == "'":
        return "single quotes", "JSON wants double quotes: \"user\", not 'user'."
    if rest and rest[0] in _CURLY_QUOTES:
        return f"the curly quote {rest[0]}", 'JSON wants straight double quotes: "user".'
    word = re.match(r"(True|False|None|nan|undefined)\b", rest)
    if word:
        right = {"True": "true", "False": "false"}.get(word[0], "null")
        return f"{word[0]} is not a JSON value", f"Write {right}."
    for begin, words in _WORDS.items():
        if error.msg.startswith(begin):
            return words
    return f"{error.msg[:1].lower()}{error.msg[1:]}", "Check the quotes, commas and braces there."


_WORDS: dict[str, tuple[str, str]] = {
    "Expecting property name": ("a field name is missing", 'Field names stand in quotes: "user".'),
    "Illegal trailing comma": ("a comma too many", "Remove it."),
    "Expecting ':'": ("no colon after the field name", 'Write it as "user": "…".'),
    "Expecting ','": (
        "a comma is missing, or a quote within a text",
        'Put a comma between fields, and write a quote within a text as \\".',
    ),
    "Expecting value": ("a value is missing or has no quotes", 'Texts stand in quotes: "…".'),
    "Unterminated string": ("a text without its closing quote", 'End it with ".'),
    "Invalid control character": (
        "a line break or tab within a text",
        "Write it as \\n or \\t, or close the quote on its line.",
    ),
    "Invalid \\": ("a lone backslash", "Write it twice: \\\\."),
}
