"""A collected set is changed in place, and what a crash leaves is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ft_magics.store import Store, collected
from ft_magics.store.collected import CollectedSet, file_sha256, is_checked, keep_checked

RECORD = {"name": "votes", "kind": "unpaired", "count": 1, "findings": []}


def rows(*texts: str) -> list[bytes]:
    return [f'{{"number": {i}, "text": "{text}"}}'.encode() for i, text in enumerate(texts, 1)]


def keep(store: Store, *texts: str) -> CollectedSet:
    with store.changing():
        held = CollectedSet(store, "votes")
        held.write(rows(*texts), {**RECORD, "count": len(texts)})
    return held


def test_it_grows_in_one_version(store: Store) -> None:
    for count in range(1, 10):
        keep(store, *"abcdefghi"[:count])
    assert store.load_set("data", "votes")["version"] == 1
    assert store.load_set("data", "votes")["count"] == 9
    assert CollectedSet(store, "votes").rows() == rows(*"abcdefghi")
    assert [p.name for p in (store.home / "data" / "votes").iterdir()] == ["0001"]


def test_a_set_that_was_typed_stays_as_the_version_before(store: Store, tmp_path: Path) -> None:
    written = tmp_path / "rows"
    written.write_text('{"number": 1, "text": "typed"}\n')
    store.save_set("data", "votes", dict(RECORD), written)
    keep(store, "typed", "clicked")
    keep(store, "typed", "clicked", "again")
    assert CollectedSet(store, "votes").rows() == rows("typed", "clicked", "again")
    assert store.rows_file("votes", 1).read_text() == '{"number": 1, "text": "typed"}\n'
    assert store.load_set("data", "votes")["version"] == 2
    assert store.undo() == "the data set votes is the one before again"
    assert CollectedSet(store, "votes").rows() == rows("typed")


def test_a_write_that_fails_half_way_leaves_the_set_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, "a")

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(collected, "write_atomic", full)
    with pytest.raises(Exception, match="No space left"):
        keep(store, "a", "b")
    assert CollectedSet(store, "votes").rows() == rows("a")
    assert store.load_set("data", "votes")["count"] == 1


def test_rows_newer_than_their_record_are_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, "a")
    with monkeypatch.context() as broken:
        broken.setattr(collected, "write_json", _end)
        with pytest.raises(KeyboardInterrupt):
            keep(store, "a", "b")
    # The process ended between the two files: the click counts, and the record says of itself
    # that it speaks of other rows.
    assert CollectedSet(store, "votes").rows() == rows("a", "b")
    rows_sha256 = file_sha256(store.rows_file("votes"))
    assert not is_checked(store.load_set("data", "votes"), rows_sha256)


def _end(path: Path, value: Any) -> None:
    raise KeyboardInterrupt


def test_the_checks_are_kept_for_the_rows_they_saw(store: Store) -> None:
    keep(store, "a")
    folder = store.rows_file("votes").parent
    seen = file_sha256(folder / "rows.jsonl")
    record = store.load_set("data", "votes")
    assert not is_checked(record, seen)
    keep_checked(folder, {**record, "findings": ["one"]}, seen)
    assert is_checked(store.load_set("data", "votes"), seen)
    keep(store, "a", "b")
    assert not is_checked(store.load_set("data", "votes"), file_sha256(folder / "rows.jsonl"))
    # Somebody clicked while the rows were checked: what was found is not of these.
    keep_checked(folder, {**record, "findings": ["old"]}, seen)
    assert store.load_set("data", "votes")["findings"] == []


def test_the_last_row_taken_back_gives_the_version_before(store: Store, tmp_path: Path) -> None:
    keep(store, "a")
    keep(store)
    assert store.set_names("data") == []
    keep(store, "b")
    assert store.load_set("data", "votes")["version"] == 2
