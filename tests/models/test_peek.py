"""What is known of a base before it is loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ft_magics import models
from ft_magics.errors import ModelError, SettingError


def test_a_base_is_known_by_its_headers(tiny_folder: Path, tiny_base: Any) -> None:
    known = models.peek(str(tiny_folder), notify=print).to_dict()
    loaded = tiny_base.facts.to_dict()
    hashes = ("sha256", "fingerprint", "chat_template_sha256", "bytes")
    assert {k: v for k, v in known.items() if k not in hashes} == {
        k: v for k, v in loaded.items() if k not in hashes
    }
    assert known["fingerprint"] == ""
    # A buffer or two come with loading.
    assert abs(known["bytes"] - loaded["bytes"]) < 10_000


@pytest.mark.parametrize("tied", [True, False])
def test_without_weights_the_shape_tells(tiny_folder: Path, tmp_path: Path, tied: bool) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    folder = tmp_path / "shape"
    shutil.copytree(tiny_folder, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    config = json.loads((folder / "config.json").read_text())
    config["tie_word_embeddings"] = tied
    (folder / "config.json").write_text(json.dumps(config))
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    exact = sum(p.numel() for p in model.parameters())
    assert models.peek(str(folder), notify=print).parameters == pytest.approx(exact, rel=0.001)


def test_what_cannot_be_loaded_cannot_be_looked_at(tmp_path: Path, tiny_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json"):
        models.peek(str(tmp_path), notify=print)
    with pytest.raises(SettingError, match="dtype is 'int3'"):
        models.peek(str(tiny_folder), dtype="int3", notify=print)
