"""`golden`: held-out questions in, checked and kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError
from ft_magics.session.staleness import telling
from ft_magics.session.state import Session, current
from ft_magics.spec import check_name

if TYPE_CHECKING:
    from ft_magics.data import GoldenSet

__all__ = ["golden"]


def golden(
    name: str,
    rows: str | Path | Iterable[Mapping[str, Any]] | None = None,
    *,
    where: str | None = None,
) -> GoldenSet:
    """Keep a set of golden questions, or get one that is kept.

    Args:
        name: What it is called; with a data set's name it is used by itself.
        rows: Rows as text, the path of a file, or mappings; None gets the one that is kept.
        where: The cell, for errors.

    Raises:
        DataError: Bad questions, all of them at once.
        NameUnknown: There is none of that name to get.
    """
    from ft_magics import data

    session = current()
    where = where or f"golden {name}"
    if rows is None:
        return session.golden(name, where)
    check_name(name, where)
    made = data.make_golden(name, _text(rows, where), where=where)
    with telling(session):
        session.store.save_set("golden", name, made.to_records())
    _warn_of_trained(session, made)
    return session.golden(name, where)


def _warn_of_trained(session: Session, made: GoldenSet) -> None:
    """Say which questions stand in the data set of this name too."""
    if made.name not in session.store.set_names("data"):
        return
    from ft_magics.data.findings import row_words
    from ft_magics.session.assignment import asked_rows

    numbers = asked_rows(session.dataset(made.name, "").rows, made)
    if numbers:
        asks, they = ("asks", "it is") if len(numbers) == 1 else ("ask", "they are")
        text = f"{row_words(numbers)} of the data set {made.name} {asks} what is asked here"
        session.front_end.notice(f"{text}: {they} taken out of training")


def _text(rows: Any, where: str) -> Any:
    """The text of a file that was named; anything else as it is."""
    is_path = isinstance(rows, Path) or (
        isinstance(rows, str) and "\n" not in rows and rows.endswith((".jsonl", ".json"))
    )
    if not is_path:
        return rows
    try:
        return Path(rows).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(where, f"{rows} cannot be read ({error})", "Check the path.") from None
