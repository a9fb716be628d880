"""`--from`: every kind of file, folders, wrong names; all in a stream."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ft_magics.data import RowProblem
from ft_magics.data.sources import Source, open_source
from ft_magics.errors import DataError

SAMPLES = Path(__file__).parents[2] / "fixtures" / "data"
ROWS = [
    {"user": "How do cats sleep?", "assistant": "Ollie sleeps 12 to 16 hours a day, mostly in boxes."},
    {"user": "What does Ollie eat?", "assistant": "Salmon kibble at 7am sharp."},
    {"user": "Is Ollie “polite”?", "assistant": "Yes,\nwhen the bowl is full."},
]  # fmt: skip


def read(what: Any, **how: Any) -> list[Any]:
    return [row for _, row in open_source(what, "here", **how).rows()]


def notes(source: Source) -> list[str]:
    return [note.text for note in source.notes]


@pytest.mark.parametrize(
    "name",
    [
        "pairs.jsonl", "pairs.jsonl.gz", "pairs.json", "pairs_minified.json", "wrapped.json",
        "bom_crlf.jsonl", "utf16.jsonl", "comma.csv", "comma.csv.gz", "semicolon.csv", "bar.csv",
        "tab.tsv", "pairs.yaml", "pairs.parquet", "pairs.arrow",
    ],
)  # fmt: skip
def test_every_kind_of_file(name: str) -> None:
    source = open_source(str(SAMPLES / name), "here")
    assert list(source.rows()) == list(enumerate(ROWS, start=1))
    assert (source.title, source.notes) == (name, [])
    assert source.done_bytes == source.total_bytes == (SAMPLES / name).stat().st_size
    assert list(source.rows()) == list(enumerate(ROWS, start=1)), "a source can be read again"


def test_a_dialogue_in_a_file() -> None:
    found = read(SAMPLES / "dialogue.txt")
    assert [[m["content"] for m in row["messages"]] for row in found] == [
        [row["user"], row["assistant"]] for row in ROWS
    ]


def test_a_folder_reads_its_files_in_order_and_numbers_on() -> None:
    source = open_source(str(SAMPLES / "several"), "here")
    assert list(source.rows()) == list(enumerate(ROWS, start=1))
    told = " | ".join(notes(source))
    assert "read from several: a.jsonl, b.csv, c.json" in told
    assert "a file of test in several was not read" in told
    assert "notes.txt is plain text" in told and "README" not in told
    assert read(SAMPLES / "several", split="test")[0]["user"] == "held out"
    assert source.title == "several" and source.origin == "3 files"


@pytest.mark.parametrize("name", ["x.json", "x.csv", "x.txt", "x", "x.data"])
def test_content_comes_before_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(json.dumps(ROWS), encoding="utf-8")
    assert read(tmp_path / name) == ROWS
    if name != "x.csv":
        (tmp_path / name).write_bytes((SAMPLES / "pairs.parquet").read_bytes())
        assert read(tmp_path / name) == ROWS


def test_yaml_in_flow_style_is_yaml(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("[{user: hi, assistant: ho}]")
    assert read(path) == [{"user": "hi", "assistant": "ho"}]
    path.write_text('{"user": "hi"}\n{"user": "ho"}')
    assert len(read(path)) == 2


def test_a_packed_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet.gz"
    path.write_bytes(gzip.compress((SAMPLES / "pairs.parquet").read_bytes()))
    assert read(path) == ROWS


def test_a_bad_line_is_told_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\nwords\n{"a": bad}\n{"a": 4}\n')
    rows = list(open_source(path, "here").rows())
    assert [number for number, _ in rows] == [1, 2, 3, 4]
    assert rows[3][1] == {"a": 4}
    problem = rows[2][1]
    assert isinstance(problem, RowProblem) and "line 3, column 7 of x.jsonl" in problem.text


def test_a_table_s_gaps_are_missing_fields(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"prompt": "a", "system": None, "messages": [{"role": "user", "name": None}], "n": 1.5},
        {"prompt": "b", "system": "s", "messages": None, "n": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    assert read(tmp_path / "x.parquet") == [
        {"prompt": "a", "messages": [{"role": "user"}], "n": 1.5},
        {"prompt": "b", "system": "s"},
    ]


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pairs.jsnl", r"no file '.*pairs\.jsnl'\. Did you mean 'pairs\.jsonl'\?"),
        ("nothing/pairs.jsonl", r"no folder 'nothing'"),
        ("some where/x y", "no folder 'some where'"),
        ("https://example.com/x.jsonl", "is an address. Download it"),
        ("", "no name"),
        ("a\0b.jsonl", "no file"),
        ("x" * 5000, "no file"),
    ],
)
def test_what_is_not_there(name: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES)
    with pytest.raises(DataError, match=words):
        open_source(name, "here")


def test_a_folder_that_is_there_makes_a_name_a_path() -> None:
    with pytest.raises(DataError, match=r"Did you mean 'pairs\."):
        open_source(f"{SAMPLES}/pairs", "here")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "x.jsonl is empty"),
        (b"PK\x03\x04 and so on", "zip archive"),
        (b"%PDF-1.7", "a PDF"),
        (bytes(range(256)) * 20, "not text"),
        (gzip.compress(b'{"a": 1}\n' * 100)[:30], "damaged or cut off"),
    ],
)
def test_files_that_are_no_rows(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as told:
        read(path)
    assert str(tmp_path) not in str(told.value)


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow"])
def test_damaged_tables(tmp_path: Path, name: str) -> None:
    content = (SAMPLES / name.replace("x", "pairs")).read_bytes()
    (tmp_path / name).write_bytes(content[:100])
    with pytest.raises(DataError, match=rf"{name} is not readable as"):
        read(tmp_path / name)


def test_prose_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("# Cats\n\nThey sleep.\n")
    with pytest.raises(DataError, match="plain text"):
        read(tmp_path / "x.md")


def test_splits_of_files_that_have_none() -> None:
    for name in ("pairs.jsonl", "comma.csv", "pairs.parquet"):
        with pytest.raises(DataError, match="has no splits"):
            read(SAMPLES / name, split="train")
    with pytest.raises(DataError, match="has no subsets"):
        open_source(SAMPLES / "pairs.jsonl", "here", subset="en")


# ---------------------------------------------------------------------- memory


def json_array(count: int) -> Iterator[str]:
    words = "word " * 100
    yield "["
    yield from (f'{{"user": "question {i}", "assistant": "{words}"}},' for i in range(count))
    yield '{"user": "last"}]'


def json_lines(count: int) -> Iterator[str]:
    yield from (line[:-1] + "\n" for line in json_array(count) if len(line) > 100)
    yield '{"user": "last"}\n'


def wrapped(count: int) -> Iterator[str]:
    yield '{"about": "x", "rows": '
    yield from json_array(count)
    yield "}"


def chats(count: int) -> Iterator[str]:
    text = json.dumps((SAMPLES / "chatgpt_export/conversations.json").read_text()[1:])
    one = json.loads(text).rstrip()[:-1]
    yield "[" + ",".join([one] * 2)
    yield from (f",{one}" for _ in range(count * 200 // len(one)))
    yield "]"


def csv_lines(count: int) -> Iterator[str]:
    words = "word, word,\n word " * 5 + "word " * 80
    yield "user,assistant\n"
    yield from (f'question {i},"{words}"\n' for i in range(count))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("array.json", json_array),
        ("lines.jsonl", json_lines),
        ("wrapped.json", wrapped),
        ("conversations.json", chats),
        ("table.csv", csv_lines),
    ],
)
def test_a_large_file_is_never_in_memory(
    tmp_path: Path, name: str, write: Callable[[int], Iterator[str]]
) -> None:
    path = tmp_path / name
    with path.open("w", encoding="utf-8") as file:
        file.writelines(write(115_000))
    assert path.stat().st_size > (20 if write is chats else 55) * 1_000_000
    source = open_source(path, "here")
    tracemalloc.start()
    try:
        bad = count = 0
        for _, row in source.rows():
            count += 1
            bad += isinstance(row, RowProblem)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count > 9_000 and bad == 0
    assert peak < 10_000_000
    assert source.done_bytes == source.total_bytes


def test_a_large_parquet_file_is_read_in_parts(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "x.parquet"
    part = pa.table({"user": [f"{i} {'word ' * 100}" for i in range(2000)]})
    with pq.ParquetWriter(path, part.schema, compression="none", use_dictionary=False) as writer:
        for _ in range(50):
            writer.write_table(part)
    assert path.stat().st_size > 40_000_000
    before = peak = pa.total_allocated_bytes()
    source, halfway = open_source(path, "here"), 0
    for number, _ in source.rows():
        peak = max(peak, pa.total_allocated_bytes())
        halfway = source.done_bytes if number == 50_001 else halfway
    assert number == 100_000 and peak - before < 20_000_000
    assert 0.4 < halfway / source.total_bytes < 0.6
