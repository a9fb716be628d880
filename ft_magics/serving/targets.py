"""Which layers of a base an adapter's config means, and with which rank and scaling.

PEFT finds this out by walking the model's modules; here it is asked of names alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

__all__ = ["BaseLayers", "scaling_of", "targeted"]


@dataclass(frozen=True)
class BaseLayers:
    """The layers of a base that adapters can name.

    Args:
        linears: The linear layers, by full name.
        others: The names of all other modules.
        parameters: The names of all weights.
        head: The name of the layer that gives the logits; empty if there is none.
    """

    linears: Mapping[str, nn.Linear]
    others: frozenset[str]
    parameters: frozenset[str]
    head: str

    @classmethod
    def of(cls, model: nn.Module) -> BaseLayers:
        """The layers of a plain model, before anything was put into it."""
        linears, others, head = {}, set(), ""
        getter = getattr(model, "get_output_embeddings", None)
        output = getter() if getter else None
        for name, module in model.named_modules():
            if module is output and output is not None:
                head = name
            if isinstance(module, nn.Linear):
                linears[name] = module
            elif name:
                others.add(name)
        weights = (name for name, _ in model.named_parameters(remove_duplicate=False))
        return cls(linears, frozenset(others), frozenset(weights), head)


def scaling_of(config: Mapping[str, Any]) -> Callable[[str], tuple[int, float]]:
    """A function from a layer's name to its rank and scaling.

    Source: peft's `LoraModel._create_and_replace`, `get_pattern_key` and `LoraLayer.set_scale`.
    """
    ranks = config.get("rank_pattern") or {}
    alphas = config.get("alpha_pattern") or {}

    def of_layer(patterns: Mapping[str, Any], layer: str, default: Any) -> Any:
        for pattern, value in patterns.items():
            if re.match(rf"(.*\.)?({pattern})$", layer):
                return value
        return default

    def rank_and_scaling(layer: str) -> tuple[int, float]:
        rank = of_layer(ranks, layer, config.get("r", 8))
        alpha = of_layer(alphas, layer, config.get("lora_alpha", 8))
        return rank, alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)

    return rank_and_scaling


def targeted(config: Mapping[str, Any], names: Iterable[str], head: str = "") -> set[str]:
    """The layers that an adapter's config targets.

    Source: peft's `check_target_module_exists` and `_maybe_include_all_linear_layers`.

    Args:
        config: An adapter_config.
        names: The layers to choose from.
        head: The layer that gives the logits, which `all-linear` leaves out.
    """
    targets = config.get("target_modules")
    if targets is None:
        return set()
    if isinstance(targets, str) and targets.lower() == "all-linear":
        found = {n for n in names if n != head}
    elif isinstance(targets, str):
        found = {n for n in names if re.fullmatch(targets, n)}
    else:
        found = {n for n in names if _ends_with(n, targets)}
        found = {n for n in found if _in_layers(config, n)}
    excluded = config.get("exclude_modules")
    if isinstance(excluded, str):
        return {n for n in found if not re.fullmatch(excluded, n)}
    return {n for n in found if not _ends_with(n, excluded or ())}


def _ends_with(name: str, ends: Any) -> bool:
    return any(name == end or name.endswith(f".{end}") for end in ends)


def _in_layers(config: Mapping[str, Any], name: str) -> bool:
    wanted = config.get("layers_to_transform")
    if wanted is None or wanted == []:
        return True
    patterns = config.get("layers_pattern") or r"[^.]*"
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        match = re.match(rf"(?:^|.*?\.){pattern}\.(?P<index>\d+)\.", name)
        if match:
            return int(match["index"]) in ([wanted] if isinstance(wanted, int) else wanted)
    return False
