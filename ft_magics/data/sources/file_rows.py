"""A file -> rows, by its name and by what is in it, in a stream."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ft_magics.data.bodies import READERS, Found, body_kind
from ft_magics.data.bodies.csv_rows import csv_rows
from ft_magics.data.sources.chat_exports import chat_rows
from ft_magics.data.sources.decoding import file_head, refuse_foreign, text_chunks, text_head
from ft_magics.data.sources.tables import arrow_rows, parquet_rows
from ft_magics.data.sources.wrapped_rows import json_file_rows
from ft_magics.errors import DataError

__all__ = ["READABLE", "Note", "Part", "Told", "file_kind", "file_part", "suffix_of"]

Told = Callable[[int], None]
"""Takes how many bytes of a file were read."""

Note = Callable[[str, str, str], None]
"""Takes a check's name, what was noticed, and what to do."""

_SUFFIXES: Mapping[str, str] = {
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".txt": "text",
    ".md": "text",
}
READABLE = frozenset(_SUFFIXES)
"""How names of files that are read end, apart from `.gz`."""

_JSON_BEGIN = re.compile(r'\s*[\[{][\[{\s]*(["\]}]|$)')


@dataclass(frozen=True)
class Part:
    """One file of a source, or all there is of a variable."""

    title: str
    """Its own name, without its folder."""
    size: int
    """Its bytes; 0 where they are not known."""
    rows: Callable[[Told], Iterator[Found | None]]
    """Reads it from its begin; None stands for what was left out."""


def suffix_of(path: Path) -> str:
    """How a file's name ends, `.gz` aside: `.jsonl` of `faq.jsonl.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def file_kind(path: Path, where: str) -> str:
    """What a file is: `json`, `csv`, `tsv`, `yaml`, `dialogue`, `parquet`, `arrow` or `empty`.

    Its first bytes come before its name.

    Args:
        path: The file.
        where: The cell, for the error.

    Raises:
        DataError: It cannot be read, or is neither text nor a table.
    """
    head = file_head(path, where)
    named = _SUFFIXES.get(suffix_of(path))
    if not head:
        return "empty"
    refuse_foreign(head, path.name, where)
    if suffix_of(path) == ".ipynb":
        raise DataError(where, f"{path.name} is a notebook, not rows.", "Name a file of rows.")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")) or named in ("parquet", "arrow"):
        return named if named in ("parquet", "arrow") else "arrow"
    text = text_head(head, path.name, where)
    found = body_kind(text)
    if named in ("json", "tsv") or found == "empty":
        return named if named in ("json", "tsv") and text.strip() else found
    if named == "yaml":
        return "json" if _JSON_BEGIN.match(text) else "yaml"
    if named == "csv":
        return "json" if found == "json" else "csv"
    return found


def file_part(path: Path, where: str, note: Note, split: str | None = None) -> Part:
    """How a file is read.

    Args:
        path: The file.
        where: The cell, for errors.
        note: Told what is noticed on the way.
        split: Which list of rows, of a JSON object with several.

    Raises:
        DataError: It cannot be read, is empty, or is no rows.
    """
    kind = file_kind(path, where)
    if kind == "empty":
        raise DataError(where, f"{path.name} is empty.", "Name another file.")
    if split is not None and kind != "json":
        raise DataError(where, f"{path.name} has no splits.", "Leave --split out.")
    readers = {"parquet": parquet_rows, "arrow": arrow_rows}
    if kind in readers:
        read = readers[kind]
        return Part(path.name, path.stat().st_size, lambda told: iter(read(path, where, told)))

    def rows(told: Told) -> Iterator[Found | None]:
        chunks = text_chunks(
            path, where, told=told, warn=lambda text: note("encoding", text, _UTF8)
        )
        if kind == "json":
            one_a_line = suffix_of(path) in (".jsonl", ".ndjson") and split is None
            found = json_file_rows(chunks, path.name, where, split, note, whole=not one_a_line)
            return chat_rows(found, path.name, note)
        if kind in ("csv", "tsv"):
            return csv_rows(chunks, where, path.name, "\t" if kind == "tsv" else None)
        return READERS[kind](chunks, where, path.name)  # type: ignore[index]

    return Part(path.name, path.stat().st_size, rows)


_UTF8 = "Look at its letters; if they are wrong, save it as UTF-8."
