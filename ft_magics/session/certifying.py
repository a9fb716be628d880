"""The certificate of a run: made before it trains, kept with what it leaves, asked before use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import AdapterError, DataError
from ft_magics.files import read_json, write_json

if TYPE_CHECKING:
    from ft_magics.data import AnyEncoded, AnyRow, Tokenizer
    from ft_magics.data.encoding.certificate import Certificate

__all__ = ["FILE", "Certified", "certified", "refuse_other_prompt", "write_certificate"]

FILE = "certificate.json"
"""Beside the weights of each kept step."""


@dataclass
class Certified:
    """Rows to train on, nothing cut, and what was checked of them."""

    rows: list[AnyEncoded]
    certificate: Certificate


def certified(
    rows: Sequence[AnyRow], tokenizer: Tokenizer, system: str | None, where: str
) -> Certified:
    """Encode rows and check what the model would learn from them.

    Args:
        rows: To train on, of any kind.
        tokenizer: Of the base.
        system: System text of the rows that have none.
        where: The cell, for errors.

    Raises:
        DataError: A check failed; all that failed is told.
    """
    from ft_magics.data import conversations, joined
    from ft_magics.data.encoding import try_rows
    from ft_magics.data.encoding.certificate import certify
    from ft_magics.data.problems import grouped

    chats = (chat for row in rows for chat in conversations(row))
    tried = try_rows(chats, tokenizer, system=system)
    if tried.refused:
        raise DataError(where, grouped(tried.refused))
    made = certify(rows, tokenizer, system, encoded=tried)
    failed: dict[int, list[tuple[str, str]]] = {}
    for found in made.problems:
        for number in found.rows if found.severity == "error" else ():
            failed.setdefault(number, []).append((found.text, found.remedy))
    if failed:
        raise DataError(where, grouped(failed))
    return Certified(joined(rows, tried.rows), made)


def write_certificate(folder: Path, certificate: Certificate) -> None:
    """Keep a certificate beside weights.

    Args:
        folder: Of an adapter or of full weights.
        certificate: Of the rows they were trained on.
    """
    write_json(folder / FILE, certificate.to_record())


def refuse_other_prompt(folder: Path, tokenizer: Tokenizer, title: str) -> None:
    """Refuse weights whose prompt this base would render in another way.

    A folder without a certificate, as of an adapter made elsewhere, passes.

    Args:
        folder: Of an adapter or of full weights.
        tokenizer: Of the base that is to answer.
        title: The adapter, for the error.

    Raises:
        AdapterError: What differs, or the certificate is damaged.
    """
    certificate = _read(folder, title)
    differs = "" if certificate is None else certificate.matches(tokenizer)
    if differs:
        remedy = "Use the base it was trained on, as it was then, or train it anew."
        raise AdapterError(title, differs, remedy)


def _read(folder: Path, title: str) -> Certificate | None:
    from ft_magics.data.encoding.certificate import Certificate

    if not (folder / FILE).exists():
        return None
    try:
        record: Any = read_json(folder / FILE)
        return Certificate.from_record(record)
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"its {FILE} is damaged ({type(error).__name__})"
        raise AdapterError(title, what, f"Delete {FILE} to use it unchecked.") from error
