"""What only the notebook knows of rows: its variables, and the cell that they stand in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ft_magics.errors import SettingError

if TYPE_CHECKING:
    from ft_magics.magics.magics import Cell

__all__ = ["rewrite", "rows_options"]

MOST_REWRITTEN = 500
"""Rows that are put back into a cell at most: more belong into a file."""


def rows_options(said: Cell, user_ns: Mapping[str, Any]) -> dict[str, Any]:
    """What a `%%dataset` line says, as the session takes it.

    Args:
        said: The cell.
        user_ns: The notebook's variables.

    Raises:
        SettingError: What `--from` names could be a variable or a file.
    """
    flags = {flag.replace("-", "_"): True for flag in said.flags if flag != "rewrite"}
    given = {k: True if v == "true" else v for k, v in said.settings.items() if k != "from"}
    source = _source(said.settings.get("from"), user_ns, said.where)
    return {**flags, **given, **({} if source is None else {"source": source})}


def _source(written: Any, user_ns: Mapping[str, Any], where: str) -> Any:
    """The notebook's variable, or the name of a file, a folder or a hub id."""
    if not isinstance(written, str) or not written.isidentifier() or written not in user_ns:
        return written
    if Path(written).exists():
        remedy = f"Write --from ${written} for the variable, or --from ./{written} for the file."
        raise SettingError(where, f"'{written}' is a variable and a file", remedy)
    return user_ns[written]


def rewrite(shell: Any, session: ModuleType, said: Cell, made: Any) -> None:
    """Put a data set's rows into the cell that they came from.

    Args:
        shell: The IPython shell.
        session: `ft_magics.session`.
        said: The cell.
        made: The data set.

    Raises:
        SettingError: The rows did not stand in the cell, or there are too many.
    """
    if said.text is None:
        remedy = f"Write them to a file: %ft export data:{made.name}."
        raise SettingError(said.where, "the rows do not stand in this cell", remedy)
    if len(made.rows) > MOST_REWRITTEN:
        remedy = f"Write them to a file: %ft export data:{made.name}."
        raise SettingError(said.where, f"{len(made.rows)} rows are too many for a cell", remedy)
    lines = session.row_lines(made)
    head = _without(said.written, ("--fix", "--rewrite"))
    shell.set_next_input("\n".join([f"%%dataset {head}".rstrip(), *lines]), replace=True)


def _without(line: str, flags: tuple[str, ...]) -> str:
    """The line without some flags, which have done their work."""
    for flag in flags:
        line = re.sub(rf"\s*{flag}(?:[ =](?!--)[a-z,-]*[a-z])?(?=\s|$)", "", line)
    return line
