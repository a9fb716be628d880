"""Plain LoRA weights, checked against the base and made ready for its layers."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ft_magics.errors import AdapterError
from ft_magics.serving.adapters import AdapterFiles, listed
from ft_magics.serving.layers import Adapter, LowRank
from ft_magics.serving.targets import BaseLayers, scaling_of, targeted

__all__ = ["low_rank_adapter"]

KEY = re.compile(r"base_model\.model\.(?P<layer>.+)\.lora_(?P<part>[AB])\.weight")


def low_rank_adapter(files: AdapterFiles, layers: BaseLayers) -> Adapter:
    """Check plain LoRA weights against the base and make them ready for its layers.

    Args:
        files: The adapter.
        layers: The base's layers.

    Raises:
        AdapterError: Keys are missing or unexpected, or shapes are another base's.
    """
    parts = _parts(files)
    linears = layers.linears
    _check_layers(files, parts, targeted(files.config, linears, layers.head), linears)
    scaling = scaling_of(files.config)
    ready = {}
    for layer, (down, up) in parts.items():
        rank, factor = scaling(layer)
        _check_shapes(files, layer, down, up, rank, linears[layer])
        device = linears[layer].weight.device
        ready[layer] = LowRank(_prepared(down, device), _prepared(up, device), factor)
    return Adapter(ready)


def _parts(files: AdapterFiles) -> dict[str, tuple[Tensor, Tensor]]:
    """Pairs of A and B by layer; every key must be one of them."""
    found: dict[str, dict[str, Tensor]] = {}
    strange = []
    for key, tensor in files.tensors.items():
        match = KEY.fullmatch(key)
        if match is None:
            strange.append(key)
        else:
            found.setdefault(match["layer"], {})[match["part"]] = tensor
    if strange:
        raise AdapterError(
            files.where,
            f"it holds what is no LoRA weight: {listed(strange)}",
            "Save the adapter again with PEFT.",
        )
    halves = [
        f"{layer} lacks lora_{'B' if 'A' in pair else 'A'}"
        for layer, pair in found.items()
        if len(pair) < 2
    ]
    if halves:
        raise AdapterError(
            files.where, f"weights are missing: {listed(halves)}", "Save the adapter again."
        )
    return {layer: (p["A"], p["B"]) for layer, p in found.items()}


def _check_layers(
    files: AdapterFiles,
    parts: Mapping[str, object],
    expected: set[str],
    linears: Mapping[str, nn.Linear],
) -> None:
    foreign = [layer for layer in parts if layer not in linears]
    if foreign or not expected:
        raise AdapterError(
            files.where,
            f"made for another base: this one has no {listed(foreign) or 'layer it targets'}",
            files.remedy,
        )
    missing = sorted(expected - parts.keys())
    if missing:
        raise AdapterError(
            files.where,
            f"weights are missing: its config targets {len(expected)} layers, and the file has none "
            f"for {listed(missing)}",
            "The file is incomplete, or made for a smaller base; save the adapter again.",
        )
    extra = sorted(parts.keys() - expected)
    if extra:
        raise AdapterError(
            files.where,
            f"it holds weights for layers that its config does not target: {listed(extra)}",
            "Its config and weights are of two adapters; save it again.",
        )


def _check_shapes(
    files: AdapterFiles, layer: str, down: Tensor, up: Tensor, rank: int, linear: nn.Linear
) -> None:
    """Refuse a pair that does not fit its layer."""
    if down.dim() != 2 or up.dim() != 2 or down.shape[0] != rank or up.shape[1] != rank:
        raise AdapterError(
            files.where,
            f"{layer} has shapes {list(down.shape)} and {list(up.shape)} where its config says rank "
            f"{rank}",
            "Its config and weights are of two adapters; save it again.",
        )
    if (down.shape[1], up.shape[0]) != (linear.in_features, linear.out_features):
        raise AdapterError(
            files.where,
            f"made for another base: its {layer} takes {down.shape[1]} inputs and gives "
            f"{up.shape[0]} outputs, this base's {linear.in_features} and {linear.out_features}",
            files.remedy,
        )


def _prepared(tensor: Tensor, device: torch.device) -> Tensor:
    """On the layer's device; half precision widened, as PEFT does unless told otherwise."""
    half = tensor.dtype in (torch.float16, torch.bfloat16)
    return tensor.detach().to(device=device, dtype=torch.float32 if half else tensor.dtype)
