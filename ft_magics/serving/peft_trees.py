"""Adapters with more than plain LoRA: PEFT's own layers, on a tree of their own."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ft_magics import models
from ft_magics.errors import AdapterError
from ft_magics.serving.adapters import AdapterFiles, listed

__all__ = ["peft_tree"]

# PEFT refuses names that are attributes of its modules; this one is none.
NAME = "ft_magics_slot"


def peft_tree(base: nn.Module, files: AdapterFiles, *, copy: bool) -> nn.Module:
    """Build a model with an adapter by PEFT.

    Args:
        base: The base model; its weights are shared unless `copy` is set.
        files: The adapter.
        copy: Give PEFT weights of its own, because it would write into them.

    Raises:
        AdapterError: PEFT refuses it, or keys are missing or left over.
    """
    # Slow to import, and few adapters need it.
    from peft import PeftConfig, PeftModel
    from peft.utils import set_peft_model_state_dict

    tree = models.duplicate(base) if copy else models.share(base)
    devices = [d for d in {p.device for p in tree.parameters()} if d.type == "cuda"]
    try:
        # PEFT draws starting values, soon overwritten, from the random states that users see.
        with torch.random.fork_rng(devices=devices):
            config: Any = PeftConfig.from_peft_type(**{**files.config, "inference_mode": True})
            tuned = PeftModel(tree, config, adapter_name=NAME)
        result = set_peft_model_state_dict(tuned, dict(files.tensors), adapter_name=NAME)
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise AdapterError(
            files.where, f"PEFT cannot put it on this base: {_first_line(error)}", files.remedy
        ) from error
    missing = _missing(tuned, set(result.missing_keys))
    if missing:
        raise AdapterError(
            files.where,
            f"weights are missing: {listed(missing)}",
            "The file is incomplete; save the adapter again.",
        )
    if result.unexpected_keys:
        raise AdapterError(
            files.where,
            f"this base has no place for {listed(list(result.unexpected_keys))}",
            files.remedy,
        )
    return tuned.requires_grad_(False).eval()


def _missing(tuned: nn.Module, told: set[str]) -> list[str]:
    """The adapter's weights that were not in the file; one that is tied to another was."""
    ours = {k: t for k, t in tuned.state_dict(keep_vars=True).items() if NAME in k}
    loaded = {id(t) for key, t in ours.items() if key not in told}
    return [key for key, t in ours.items() if key in told and id(t) not in loaded]


def _first_line(error: Exception) -> str:
    """The first line that says something: torch's begin with a heading."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.endswith(":")]
    return told[0] if told else type(error).__name__
