from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from ft_magics import models
from ft_magics.errors import ModelError
from ft_magics.models import gguf

from .conftest import TEMPLATE


def quiet(*_: Any) -> None:
    pass


def test_a_gguf_file_becomes_a_plain_model(gguf_file: Path, ft_cache: Path) -> None:
    base = models.load(str(gguf_file), notify=quiet)
    facts = base.facts
    assert (facts.source, facts.name, facts.asked) == ("gguf", str(gguf_file), str(gguf_file))
    assert facts.sha256 == hashlib.sha256(gguf_file.read_bytes()).hexdigest()
    assert facts.dtype == "float32"
    assert base.tokenizer.chat_template == TEMPLATE
    assert not hasattr(base.model.config, "quantization_config")
    config = json.loads((base.folder / "config.json").read_text())
    assert "quantization_config" not in config
    base.model.save_pretrained(ft_cache / "again")  # a model that counts as quantised refuses


def test_the_weights_are_those_of_the_file(gguf_file: Path, ft_cache: Path) -> None:
    import torch
    from gguf import GGUFReader

    base = models.load(str(gguf_file), notify=quiet)
    written = {t.name: torch.tensor(t.data) for t in GGUFReader(gguf_file).tensors}
    layer = base.model.model.layers[0]
    assert torch.equal(base.model.model.embed_tokens.weight, written["token_embd.weight"])
    assert torch.equal(layer.mlp.down_proj.weight, written["blk.0.ffn_down.weight"])
    assert base.model.lm_head.weight is base.model.model.embed_tokens.weight


def test_it_is_converted_once_with_progress(
    gguf_file: Path, ft_cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[str, int, int]] = []
    models.load_tokenizer(str(gguf_file), notify=quiet, progress=lambda *a: told.append(a))
    size = gguf_file.stat().st_size
    assert told[0] == ("converting small.gguf for quick loading, once", 0, size)
    assert told[-1][1:] == (size, size)
    told.clear()
    models.load(str(gguf_file), notify=quiet, progress=lambda *a: told.append(a))
    assert told == []
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_without_a_bar_the_beginning_is_a_notice(gguf_file: Path, ft_cache: Path) -> None:
    told: list[str] = []
    models.load_tokenizer(str(gguf_file), notify=told.append)
    assert told == ["converting small.gguf for quick loading, once …"]


def test_a_conversion_that_is_cut_off_leaves_nothing(
    gguf_file: Path, ft_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(gguf, "_as_plain", interrupt)
        with pytest.raises(KeyboardInterrupt):
            models.load(str(gguf_file), notify=quiet)
    assert [p for p in (ft_cache / gguf.LAYOUT).iterdir() if p.is_dir()] == []
    assert models.load(str(gguf_file), notify=quiet).facts.source == "gguf"


def test_two_at_once_convert_once(gguf_file: Path, ft_cache: Path) -> None:
    told: list[str] = []
    found: list[models.Base] = []
    load = lambda: found.append(models.load(str(gguf_file), notify=told.append))  # noqa: E731
    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({base.facts.fingerprint for base in found}) == 1 and len(found) == 3
    assert sum(text.startswith("converting") for text in told) == 1


def test_files_that_are_no_gguf(tmp_path: Path, ft_cache: Path) -> None:
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"<!doctype html>")
    with pytest.raises(ModelError, match="not a GGUF file"):
        models.load(str(fake), notify=quiet)


def test_a_file_that_is_cut_off(gguf_file: Path, tmp_path: Path, ft_cache: Path) -> None:
    half = tmp_path / "half.gguf"
    half.write_bytes(gguf_file.read_bytes()[:4000])
    with pytest.raises(ModelError, match=r"half\.gguf cannot be converted"):
        models.load(str(half), notify=quiet)
    assert not list(ft_cache.rglob("config.json"))


def test_a_cache_that_cannot_be_written(
    gguf_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("FT_CACHE", str(blocked))
    with pytest.raises(ModelError, match="cannot be kept") as caught:
        models.load(str(gguf_file), notify=quiet)
    assert "FT_CACHE" in caught.value.remedy
