"""Text in pieces -> its lines, numbered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ft_magics.errors import DataError

__all__ = ["text_lines"]

_LONGEST = 16_000_000
"""Characters of the longest line that is read."""


def text_lines(chunks: Iterable[str], where: str) -> Iterator[tuple[int, str]]:
    r"""Lines with their numbers, counted from 1; each ends with `\n`, but the last.

    Args:
        chunks: The text, cut anywhere; `\r\n` and `\r` are ends of lines too.
        where: The cell or file, for the error.

    Raises:
        DataError: A line is too long to be one of a text.
    """
    number, parts, size = 1, [""], 0
    for chunk in _one_ending(chunks):
        lines = chunk.split("\n")
        if len(lines) > 1:
            yield number, f"{''.join(parts)}{lines[0]}\n"
            for line in lines[1:-1]:
                number += 1
                yield number, f"{line}\n"
            number, parts, size = number + 1, [], 0
        parts.append(lines[-1])
        size += len(lines[-1])
        if size > _LONGEST:
            what = f"line {number} is longer than {_LONGEST:,} characters."
            raise DataError(where, what, "Break it into rows.")
    if last := "".join(parts):
        yield number, last


def _one_ending(chunks: Iterable[str]) -> Iterator[str]:
    r"""The same text with `\n` at the end of each line."""
    pending = ""
    for chunk in chunks:
        chunk = pending + chunk
        # The `\n` that belongs to this `\r` may stand in the next chunk.
        pending = "\r" if chunk.endswith("\r") else ""
        chunk = chunk[:-1] if pending else chunk
        yield chunk.replace("\r\n", "\n").replace("\r", "\n") if "\r" in chunk else chunk
    if pending:
        yield "\n"
