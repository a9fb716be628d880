from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ft_magics.errors import ModelError
from ft_magics.models.suited import check_config


def check(folder: Path, trust_remote_code: bool = False, **config: Any) -> dict[str, Any]:
    (folder / "config.json").write_text(json.dumps(config))
    return check_config(folder, "model x", trust_remote_code=trust_remote_code)


@pytest.mark.parametrize("kind", ["llama", "qwen3", "gpt2", "mistral"])
def test_causal_language_models(tmp_path: Path, kind: str) -> None:
    assert check(tmp_path, model_type=kind)["model_type"] == kind


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "t5", "is_encoder_decoder": True}, "encoder-decoder"),
        ({"model_type": "llava", "vision_config": {"a": 1}}, "takes images too"),
        ({"model_type": "x", "audio_config": {"a": 1}}, "takes sound too"),
        ({"model_type": "vit"}, "no causal language model of kind 'vit'"),
        ({}, "no causal language model"),
        ({"model_type": "llama", "quantization_config": {"quant_method": "awq"}}, r"\(awq\)"),
    ],
)
def test_what_is_not_trained_here(tmp_path: Path, config: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        check(tmp_path, **config)


def test_code_that_comes_with_a_model_needs_a_word(tmp_path: Path) -> None:
    config = {"model_type": "new", "auto_map": {"AutoModelForCausalLM": "modeling.New"}}
    with pytest.raises(ModelError, match="Python code that comes with it") as caught:
        check(tmp_path, **config)
    assert "trust_remote_code" in caught.value.remedy
    assert check(tmp_path, trust_remote_code=True, **config)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_broken_config(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"config\.json"):
        check_config(tmp_path, "model x", trust_remote_code=False)
