"""The module tree that is trained: adapters on the shared base, or a copy of every weight."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from torch import nn

from ft_magics import models
from ft_magics.errors import AdapterError, SettingError
from ft_magics.models import Base
from ft_magics.training.dropout import Clock, own_dropout, without_dropout
from ft_magics.training.hooks import Job
from ft_magics.training.plan import Plan
from ft_magics.training.random_state import generator

__all__ = ["Tree", "plant"]

ADAPTER = "default"
"""The adapter's name within a training tree; a user's names live elsewhere."""


@dataclass
class Tree:
    """What is trained.

    Attributes:
        model: A PeftModel, or the plain model in a full fine-tune.
        trained: Published name -> parameter: PEFT's file keys, or the model's own names.
        config: The adapter_config that goes with them; empty in a full fine-tune.
        clock: What the dropout layers are seeded by.
        notices: What the user should know about it.
    """

    model: nn.Module
    trained: dict[str, nn.Parameter]
    config: dict[str, Any]
    clock: Clock = field(default_factory=Clock)
    notices: list[str] = field(default_factory=list)

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """The trained tensors by published name, detached, not copied."""
        return {name: p.detach() for name, p in self.trained.items()}

    def assign(self, tensors: dict[str, torch.Tensor]) -> None:
        """Overwrite the trained tensors in place; names and shapes must agree."""
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(tensors[name])


def plant(job: Job, base: Base) -> Tree:
    """Make the tree of a job, from its parent if it has one.

    Args:
        job: What is to be trained.
        base: The loaded base; unchanged afterwards.

    Raises:
        SettingError: lora_target_modules name no layer of this base, or its output layer.
        AdapterError: The parent does not fit.
    """
    tree = {"lora": _lora, "full": _full}[job.plan.strategy](job, base)
    if job.parent is not None:
        _start_from(tree, job)
    return tree


def _lora(job: Job, base: Base) -> Tree:
    plan = job.plan
    tree = models.share(base.model)
    _check_head(tree, job)
    dropped = without_dropout(tree)
    config = _lora_config(plan)
    try:
        # Under the meta device a Linear draws no random numbers; the device context belongs to
        # this thread, unlike PEFT's low_cpu_mem_usage, which patches torch for all of them.
        with torch.device("meta"):
            model = get_peft_model(tree, config, adapter_name=ADAPTER)
    except ValueError as error:
        raise SettingError(
            job.where,
            f"lora_target_modules {plan.lora_target_modules} fit no layer of {base.facts.name}",
            f"Use all-linear. PEFT says: {str(error).splitlines()[0]}",
        ) from error
    _fill(model, plan.seed)
    clock = Clock()
    own_dropout(model, plan.seed, clock)
    trained = {
        name.replace(f".{ADAPTER}", ""): p
        for name, p in model.named_parameters()
        if p.requires_grad
    }
    return Tree(model, trained, _published(config, base), clock, _dropout_notice(dropped))


def _lora_config(plan: Plan) -> LoraConfig:
    targets = plan.lora_target_modules
    return LoraConfig(
        r=plan.lora_r,
        lora_alpha=plan.lora_alpha,
        lora_dropout=plan.lora_dropout,
        target_modules=targets if isinstance(targets, str) else list(targets),
        bias="none",
        task_type="CAUSAL_LM",
    )


def _check_head(model: nn.Module, job: Job) -> None:
    """An adapter on the output layer would train, through tied weights, the shared embeddings."""
    targets = job.plan.lora_target_modules
    head = model.get_output_embeddings()
    name = next(name for name, module in model.named_modules() if module is head)
    named = (
        bool(re.fullmatch(targets, name))
        if isinstance(targets, str)
        else any(name == t or name.endswith(f".{t}") for t in targets)
    )
    if named and targets != "all-linear":
        raise SettingError(
            job.where,
            f"lora_target_modules name the output layer, {name}",
            "Leave it out: it may share its weights with the embeddings.",
        )


def _fill(model: nn.Module, seed: int) -> None:
    """Give the new adapter its start: A random, B zero, so that it changes nothing yet.

    Source: PEFT's own `reset_lora_parameters`: kaiming uniform with a = sqrt(5), which is uniform
    in ± 1/sqrt(inputs); here from a generator of the run.
    """
    draw = generator(seed, "adapter")
    for module in list(model.modules()):
        base_layer = getattr(module, "base_layer", None)
        if base_layer is None or not hasattr(module, "lora_A"):
            continue
        device = base_layer.weight.device
        for layers in (module.lora_A, module.lora_embedding_A):
            for holder, name, shape in _slots(layers):
                bound = 1 / math.sqrt(shape[-1])
                values = torch.empty(shape).uniform_(-bound, bound, generator=draw)
                _put(holder, name, values.to(device))
        for layers in (module.lora_B, module.lora_embedding_B):
            for holder, name, shape in _slots(layers):
                _put(holder, name, torch.zeros(shape, device=device))


def _slots(layers: Any) -> list[tuple[Any, str, torch.Size]]:
    """Where a LoRA layer keeps its tensors: Linears in a ModuleDict, or a ParameterDict."""
    found = []
    for name, layer in layers.items():
        if isinstance(layer, nn.Parameter):
            found.append((layers, name, layer.shape))
        else:
            found.append((layer, "weight", layer.weight.shape))
    return found


def _put(holder: Any, name: str, values: torch.Tensor) -> None:
    """LoRA weights are float32 whatever the base is: small updates vanish in 16 bits."""
    parameter = nn.Parameter(values.to(torch.float32))
    if isinstance(holder, nn.ParameterDict):
        holder[name] = parameter
    else:
        setattr(holder, name, parameter)


def _published(config: LoraConfig, base: Base) -> dict[str, Any]:
    """The adapter_config as PEFT reads it, the same for the same settings to the last byte."""
    values = config.to_dict()
    values["base_model_name_or_path"] = base.facts.name
    values["inference_mode"] = True
    return {
        key: sorted(value) if isinstance(value, set) else value for key, value in values.items()
    }


def _full(job: Job, base: Base) -> Tree:
    # A real copy, in float32: a step of 1e-5 is lost in a 16-bit weight.
    model = models.duplicate(base.model).float()
    dropped = without_dropout(model)
    model.requires_grad_(True)
    return Tree(model, dict(model.named_parameters()), {}, notices=_dropout_notice(dropped))


def _dropout_notice(dropped: bool) -> list[str]:
    text = "the base's own dropout is off in training, so that the same run gives the same result"
    return [text] if dropped else []


def _start_from(tree: Tree, job: Job) -> None:
    """Copy the parent's weights: a second stage goes on where the first one ended."""
    assert job.parent is not None
    full = not tree.config
    file = job.parent / ("model.safetensors" if full else "adapter_model.safetensors")
    if not file.is_file():
        kind = "a full fine-tune" if full else "a LoRA adapter"
        other = "lora" if full else "full"
        raise AdapterError(
            job.where, f"the parent is not {kind}", f"Use strategy: {other}, as the parent did."
        )
    if not full:
        _check_same_shape(tree, job)
    tensors = load_file(file)
    missing = [name for name in tree.trained if name not in tensors]
    odd = [n for n, p in tree.trained.items() if n in tensors and tensors[n].shape != p.shape]
    unknown = [] if full else [name for name in tensors if name not in tree.trained]
    if missing or odd or unknown:
        first = (missing + odd + unknown)[0]
        raise AdapterError(
            job.where,
            f"the parent does not fit: {len(missing)} tensors are missing, {len(unknown)} are "
            f"unknown, {len(odd)} have another shape (first: {first})",
            "Train on the parent's base, with its lora_target_modules.",
        )
    tree.assign(tensors)


def _check_same_shape(tree: Tree, job: Job) -> None:
    """Rank and scale must be the parent's: its tensors mean something else under others."""
    assert job.parent is not None
    config = json.loads((job.parent / "adapter_config.json").read_text(encoding="utf-8"))
    for setting, key in (("lora_r", "r"), ("lora_alpha", "lora_alpha")):
        theirs, ours = config.get(key), tree.config[key]
        if theirs != ours:
            raise AdapterError(
                job.where,
                f"the parent has {setting} {theirs}, this run {ours}",
                f"Set {setting}: {theirs}.",
            )
    for key in ("use_rslora", "use_dora", "modules_to_save", "rank_pattern", "alpha_pattern"):
        if config.get(key):
            raise AdapterError(
                job.where, f"the parent uses {key}", "Only plain LoRA can be trained on."
            )
