"""Whether a model is one we train: text in, text out, weights as numbers, no code of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ft_magics.errors import ModelError
from ft_magics.files import read_json

__all__ = ["check_config"]

_OTHER_SENSES = {
    "vision_config": "images",
    "audio_config": "sound",
    "speech_config": "sound",
    "video_config": "video",
}


def check_config(folder: Path, where: str, *, trust_remote_code: bool) -> dict[str, Any]:
    """Read a model's configuration, and refuse what cannot be trained here.

    Args:
        folder: The model's folder.
        where: What the user asked for, for errors.
        trust_remote_code: The user allowed its code by name.

    Returns:
        The content of config.json.

    Raises:
        ModelError: It is no text-only causal language model, it is quantised, or it needs code of
            its own to run.
    """
    try:
        config = read_json(folder / "config.json")
    except ValueError as error:
        raise ModelError(where, f"config.json is not JSON ({error})", "Fetch it again.") from error
    if not isinstance(config, dict):
        raise ModelError(where, "config.json holds no settings", "Fetch it again.")
    _check_kind(config, where)
    if "quantization_config" in config:
        way = (config["quantization_config"] or {}).get("quant_method", "an unknown way")
        raise ModelError(
            where,
            f"its weights are stored quantised ({way})",
            "Name the unquantised model; strategy qlora quantises it for training.",
        )
    _check_code(config, where, trust_remote_code)
    return config


def _check_kind(config: dict[str, Any], where: str) -> None:
    for key, sense in _OTHER_SENSES.items():
        if config.get(key):
            raise ModelError(
                where,
                f"it takes {sense} too",
                "Take a model for text alone: only those are trained.",
            )
    if config.get("is_encoder_decoder"):
        raise ModelError(
            where,
            "an encoder-decoder, not a causal language model",
            "Take a model that continues text: Llama, Qwen, SmolLM …",
        )


def _check_code(config: dict[str, Any], where: str, trusted: bool) -> None:
    own_code = "AutoModelForCausalLM" in (config.get("auto_map") or {})
    if config.get("model_type") not in _known_kinds() and not (own_code and trusted):
        if own_code:
            raise ModelError(
                where,
                "it runs Python code that comes with it",
                "Read that code; if you trust it, set trust_remote_code.",
            )
        raise ModelError(
            where,
            f"transformers knows no causal language model of kind '{config.get('model_type')}'",
            "Take another model, or a newer transformers.",
        )


def _known_kinds() -> set[str]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
