"""Rows of tables: parquet, arrow, and what holds columns in memory."""

from __future__ import annotations

import datetime
import decimal
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ft_magics.data.sources.decoding import open_unpacked, unreadable
from ft_magics.errors import DataError

__all__ = ["arrow_rows", "batch_rows", "parquet_rows", "plain", "table_row"]

BATCH = 1000
"""Rows that are taken out of a table at once."""

Told = Callable[[int], None]


def parquet_rows(path: Path, where: str, told: Told) -> Iterator[dict[str, Any]]:
    """The rows of a parquet file, a few at a time.

    Args:
        path: The file; may be packed with gzip as a whole.
        where: The cell, for the error.
        told: Called with how many of the file's bytes that is about.

    Raises:
        DataError: It cannot be read as parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = path.stat().st_size
    try:
        stream, file = open_unpacked(path)
        with file, stream, tempfile.TemporaryFile() as unpacked:
            if stream is not file:
                shutil.copyfileobj(stream, unpacked)
                unpacked.seek(0)
            table = pq.ParquetFile(file if stream is file else unpacked)
            done, count = 0, max(table.metadata.num_rows, 1)
            for batch in table.iter_batches(batch_size=BATCH):
                yield from batch_rows([batch])
                done += len(batch)
                told(size * done // count)
    except (pa.ArrowException, OSError, ValueError, EOFError) as error:
        raise _broken(path.name, "parquet", where, error) from None


def arrow_rows(path: Path, where: str, told: Told) -> Iterator[dict[str, Any]]:
    """The rows of an arrow file, as `datasets` writes them or with an index at its end.

    Args:
        path: The file.
        where: The cell, for the error.
        told: Called with how many of the file's bytes were read.

    Raises:
        DataError: It cannot be read as arrow.
    """
    import pyarrow as pa

    try:
        stream, file = open_unpacked(path)
        with file, stream:
            indexed = stream.read(6) == b"ARROW1"
            stream.seek(0)
            reader = pa.ipc.open_file(stream) if indexed else pa.ipc.open_stream(stream)
            batches = (
                (reader.get_batch(i) for i in range(reader.num_record_batches))
                if indexed
                else reader
            )
            for batch in batches:
                yield from batch_rows([batch])
                told(file.tell())
    except (pa.ArrowException, OSError, ValueError, EOFError) as error:
        raise _broken(path.name, "arrow", where, error) from None


def _broken(title: str, kind: str, where: str, error: Exception) -> DataError:
    if isinstance(error, OSError) and error.strerror:
        return unreadable(title, where, error)
    what = f"{title} is not readable as {kind}: {str(error).partition(chr(10))[0].rstrip('.')}."
    return DataError(where, what, "Fetch or write it again.")


def batch_rows(batches: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The rows of arrow batches.

    Args:
        batches: Record batches.
    """
    for batch in batches:
        for start in range(0, len(batch), BATCH):
            for row in batch.slice(start, BATCH).to_pylist():
                yield table_row(row)


def table_row(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """A row of a table as JSON knows it; an empty cell is a missing field.

    Args:
        fields: Its cells by their columns.
    """
    row = ((str(key), plain(value)) for key, value in fields.items())
    return {key: value for key, value in row if value is not None}


def plain(value: Any) -> Any:
    """A value as JSON knows it: no arrays, dates, nor the nulls that tables fill gaps with.

    Args:
        value: What stands in a cell.

    Returns:
        Texts, numbers, lists and objects; None for not-a-number and the like.
    """
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return None if value != value else float(value)
    if isinstance(value, Mapping):
        return table_row(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime.date | datetime.time):
        # pandas' missing time is a date too.
        return None if value != value else value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "tolist"):  # numpy, without numpy
        return plain(value.tolist())
    return None if type(value).__name__ in ("NAType", "NaTType") else value
