"""What the user set, else what was chosen, and why: the reasons of a plan."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from ft_magics.spec import FinetuneSpec
from ft_magics.training import defaults
from ft_magics.training.fitting import SET

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts
    from ft_magics.training.strategy import Shape

__all__ = ["Taken", "fixed_reasons", "rates", "shaped", "span"]


class Taken:
    """Takes the user's value, else the chosen one, and notes why."""

    def __init__(self, spec: FinetuneSpec, why: dict[str, str]) -> None:
        self.spec = spec
        self.why = why

    def __call__(self, name: str, chosen: defaults.Chosen[Any]) -> Any:
        """The value of a setting."""
        value = getattr(self.spec, name)
        self.why[name] = chosen.why if value is None else SET
        return chosen.value if value is None else value


def fixed_reasons(spec: FinetuneSpec) -> dict[str, str]:
    """Reasons for the settings whose default is the same everywhere."""
    usual = FinetuneSpec()
    why = {
        "weight_decay": "none: few steps leave little to hold back",
        "max_grad_norm": "the custom of all trainers: one odd row cannot throw the run",
        "optim": "AdamW, the optimizer all these numbers were found with",
        "seed": "any number: the same one gives the same adapter",
        "lora_dropout": "none: nothing that was learned is dropped",
        "lora_target_modules": "every linear layer: better than attention alone (QLoRA's paper)",
    }
    for name in why:
        if getattr(spec, name) != getattr(usual, name):
            why[name] = SET
    return why


def shaped(spec: FinetuneSpec, shape: Shape, why: dict[str, str]) -> FinetuneSpec:
    """The settings with what the first stage decided and the user left open."""
    usual = FinetuneSpec().lora_target_modules
    if spec.lora_target_modules != usual or shape.targets == usual:
        return spec
    why["lora_target_modules"] = shape.why
    return dataclasses.replace(spec, lora_target_modules=shape.targets)


def span(
    spec: FinetuneSpec, rows: int, per_epoch: int, taken: Taken, method: str
) -> tuple[float, int]:
    """Epochs and steps of the whole run."""
    if spec.max_steps is not None:
        taken.why["max_steps"] = SET
        taken.why["num_train_epochs"] = f"{spec.max_steps} steps of {per_epoch} an epoch"
        return spec.max_steps / per_epoch, spec.max_steps
    epochs = float(taken("num_train_epochs", defaults.choose_epochs(rows, per_epoch, method)))
    return epochs, math.ceil(epochs * per_epoch)


def rates(
    spec: FinetuneSpec,
    strategy: str,
    base: BaseFacts,
    total: int,
    taken: Taken,
    method: str,
    shape: Shape | None,
) -> dict[str, Any]:
    """How large the steps are."""
    alpha = defaults.Chosen(2.0 * (spec.lora_r or 16), "twice lora_r, the custom")
    if shape is not None:
        alpha = defaults.Chosen(shape.alpha, shape.why)
    warmup = taken("warmup_steps", defaults.choose_warmup(total))
    return {
        "learning_rate": taken(
            "learning_rate", defaults.choose_learning_rate(strategy, base.parameters, method)
        ),
        "lr_scheduler_type": taken("lr_scheduler_type", defaults.SCHEDULE),
        "warmup_steps": math.ceil(warmup * total) if 0 < warmup < 1 else int(warmup),
        "lora_alpha": taken("lora_alpha", alpha),
    }
