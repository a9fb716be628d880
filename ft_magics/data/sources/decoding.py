"""The bytes of a file -> text in pieces: unpacked, in the encoding that it has."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from ft_magics.errors import DataError

__all__ = ["file_head", "open_unpacked", "refuse_foreign", "text_chunks", "text_head"]

_CHUNK = 65_536
"""Bytes that are read at once."""

_HEAD = 65_536
"""Bytes by which a file's kind and encoding are judged."""

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# The encodings that files are found in; more would only be more ways to guess wrong.
_LIKELY = [
    "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r",
    "cp932", "euc_jp", "gb18030", "big5", "cp949",
]  # fmt: skip

# Letters and signs of western European texts, which stand alone between ASCII letters.
_WESTERN = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüœŒ¿¡«»°§€–—‘’“”„…•")
_FOREIGN_RUN = re.compile(r"[^\W\da-zA-Z_]{3}")

_BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)

_BINARY: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive or an office document", "Unpack it, or save it as CSV."),
    (b"%PDF", "a PDF", "Copy its text into rows."),
    (b"SQLite format 3", "a database", "Write its rows out as JSONL or CSV."),
    (b"\xd0\xcf\x11\xe0", "an old office document", "Save it as CSV."),
    (b"BZh", "packed with bzip2", "Unpack it."),
    (b"\xfd7zXZ", "packed with xz", "Unpack it."),
    (b"(\xb5/\xfd", "packed with zstd", "Unpack it."),
    (b"version https://git-lfs", "a pointer of Git LFS", "Fetch the file itself: git lfs pull."),
    (b"<!doctype html", "a web page", "Download the file itself: the address of its raw form."),
    (b"<html", "a web page", "Download the file itself: the address of its raw form."),
    (b"Obj\x01", "an Avro file", "Write its rows out as JSONL or parquet."),
    (b"ORC", "an ORC file", "Write its rows out as JSONL or parquet."),
)


def open_unpacked(path: Path) -> tuple[IO[bytes], IO[bytes]]:
    """Open a file to read, through gzip if it is packed, whatever its name.

    Args:
        path: The file.

    Returns:
        What to read from, and the file itself, whose `tell` is the progress; close both.

    Raises:
        OSError: It cannot be opened.
    """
    file = path.open("rb")
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return (gzip.open(file) if packed else file), file  # type: ignore[return-value]


def file_head(path: Path, where: str) -> bytes:
    """The first bytes of a file, unpacked.

    Args:
        path: The file.
        where: The cell, for the error.

    Raises:
        DataError: It cannot be read.
    """
    try:
        stream, file = open_unpacked(path)
        with file, stream:
            return stream.read(_HEAD)
    except (OSError, *_BROKEN) as error:
        raise unreadable(path.name, where, error) from None


def unreadable(title: str, where: str, error: Exception) -> DataError:
    """What is said of a file that the system or its packing does not let us read."""
    if isinstance(error, OSError) and error.strerror:
        return DataError(where, f"{title} cannot be read: {error.strerror}.", "Check its rights.")
    return DataError(where, f"{title} is damaged or cut off.", "Fetch or write it again.")


def refuse_foreign(head: bytes, title: str, where: str) -> None:
    """Refuse a file that is known to hold no rows, whatever its name.

    Args:
        head: Its first bytes.
        title: What the file is called.
        where: The cell, for the error.

    Raises:
        DataError: It is an archive, a document, a web page or the like.
    """
    begin = head[:64].lstrip().lower()
    for magic, what, remedy in _BINARY:
        if begin.startswith(magic.lower()):
            raise DataError(where, f"{title} is {what}, not rows.", remedy)


def text_head(head: bytes, title: str, where: str) -> str:
    """The first bytes of a file as text.

    Args:
        head: The bytes.
        title: What the file is called.
        where: The cell, for the error.

    Raises:
        DataError: They are not text.
    """
    name, skip = _encoding(head, title, where)
    # The last character may be cut.
    return codecs.getincrementaldecoder(name)("replace").decode(head[skip:])


