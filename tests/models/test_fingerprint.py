from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from ft_magics.errors import ModelError
from ft_magics.models import fingerprint as prints


def test_a_hash_is_remembered_until_the_file_changes(tmp_path: Path, ft_cache: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    assert prints.file_sha256(file) == hashlib.sha256(b"one").hexdigest()
    kept = json.loads((ft_cache / "hashes.json").read_text())
    kept[str(file.resolve())]["sha256"] = "remembered"
    (ft_cache / "hashes.json").write_text(json.dumps(kept))
    assert prints.file_sha256(file) == "remembered"
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert prints.file_sha256(file) == hashlib.sha256(b"two").hexdigest()


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"x": 3}'])
def test_a_broken_memory_is_no_harm(tmp_path: Path, ft_cache: Path, content: str) -> None:
    ft_cache.mkdir()
    (ft_cache / "hashes.json").write_text(content)
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    assert prints.file_sha256(file) == hashlib.sha256(b"one").hexdigest()


def test_no_memory_is_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    monkeypatch.setenv("FT_CACHE", str(file))  # a file: nothing can be written below it
    assert prints.file_sha256(file) == hashlib.sha256(b"one").hexdigest()


def test_the_memory_is_bounded(
    tmp_path: Path, ft_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prints, "REMEMBERED", 3)
    for i in range(5):
        file = tmp_path / f"w{i}"
        file.write_text(str(i))
        prints.file_sha256(file)
    kept = json.loads((ft_cache / "hashes.json").read_text())
    assert [Path(name).name for name in kept] == ["w2", "w3", "w4"]


def test_the_fingerprint_is_of_what_computes() -> None:
    config = {"hidden_size": 8, "transformers_version": "5.0", "dtype": "float32", "_x": "y"}
    same = {"transformers_version": "6.0", "hidden_size": 8}
    assert prints.fingerprint(config, "w") == prints.fingerprint(same, "w")
    assert prints.fingerprint(config, "w") != prints.fingerprint(config, "v")
    assert prints.fingerprint(config, "w") != prints.fingerprint({"hidden_size": 9}, "w")


def test_the_weights_of_several_files(tmp_path: Path, ft_cache: Path) -> None:
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = {"weight_map": {"a": names[0], "b": names[1], "c": names[0]}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / names[0]).write_bytes(b"one")
    with pytest.raises(ModelError, match=r"model-00002-of-00002\.safetensors missing"):
        prints.weights_files(tmp_path, "model x")
    (tmp_path / names[1]).write_bytes(b"two")
    files = prints.weights_files(tmp_path, "model x")
    assert [file.name for file in files] == names
    before = prints.weights_sha256(files)
    (tmp_path / names[1]).write_bytes(b"three")
    assert prints.weights_sha256(files) != before


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model\.safetensors"):
        prints.weights_files(tmp_path, "model x")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match="a pickle can run any code"):
        prints.weights_files(tmp_path, "model x")


def test_shapes_without_reading(tiny_folder: Path, tmp_path: Path) -> None:
    whole = tiny_folder / "model.safetensors"
    shapes = prints.read_header(whole, "model x")
    assert shapes["model.embed_tokens.weight"][1] == 64
    content = whole.read_bytes()
    for cut, said in ((len(content) - 5, "cut off"), (300, "not a safetensors"), (0, "not a")):
        half = tmp_path / "model.safetensors"
        half.write_bytes(content[:cut])
        with pytest.raises(ModelError, match=said):
            prints.read_header(half, "model x")
