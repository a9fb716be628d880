"""Adapters as PEFT writes them: read, checked against the base, made ready for the layers.

PEFT itself loads, without an error, adapters of another base with the same shapes, with NaN and
with missing keys; everything here is checked before a weight is used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ft_magics.errors import AdapterError
from ft_magics.models import BaseFacts

__all__ = ["AdapterFiles", "check_base", "check_finite", "listed", "read_adapter"]

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
PICKLE = "adapter_model.bin"
OURS = "ft_magics.json"
PREFIX = "base_model.model."
SHOWN = 3


@dataclass(frozen=True)
class AdapterFiles:
    """An adapter as it stands on disk, or as a run in progress hands it over.

    Args:
        where: The folder or slot, for errors.
        config: What `adapter_config.json` holds.
        tensors: The weights under PEFT's file keys.
        origin: What `ft_magics.json` holds; empty for adapters made elsewhere.
    """

    where: str
    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    origin: Mapping[str, Any]

    @property
    def base_name(self) -> str:
        """The base it was trained on, as its maker named it; may be empty."""
        return str(self.origin.get("base_name") or self.config.get("base_model_name_or_path") or "")

    @property
    def remedy(self) -> str:
        """What to do when it is for another base."""
        if self.base_name:
            return f"Load its base first: %ft model {self.base_name}"
        return "Load the base that it was made for."


def read_adapter(folder: Path) -> AdapterFiles:
    """Read an adapter's folder.

    Raises:
        AdapterError: There is none, it is pickled, or not readable.
    """
    where = str(folder)
    if not (folder / CONFIG).is_file():
        raise AdapterError(where, f"no {CONFIG} in it", "Name the folder that PEFT saved.")
    if not (folder / WEIGHTS).is_file():
        if (folder / PICKLE).is_file():
            raise AdapterError(
                where,
                f"{PICKLE} is pickled, and a pickle can run any program when it is read",
                "Save it as safetensors: model.save_pretrained(folder, safe_serialization=True).",
            )
        raise AdapterError(where, f"no {WEIGHTS} in it", "Save the adapter again.")
    try:
        # Copied, for these are mapped: a file that is rewritten later would change the weights, or
        # kill the process.
        tensors = {key: t.clone() for key, t in load_file(folder / WEIGHTS).items()}
    except SafetensorError as error:
        raise AdapterError(
            where, f"{WEIGHTS} is damaged ({error})", "Save or copy the adapter again."
        ) from error
    return AdapterFiles(
        where=where,
        config=_read_mapping(folder / CONFIG),
        tensors=tensors,
        origin=_read_mapping(folder / OURS) if (folder / OURS).is_file() else {},
    )


def _read_mapping(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AdapterError(
            str(path), f"not JSON ({error})", "Save or copy the adapter again."
        ) from error
    if not isinstance(value, dict):
        raise AdapterError(str(path), "not a JSON object", "Save or copy the adapter again.")
    return value


def check_base(files: AdapterFiles, facts: BaseFacts) -> str:
    """Compare the base an adapter was trained on with the base at hand.

    Names are a hint only: the same weights go by a hub id, a folder or a short name. A fingerprint
    is proof.

    Returns:
        A note, if the names have nothing in common; else an empty text.

    Raises:
        AdapterError: It was trained on other weights, or is not LoRA.
    """
    kind = files.config.get("peft_type", "")
    kind = str(getattr(kind, "value", kind)).upper()
    if kind != "LORA":
        raise AdapterError(
            files.where,
            f"its kind is {kind or 'not told'}, and only LoRA adapters can be used",
            "Train it as LoRA.",
        )
    fingerprint = files.origin.get("base_fingerprint")
    if fingerprint and fingerprint == facts.fingerprint:
        return ""
    if fingerprint:
        raise AdapterError(
            files.where,
            f"made for another base: {files.base_name or 'one'} with fingerprint "
            f"{str(fingerprint)[:12]}, while {facts.name} has {str(facts.fingerprint)[:12]}",
            files.remedy,
        )
    theirs = _short(files.base_name)
    ours = [_short(str(name)) for name in (facts.name, facts.asked) if name]
    if not theirs or any(theirs in name or name in theirs for name in ours if name):
        return ""
    return f"its config names the base {files.base_name}, this one is {facts.name}"


def _short(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2].lower()


def check_finite(tensors: Mapping[str, Tensor], where: str) -> None:
    """Refuse weights with NaN or infinity.

    One sum for each tensor is enough: it is finite only if every summand is.

    Raises:
        AdapterError: It names the first such tensors.
    """
    floats = {k: t for k, t in tensors.items() if t.is_floating_point() and t.numel()}
    if not floats:
        return
    sums = torch.stack([_sum(t) for t in floats.values()])
    if bool(torch.isfinite(sums.sum())):
        return
    bad = [k for k, total in zip(floats, sums.tolist(), strict=True) if not math.isfinite(total)]
    raise AdapterError(
        where,
        f"NaN or infinity in {len(bad)} of its {len(tensors)} tensors: {listed(bad)}",
        "Its training has diverged; take an earlier step, or train with a smaller learning_rate.",
    )


def _sum(tensor: Tensor) -> Tensor:
    """A tensor's sum, wide enough that finite numbers do not overflow; mps has no float64."""
    wide = torch.float32 if tensor.device.type == "mps" else torch.float64
    return tensor.sum(dtype=wide).cpu().double()


def listed(names: list[str]) -> str:
    """The first few names of weights or layers, for a sentence."""
    shown = ", ".join(name.removeprefix(PREFIX) for name in names[:SHOWN])
    return f"{shown} …" if len(names) > SHOWN else shown
