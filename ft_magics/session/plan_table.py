"""The settings of a plan as lines: value, why, and where that comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ft_magics.session.objects import SettingLine

if TYPE_CHECKING:
    from ft_magics.session.state import Session
    from ft_magics.training import Measured, Plan

__all__ = ["measured", "setting_lines"]

_ADVISED = (
    "method",
    "strategy",
    "lora_r",
    "lora_alpha",
    "learning_rate",
    "num_train_epochs",
    "max_steps",
    "beta",
    "desirable_weight",
    "undesirable_weight",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "max_length",
    "lr_scheduler_type",
    "warmup_steps",
)
_REST = (
    "lora_dropout",
    "lora_target_modules",
    "weight_decay",
    "max_grad_norm",
    "optim",
    "gradient_checkpointing",
    "eval_steps",
    "dtype",
    "seed",
    "loss_type",
    "trl",
)
_LOOKED_AT = 5
"""Earlier runs that are read for their rate, newest first."""


def setting_lines(plan: Plan, *, whole: bool) -> list[SettingLine]:
    """A plan's settings, each with its reason and source.

    Args:
        plan: Every setting resolved.
        whole: All of them; else those that one would think about.
    """
    values, sources = plan.to_dict(), plan.sources
    return [
        SettingLine(name, _shown(values[name]), plan.reasons.get(name, ""), sources.get(name, ""))
        for name in (*_ADVISED, *(_REST if whole else ()))
        if values[name] not in (None, {}) and (plan.strategy != "full" or name[:5] != "lora_")
    ]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def measured(session: Session, device: str, base: str) -> Measured | None:
    """How fast an earlier run of this home went on this kind of device; its base, if one did.

    Args:
        session: Where runs are kept.
        device: cuda, mps or cpu.
        base: Name of the base.
    """
    from ft_magics import training
    from ft_magics.events import StepEnded

    runs = [session.store.run(name) for name in session.store.run_names()]
    found: list[training.Measured] = []
    for folder in sorted(runs, key=lambda f: -f.made_at_s)[:_LOOKED_AT]:
        facts, plan = folder.record.get("base") or {}, folder.record.get("plan") or {}
        if facts.get("device") != device or not plan or not facts.get("parameters"):
            continue
        rates = [e.tokens_per_s for e in folder.events() if isinstance(e, StepEnded)]
        known = sorted(rate for rate in rates if rate)
        if known:
            each = training.operations_per_token(
                facts["parameters"], plan["strategy"], plan["gradient_checkpointing"]
            )
            same = facts.get("name") == base
            found.append(training.Measured(folder.name, known[len(known) // 2], each, same))
    return max(found, key=lambda m: m.same, default=None)
