"""Whatever is read: only our own error, an end, and no good row that is lost."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ft_magics.data import RowProblem, read_rows
from ft_magics.data.sources import open_source
from ft_magics.errors import DataError

MANY = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

# Pieces that texts of each kind are made of, so that chance comes near to what can be read.
PIECES = st.sampled_from(
    ["{", "}", "[", "]", '"', "'", ",", ":", "\n", "\n\n", "\r\n", " ", "  ", "\t", "#", "- ", "---",
     "|", ">", ";", "&a ", "*a", "<<: ", "!!python/object:os.system ", "?", "%", "@", "`", "\\", "\\u",
     "user", "assistant", "user: hi", "assistant: ho", "system:", "user,assistant", "user;assistant",
     '{"user": "a", "assistant": "b"}', '"messages": [', "null", "1e999", "\ufeff", "\0", "\ud800",
     "é", "猫", "\u2028", "x" * 200]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join))
NAMES = st.sampled_from(
    ["x.jsonl", "x.json", "x.csv", "x.tsv", "x.yaml", "x.txt", "x.md", "x.parquet", "x.arrow", "x"]
)
MAGIC = st.sampled_from(
    [b"", b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff\x10\0\0\0", b"\xff\xfe", b"\xef\xbb\xbf",
     b"\x1f\x8b", b"PK\x03\x04", b"{", b'[{"mapping": {"a": ', b'{"data": [{']
)  # fmt: skip


def check_found(found: Any) -> None:
    if isinstance(found, RowProblem):
        assert found.text and found.remedy and found.line >= 1 and found.column >= 1
        assert not found.text.endswith(".")
    else:
        assert isinstance(found, dict) and all(isinstance(key, str) for key in found)


@MANY
@given(TEXTS)
def test_any_text_is_rows_or_problems_or_our_error(text: str) -> None:
    try:
        rows = read_rows(text, "here")
    except DataError as error:
        assert error.where == "here" and str(error)
        return
    assert [number for number, _ in rows] == list(range(1, len(rows) + 1))
    for _, found in rows:
        check_found(found)


@MANY
@given(MAGIC, st.one_of(st.binary(max_size=400), TEXTS.map(lambda t: t.encode("utf-8", "replace"))),
       NAMES, st.booleans())  # fmt: skip
def test_any_file_is_rows_or_problems_or_our_error(
    magic: bytes, content: bytes, name: str, packed: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(gzip.compress(magic + content) if packed else magic + content)
        try:
            for _, found in open_source(path, "here").rows():
                check_found(found)
        except DataError as error:
            assert error.where == "here" and str(error) and folder not in str(error)


GOOD = {"user": "How do cats sleep?", "assistant": 'In "boxes", {all} day # long.\nYes.'}


def holds(value: Any) -> bool:
    """Whether the good row was found, or stands within what was: brackets may open around it."""
    if value == GOOD:
        return True
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(holds(part) for part in parts)


@MANY
@given(
    st.lists(TEXTS.map(lambda t: "".join(t.splitlines())), max_size=4),
    st.lists(TEXTS.map(lambda t: "".join(t.splitlines())), max_size=4),
)
def test_a_good_line_between_bad_ones_is_never_lost(before: list[str], after: list[str]) -> None:
    lines = ['{"user": "first", "assistant": "row"}', *before, json.dumps(GOOD), *after]
    found = [row for _, row in read_rows("\n".join(lines), "here")]
    assert any(holds(row) for row in found)


@settings(MANY, max_examples=100)
@given(st.lists(st.dictionaries(st.text(), st.text(), min_size=1), min_size=1, max_size=8),
       st.integers(1, 40))  # fmt: skip
def test_where_a_file_is_cut_does_not_matter(rows: list[dict[str, str]], size: int) -> None:
    from ft_magics.data.bodies.json_rows import JsonRows

    for text in (
        json.dumps(rows),
        json.dumps(rows, indent=2, ensure_ascii=False),
        "".join(f"{json.dumps(row)}\n# note\n" for row in rows),
    ):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert list(JsonRows(pieces).rows()) == rows
