"""Files' encodings."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ft_magics.data.sources import open_source
from ft_magics.data.sources.decoding import text_chunks
from ft_magics.errors import DataError

TEXTS = {
    "cp1252": "Où dort le chat ? À l’ombre. Süße Kätzchen schlafen überall, ¿verdad?\n",
    "cp1251": "Кошка спит в коробке двенадцать часов в день.\n",
    "cp932": "猫は箱の中で十二時間寝ます。ご飯は七時です。\n",
    "gb18030": "猫在盒子里睡十二个小时，早上七点吃饭。\n",
}


def decode(path: Path) -> tuple[str, list[str]]:
    told: list[str] = []
    chunks = text_chunks(path, "here", told=lambda done: None, warn=told.append)
    return "".join(chunks), told


@pytest.mark.parametrize(
    "name", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("packed", [False, True])
def test_unicode_is_read_without_a_word(tmp_path: Path, name: str, packed: bool) -> None:
    text = "plain words, long enough to see; é 🐱\n" * 20_000
    data = text.encode(name)
    (tmp_path / "x").write_bytes(gzip.compress(data, 1) if packed else data)
    if name.startswith("utf-16-"):  # no mark: told by the zeros of Latin text
        text = text.replace("🐱", "e")
        (tmp_path / "x").write_bytes(text.encode(name))
    assert decode(tmp_path / "x") == (text, [])


@pytest.mark.parametrize("name", list(TEXTS))
def test_other_encodings_are_guessed_with_a_warning(tmp_path: Path, name: str) -> None:
    text = f'{{"user": "hi"}}\n{TEXTS[name]}' * 3
    (tmp_path / "x").write_bytes(text.encode(name))
    assert decode(tmp_path / "x") == (
        text,
        [f"x is not UTF-8; it was read as {name}, which is a guess"],
    )


def test_the_first_odd_letter_may_stand_far_behind(tmp_path: Path) -> None:
    text = "plain words\n" * 100_000 + TEXTS["cp1252"] * 3 + "plain words\n" * 10
    (tmp_path / "x").write_bytes(text.encode("cp1252"))
    found, told = decode(tmp_path / "x")
    assert found == text and len(told) == 1


@pytest.mark.parametrize("before", ["é\n", "é\n" * 100_000])
def test_a_damaged_letter_in_utf_8_is_one_damaged_letter(tmp_path: Path, before: str) -> None:
    (tmp_path / "x").write_bytes(before.encode() + b"a\xffb " + "é🐱".encode())
    found, told = decode(tmp_path / "x")
    assert found == f"{before}a\ufffdb é🐱" and "bytes that are not UTF-8" in told[0]


def test_a_character_at_the_cut_of_the_head(tmp_path: Path) -> None:
    text = "a" * 65_535 + "🐱" * 70_000
    (tmp_path / "x").write_text(text, encoding="utf-8")
    assert decode(tmp_path / "x") == (text, [])


def test_the_warning_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes('{"user": "café"}'.encode("cp1252"))
    source = open_source(path, "here")
    assert list(source.rows()) == [(1, {"user": "café"})]
    (note,) = source.notes
    assert (note.check, note.severity) == ("encoding", "warning") and "UTF-8" in note.remedy


def test_what_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"GGUF\x03\0\0\0" + bytes(range(256)) * 9)
    with pytest.raises(DataError, match=r"here, x is not text\. What is read"):
        decode(tmp_path / "x")


@pytest.mark.parametrize("name", ["x.jsonl", "x.parquet", "x.csv", "x.json"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "a pointer of Git LFS"),
        ("<!DOCTYPE html>\n<html>404</html>", "a web page, not rows. Download the file itself"),
        ("\n<HTML><body>", "a web page"),
    ],
)
def test_what_was_fetched_in_place_of_the_file(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=words):
        list(open_source(tmp_path / name, "here").rows())


def test_notebooks_are_no_rows(tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").write_text('{"cells": [{"source": ["a"], "outputs": []}]}')
    with pytest.raises(DataError, match=r"x\.ipynb is a notebook, not rows"):
        open_source(tmp_path / "x.ipynb", "here")


@pytest.mark.parametrize("count", [1, 5000])
def test_zeros_that_a_crash_leaves_at_the_end(tmp_path: Path, count: int) -> None:
    row = b'{"user": "a", "assistant": "b"}\n'
    (tmp_path / "x.jsonl").write_bytes(row * count + b"\0" * 700)
    found = [row for _, row in open_source(tmp_path / "x.jsonl", "here").rows()]
    assert found == [{"user": "a", "assistant": "b"}] * count
