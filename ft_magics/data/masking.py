"""Rows as they may be saved in a notebook: what was found to be a secret is not written out.

A notebook is shared and kept under version control; the rows of a file that it names are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ft_magics.data.findings import Finding
from ft_magics.data.rows import AnyRow, Message, Preference, Row

__all__ = ["masked_row", "secret_rows"]

_SECRET = frozenset({"secret", "card-number", "iban"})
_LIKELY = re.compile(
    r"(?<=:)[^\s:@/]{3,}(?=@)"  # the password of an address
    r"|(?:\d[ -]?){12,}\d"  # the number of a card
    r"|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,}"  # an account
    r"|[\w+/=.-]{16,}"  # a key
)


def secret_rows(findings: Iterable[Finding]) -> frozenset[int]:
    """The numbers of the rows in which a secret was found."""
    return frozenset(n for f in findings if f.check in _SECRET for n in f.rows)


def masked_row(row: AnyRow) -> AnyRow:
    """A row with everything that could be its secret masked: `sk-•••f2`.

    Args:
        row: One in which a secret was found.
    """
    if isinstance(row, Row):
        text = None if row.text is None else _masked(row.text)
        return replace(row, messages=_turns(row.messages), text=text)
    sides = ("chosen", "rejected") if isinstance(row, Preference) else ("completion",)
    parts: dict[str, Any] = {name: _turns(getattr(row, name)) for name in ("prompt", *sides)}
    return replace(row, **parts)


def _turns(messages: Iterable[Message]) -> tuple[Message, ...]:
    return tuple(
        replace(
            m,
            content=_masked(m.content),
            reasoning=_masked(m.reasoning),
            tool_calls=tuple(replace(c, arguments=_masked(c.arguments)) for c in m.tool_calls),
        )
        for m in messages
    )


def _masked(text: str) -> str:
    return _LIKELY.sub(lambda found: f"{found[0][:3]}•••{found[0][-2:]}", text)
