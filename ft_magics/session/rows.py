"""Rows that are taken away again: as a file in another tool's format, or as lines of a cell."""

from __future__ import annotations

import filecmp
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ft_magics.errors import SettingError
from ft_magics.session.state import current

if TYPE_CHECKING:
    from ft_magics.data import Dataset

__all__ = ["export_rows", "row_lines"]


def export_rows(
    name: str,
    file: str | Path | None = None,
    *,
    format: str = "messages",
    overwrite: bool = False,
    where: str | None = None,
) -> Path:
    """Write a data set as JSONL.

    Args:
        name: Of the data set; `data:` may stand before it.
        file: Where to; `NAME.jsonl` in the working directory unless named.
        format: `messages`, `prompt-completion`, `alpaca`, `sharegpt` or `openai`.
        overwrite: Write over a file that is there already and holds something else.
        where: The cell, for errors.

    Returns:
        The file.

    Raises:
        NameUnknown: There is no such data set.
        SettingError: There is no such format, or the file is there already.
        DataError: The format cannot hold the rows; nothing is written.
    """
    from ft_magics.data.formats import exported

    where = where or f"export {name}"
    plain = name.removeprefix("data:")
    made = current().dataset(plain, where)
    path = Path(file or f"{plain.partition('~')[0]}.jsonl").expanduser()
    if path.suffix.lower() in (".csv", ".tsv", ".parquet", ".yaml", ".yml", ".gz"):
        remedy = f"Name it {path.with_suffix('.jsonl').name}; ds.to_pandas() makes a table."
        raise SettingError(where, f"{path.name}: rows are written as JSONL", remedy)
    with current().store.new_file() as staging:
        with staging.open("w", encoding="utf-8", newline="\n") as out:
            for line in exported(made.rows, format, system=made.system, where=where):
                out.write(line + "\n")
        if path.is_dir():
            remedy = f"Name a file in it: {path / made.name}.jsonl."
            raise SettingError(where, f"{file} is a folder", remedy)
        if path.exists() and not overwrite and not filecmp.cmp(path, staging, shallow=False):
            what = f"{path.name} is there already and holds something else"
            raise SettingError(where, what, "Name another file, or add --overwrite.")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(staging, path)
    return path


def row_lines(made: Dataset) -> list[str]:
    """The rows as lines of a `%%dataset` cell, as plain as each row allows.

    Args:
        made: The data set; its own system text stands on the cell's line.
    """
    from ft_magics.data.formats import cell_record

    return [json.dumps(cell_record(row), ensure_ascii=False) for row in made.rows]
