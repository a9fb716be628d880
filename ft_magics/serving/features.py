"""What an adapter's config asks for beyond plain LoRA, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass

from ft_magics.serving.adapters import PREFIX, AdapterFiles
from ft_magics.serving.targets import BaseLayers, targeted

__all__ = ["Extras", "extras"]

# Fields of peft's LoraConfig that plain LoRA covers, or that only matter in training.
PLAIN = frozenset(
    {
        "alpha_pattern",
        "auto_mapping",
        "base_model_name_or_path",
        "corda_config",
        "ensure_weight_tying",
        "eva_config",
        "exclude_modules",
        "fan_in_fan_out",
        "inference_mode",
        "init_lora_weights",
        "layers_pattern",
        "layers_to_transform",
        "loftq_config",
        "lora_alpha",
        "lora_dropout",
        "lora_ga_config",
        "megatron_core",
        "peft_type",
        "peft_version",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "revision",
        "runtime_config",
        "target_modules",
        "task_type",
        "use_rslora",
    }
)
# Fields with which PEFT leaves the base's own weights as they are. With every other one it may
# write into them (trained biases, a truncated base …), so it gets a copy.
READS_BASE = {
    "use_dora": "DoRA",
    "modules_to_save": "layers trained whole",
    "trainable_token_indices": "trained tokens",
    "lora_bias": "LoRA biases",
}
# Starting values that leave the base's weights alone; pissa, olora, corda … change them when the
# adapter is put into a model, and the adapter holds only the rest.
PLAIN_STARTS = (True, False, None, "gaussian", "eva", "orthogonal")


@dataclass(frozen=True)
class Extras:
    """What plain LoRA does not cover.

    Args:
        reasons: In words; empty for a plain adapter.
        copies: Whether PEFT would change the base's weights, so that it needs its own.
    """

    reasons: tuple[str, ...]
    copies: bool


def extras(files: AdapterFiles, layers: BaseLayers) -> Extras:
    """Find what an adapter needs beyond plain LoRA on linear layers."""
    reasons, copies = [], False
    for field, value in files.config.items():
        if field in PLAIN or not value or (field == "bias" and value == "none"):
            continue
        reasons.append(READS_BASE.get(field, field))
        copies = copies or field not in READS_BASE
    start = files.config.get("init_lora_weights", True)
    if start not in PLAIN_STARTS:
        reasons.append(f"{start} start")
        copies = True
    if files.config.get("target_modules") != "all-linear" and targeted(files.config, layers.others):
        reasons.append("layers that are not linear")
    if any(_of_base(key) in layers.parameters for key in files.tensors):
        # PEFT saves a targeted embedding's or head's own weights too, and writes them back.
        reasons.append("weights of the base itself")
        copies = True
    return Extras(tuple(reasons), copies)


def _of_base(key: str) -> str:
    """The base's name of a weight that an adapter's file may hold."""
    return key.removeprefix(PREFIX).replace(".base_layer.", ".")
