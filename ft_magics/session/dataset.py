"""`dataset` and `golden`: rows in, checked and kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError, FtError
from ft_magics.session.state import ModelChoice, current
from ft_magics.spec import check_name

if TYPE_CHECKING:
    from ft_magics.data import DataFacts, Dataset, GoldenSet

__all__ = ["dataset", "describe", "golden"]


def dataset(
    name: str,
    rows: str | Path | Iterable[Mapping[str, Any]] | None = None,
    *,
    system: str | None = None,
    eval: str | int | None = None,
    skip_bad: bool = False,
    where: str | None = None,
) -> Dataset:
    """Keep a data set, or get one that is kept.

    Args:
        name: What it is called.
        rows: JSONL text, the path of a JSONL file, or mappings; None gets the one that is kept.
        system: System text for rows that bring none.
        eval: What is held out: `10%`, a number of rows, another data set's name, or `none`.
        skip_bad: Go on with the good rows.
        where: The cell, for errors.

    Returns:
        The data set, with what the checks found.

    Raises:
        DataError: Bad rows, all of them at once; the data set before stays.
        NameUnknown: There is none of that name to get.
    """
    from ft_magics import data

    session = current()
    where = where or f"dataset {name}"
    if rows is None:
        return session.dataset(name, where)
    check_name(name, where)
    made = data.make_dataset(
        name,
        _text(rows, where),
        system=system,
        eval=None if eval is None else str(eval),
        skip_bad=skip_bad,
        where=where,
    )
    session.store.save_set("data", name, made.to_records())
    return session.dataset(name, where)


def golden(
    name: str,
    rows: str | Path | Iterable[Mapping[str, Any]] | None = None,
    *,
    where: str | None = None,
) -> GoldenSet:
    """Keep a set of golden questions, or get one that is kept.

    Args:
        name: What it is called; with a data set's name it is used by itself.
        rows: JSONL text, the path of a JSONL file, or mappings; None gets the one that is kept.
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
    session.store.save_set("golden", name, made.to_records())
    return session.golden(name, where)


def describe(made: Dataset) -> DataFacts:
    """What the card of a data set shows; token counts need only the base's tokenizer.

    Without one (no hub, say) the card comes without token counts, and says why.
    """
    from ft_magics import data

    session = current()
    choice: ModelChoice = session.choice()
    try:
        tokenizer = session.tokenizer(choice)
    except FtError as error:
        session.front_end.notice(f"no token counts: {error}")
        tokenizer = None
    return data.describe(made, tokenizer, None)


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
