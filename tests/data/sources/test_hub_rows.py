"""Data sets of the hub: without a hub, through `datasets` and folders of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ft_magics.data.sources import open_source
from ft_magics.errors import DataError


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """`load_dataset` finds `org/cats` in a folder; returns how it was called."""
    import datasets

    for split, count in (("train", 30), ("test", 3)):
        lines = [json.dumps({"user": f"{split} {i}", "system": None}) for i in range(count)]
        (tmp_path / f"{split}.jsonl").write_text("\n".join(lines))
    calls: list[dict[str, Any]] = []
    real = datasets.load_dataset

    def load(path: str, name: str | None = None, **how: Any) -> Any:
        calls.append({"path": path, "name": name, **how})
        files = {split: str(tmp_path / f"{split}.jsonl") for split in ("train", "test")}
        return real("json", data_files=files, cache_dir=str(tmp_path / "cache"), **how)

    monkeypatch.setattr(datasets, "load_dataset", load)
    return calls


def test_train_is_read_in_a_stream(hub: list[dict[str, Any]]) -> None:
    source = open_source("org/cats", "here")
    rows = list(source.rows())
    assert rows[0] == (1, {"user": "train 0"}) and len(rows) == 30
    assert (source.title, source.origin) == ("org/cats", "hub, split train")
    assert hub == [{"path": "org/cats", "name": None, "streaming": True}]


def test_a_split_and_a_subset(hub: list[dict[str, Any]]) -> None:
    source = open_source("cats", "here", split="test", subset="en")
    assert [row for _, row in source.rows()] == [{"user": f"test {i}"} for i in range(3)]
    assert source.origin == "hub, split test, subset en"
    assert hub[0]["name"] == "en" and "trust_remote_code" not in hub[0]


def test_a_slice_is_loaded_whole(hub: list[dict[str, Any]]) -> None:
    rows = list(open_source("org/cats", "here", split="train[:10]").rows())
    assert len(rows) == 10 and hub == [{"path": "org/cats", "name": None, "split": "train[:10]"}]


@pytest.mark.parametrize("split", ["tset", "tset[:5]"])
def test_a_wrong_split(hub: list[dict[str, Any]], split: str) -> None:
    with pytest.raises(DataError, match="tset"):
        list(open_source("org/cats", "here", split=split).rows())


@pytest.mark.parametrize("name", ["org/cats", "cats"])
def test_without_a_network(name: str) -> None:
    with pytest.raises(DataError, match=rf"no file '{name}' here, and no such data set.* download"):
        open_source(name, "here")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ValueError("Config name is missing.\nPick one among: ['en', 'de']"),
            "'en', 'de'.*--subset",
        ),
        (RuntimeError("Dataset scripts are no longer supported, but found x.py"), "never run here"),
        (ValueError("Unknown thing.\nMore"), r"cannot be loaded: Unknown thing\."),
    ],
)
def test_what_datasets_says_is_told_as_ours(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    def load(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(DataError, match=words):
        open_source("org/cats", "here")


def test_a_stream_that_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    def rows() -> Any:
        yield {"user": "a"}
        raise ConnectionError("reset by peer")

    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: {"train": rows()})
    found = open_source("org/cats", "here").rows()
    assert next(found) == (1, {"user": "a"})
    with pytest.raises(DataError, match="reset by peer"):
        next(found)


def test_without_an_address_nothing_is_tried(
    hub: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import socket
    import urllib.request

    from datasets import config
    from huggingface_hub import constants

    def unknown(*_: Any) -> Any:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(config, "HF_DATASETS_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(urllib.request, "getproxies", dict)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DataError, match="there is no network"):
        open_source("org/cats", "here")
    assert hub == []
    (tmp_path / "kept" / "org___cats").mkdir(parents=True)
    assert len(list(open_source("org/cats", "here").rows())) == 30, "what was kept is still read"