def text_chunks(
    path: Path, where: str, *, told: Callable[[int], None], warn: Callable[[str], None]
) -> Iterator[str]:
    """A file's text in pieces, from its first character behind a byte order mark.

    UTF-8 unless the mark or the bytes say otherwise. Bytes that are no UTF-8 in a file that has
    none before are read in the encoding that they look like; a stray one becomes U+FFFD.

    Args:
        path: The file.
        where: The cell, for errors.
        told: Called with the bytes of the file that were read so far.
        warn: Called once with what is said about an encoding that was guessed.

    Raises:
        DataError: It cannot be read, or is not text.
    """
    try:
        stream, file = open_unpacked(path)
        with file, stream:
            head = stream.read(_HEAD)
            name, skip = _encoding(head, path.name, where)
            if name not in ("utf-8", *(encoding for _, encoding in _BOMS)):
                warn(_guessed(path.name, name))
            decoder = _Decoder(name, path.name, warn)
            yield decoder.decode(head[skip:], not head)
            while data := stream.read(_CHUNK):
                told(file.tell())
                yield decoder.decode(data, False)
            told(file.tell())
            yield decoder.decode(b"", True)
    except (OSError, *_BROKEN) as error:
        raise unreadable(path.name, where, error) from None


def _guessed(title: str, name: str) -> str:
    return f"{title} is not UTF-8; it was read as {name}, which is a guess"


class _Decoder:
    """Bytes to text; what is not UTF-8 far behind the begin of a file is still read."""

    def __init__(self, name: str, title: str, warn: Callable[[str], None]) -> None:
        self._title = title
        self._warn = warn
        self._name = name
        self._plain = True  # nothing but ASCII so far
        strict = "strict" if name == "utf-8" else "replace"
        self._decoder = codecs.getincrementaldecoder(name)(strict)

    def decode(self, data: bytes, final: bool) -> str:
        """The next piece."""
        state = self._decoder.getstate()
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError:
            return self._otherwise(state[0] + data, final)
        self._plain = self._plain and text.isascii()
        return text

    def _otherwise(self, data: bytes, final: bool) -> str:
        guess = _guess(data[:_HEAD]) if self._plain else None
        if guess:
            self._warn(_guessed(self._title, guess))
        else:
            self._warn(f"{self._title} has bytes that are not UTF-8; they became '\ufffd'")
        self._decoder = codecs.getincrementaldecoder(guess or "utf-8")("replace")
        return self._decoder.decode(data, final)


def _encoding(head: bytes, title: str, where: str) -> tuple[str, int]:
    """The encoding that a file begins with, and how many bytes its mark takes."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, len(mark)
    refuse_foreign(head, title, where)
    # What a crash leaves at the end of a file that was being written.
    bare = head[:4096].rstrip(b"\0")
    if b"\0" in bare or (bare != head[:4096] and _wide(head[:4096])):
        if wide := _wide(head[:4096]):
            return wide, 0
        remedy = "What is read: JSONL, JSON, CSV, YAML, dialogue, parquet and arrow."
        raise DataError(where, f"{title} is not text.", remedy)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return "utf-8", 0
    except UnicodeDecodeError as error:
        # One odd byte behind proper UTF-8 is a damage, not another encoding.
        if not head[: error.start].isascii():
            return "utf-8", 0
        return _guess(head) or "utf-8", 0


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of Latin text is 0."""
    half = len(head) // 2
    if head[1::2].count(0) > 0.6 * half and not head[::2].count(0):
        return "utf-16-le"
    return "utf-16-be" if head[::2].count(0) > 0.6 * half and not head[1::2].count(0) else None


def _guess(data: bytes) -> str | None:
    """The encoding that bytes look like; None if like none."""
    from charset_normalizer import from_bytes

    # Only lines with something to tell by: a long English begin would hide what matters.
    telling = b"\n".join(line for line in io.BytesIO(data) if not line.isascii())[:16_384]
    western = telling.decode("cp1252", "replace")
    signs = {sign for sign in western if not sign.isascii()}
    if signs <= _WESTERN and not _FOREIGN_RUN.search(western):
        return "cp1252"
    found = from_bytes(telling, cp_isolation=_LIKELY).best()
    return found.encoding if found else None
