"""Rows that a variable of the notebook holds: tables, data sets, lists of objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ft_magics.data.bodies import Found, RowProblem
from ft_magics.data.sources.splits import chosen_split
from ft_magics.data.sources.tables import BATCH, batch_rows, plain, table_row
from ft_magics.errors import DataError

__all__ = ["variable_rows"]

Rows = Callable[[], Iterator[Found]]


def variable_rows(value: Any, where: str, split: str | None = None) -> tuple[str, Rows]:
    """How the rows of a variable are read; tables are known by what they can do.

    Args:
        value: A DataFrame of pandas or polars, an arrow table, a `datasets` data set or a dict of
            them, an iterable of objects, or one object.
        where: The cell, for errors.
        split: Which one of a dict of data sets.

    Returns:
        What it is called, and what reads it; a generator can be read once only.

    Raises:
        DataError: It holds no rows, or no such split.
    """
    if _is_data_set_dict(value):
        name = chosen_split(list(value), split, "the DatasetDict", where)
        return f"a DatasetDict, split {name}", lambda: _data_set(value[name])
    if split is not None:
        remedy = "Leave --split out, or take the part in Python."
        raise DataError(where, f"a {type(value).__name__} has no splits.", remedy)
    table = next((table for table in _TABLES if table[0](value)), None)
    if table:
        _refuse_doubled(value, where)
        return table[1], lambda: _guarded(table[2](value), table[1], where)
    if isinstance(value, Mapping):
        return "one row", lambda: _objects([value])
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray):
        title = f"a {type(value).__name__}"
        return title, lambda: _guarded(_objects(value), title, where)
    what = f"a {type(value).__name__} holds no rows."
    raise DataError(where, what, "Give a file, a hub id, a DataFrame or a list of objects.")


def _guarded(rows: Iterator[Found], title: str, where: str) -> Iterator[Found]:
    """The same rows; what the user's own object raises while it is read becomes our error."""
    try:
        yield from rows
    except DataError:
        raise
    except Exception as error:
        what = f"reading {title} failed: {type(error).__name__}: {error}."
        raise DataError(where, what, "Try it in Python: next(iter(…)).") from error


def _objects(values: Iterable[Any]) -> Iterator[Found]:
    for number, value in enumerate(values, start=1):
        if hasattr(value, "_asdict"):  # a namedtuple
            value = value._asdict()
        if isinstance(value, Mapping):
            # Nulls stay: here, they were written.
            yield {str(key): _kept(field) for key, field in value.items()}
        else:
            what = f"a {type(value).__name__} is not a row"
            yield RowProblem(what, 'Give {"user": "…", "assistant": "…"}.', number, 1)


def _kept(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _kept(field) for key, field in value.items()}
    if isinstance(value, list | tuple):
        return [_kept(item) for item in value]
    return value if isinstance(value, float) else plain(value)


def _refuse_doubled(value: Any, where: str) -> None:
    names = [str(name) for name in getattr(value, "columns", ())] if _is_pandas(value) else []
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        what = f"the DataFrame has two columns '{twice}'."
        raise DataError(where, what, "Rename one of them.")


# ---------------------------------------------------------------------- the tables


def _is_pandas(value: Any) -> bool:
    return hasattr(value, "iloc") and hasattr(value, "columns") and hasattr(value, "isna")


def _pandas(frame: Any) -> Iterator[Found]:
    names = [str(name) for name in frame.columns]
    for start in range(0, len(frame), BATCH):
        part = frame.iloc[start : start + BATCH]
        gaps = part.isna().to_numpy().tolist()
        columns = [part.iloc[:, i].tolist() for i in range(len(names))]
        for row, missing in zip(zip(*columns, strict=True), gaps, strict=True):
            cells = zip(names, row, missing, strict=True)
            yield table_row({name: cell for name, cell, gap in cells if not gap})


def _is_polars(value: Any) -> bool:
    return hasattr(value, "iter_rows") and hasattr(value, "columns")


def _polars(frame: Any) -> Iterator[Found]:
    for row in frame.iter_rows(named=True):
        yield table_row(row)


def _is_lazy(value: Any) -> bool:
    return hasattr(value, "collect_schema") and hasattr(value, "collect")


def _lazy(frame: Any) -> Iterator[Found]:
    return _polars(frame.collect())


def _is_arrow(value: Any) -> bool:
    return hasattr(value, "to_batches") and hasattr(value, "schema")


def _arrow(table: Any) -> Iterator[Found]:
    return batch_rows(table.to_batches())


def _is_batch(value: Any) -> bool:
    return hasattr(value, "to_pylist") and hasattr(value, "schema") and hasattr(value, "slice")


def _batch(batch: Any) -> Iterator[Found]:
    return batch_rows([batch])


def _is_reader(value: Any) -> bool:
    return hasattr(value, "read_next_batch") and hasattr(value, "schema")


def _is_data_set(value: Any) -> bool:
    return hasattr(value, "column_names") and hasattr(value, "features")


def _data_set(data: Any) -> Iterator[Found]:
    # Whatever tensors it was told to give, here it gives what is written in it.
    data = data.with_format(None) if hasattr(data, "with_format") else data
    for row in data:
        yield table_row(row)


def _is_data_set_dict(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(map(_is_data_set, value.values()))


_TABLES: tuple[tuple[Callable[[Any], bool], str, Callable[[Any], Iterator[Found]]], ...] = (
    (_is_pandas, "a DataFrame", _pandas),
    (_is_data_set, "a Dataset", _data_set),
    (_is_arrow, "an arrow table", _arrow),
    (_is_polars, "a DataFrame", _polars),
    (_is_lazy, "a LazyFrame", _lazy),
    (_is_batch, "an arrow batch", _batch),
    (_is_reader, "an arrow reader", batch_rows),
)
