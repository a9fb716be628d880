"""Settings that cannot work on any machine, refused before a model is needed or torch imported."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from ft_magics.errors import SettingError, nearest
from ft_magics.training.trl_names import check_trl, loss_types, optimizers, schedulers

if TYPE_CHECKING:
    from ft_magics.spec import FinetuneSpec

__all__ = ["check"]

_OF_PREFERENCES = ("beta",)
_OF_LABELS = ("desirable_weight", "undesirable_weight")


def check(spec: FinetuneSpec, where: str, method: str = "sft") -> None:
    """Refuse what cannot be done.

    Args:
        spec: What the user set.
        where: The cell, for errors.
        method: What the rows are trained by: sft, dpo or kto.

    Raises:
        SettingError: What it is, with the nearest right name or the remedy.
    """
    if spec.strategy == "qlora":
        what = "qlora is not there yet (it will need a CUDA GPU and bitsandbytes)"
        raise SettingError(where, what, "Use strategy: lora.")
    _check_fitting(spec, where, method)
    _check_loss(spec, where, method)
    for name, known in (("lr_scheduler_type", schedulers()), ("optim", optimizers())):
        value = getattr(spec, name)
        if value is not None and value not in known:
            raise SettingError(where, f"{name} is '{value}'", nearest(value, known))
    check_trl(spec.trl, where, method)


def _check_fitting(spec: FinetuneSpec, where: str, method: str) -> None:
    """Settings of another method are no settings of this one."""
    if method == "sft":
        for name in _OF_PREFERENCES:
            if getattr(spec, name) is not None:
                what = f"{name} is for preferences, and this is sft"
                raise SettingError(where, what, "Leave it out.")
    if method != "kto":
        for name in _OF_LABELS:
            if getattr(spec, name) is not None:
                what = f"{name} is for kto, and this is {method}"
                raise SettingError(where, what, "Leave it out.")


def _check_loss(spec: FinetuneSpec, where: str, method: str) -> None:
    written = spec.loss_type
    known = loss_types(method)
    # Of DPO several may be added up: trl calls it MPO.
    parts = [written or ""] if method != "dpo" else (written or "").split(",")
    for part in map(str.strip, parts):
        if part and part not in known:
            meant = get_close_matches(part, known, n=1)
            remedy = f"Did you mean '{meant[0]}'? " if meant else ""
            remedy += f"For {method} it is {_listed(sorted(known))}."
            raise SettingError(where, f"loss_type is '{part}'", remedy)
        if part == "exo_pair" and not (spec.trl or {}).get("label_smoothing"):
            what = "loss_type exo_pair needs a label_smoothing above 0"
            raise SettingError(where, what, "Set trl: {label_smoothing: 1e-3}.")
    weights = (spec.trl or {}).get("loss_weights")
    given = len(weights) if isinstance(weights, list | tuple) else 1
    if method == "dpo" and weights is not None and given != len(parts):
        what = f"loss_weights and loss_type: {given} for {len(parts)}"
        raise SettingError(where, what, "Give one for each part of loss_type.")
    alone = spec.per_device_train_batch_size == 1
    if method == "kto" and alone and written != "apo_zero_unpaired":
        what = "a batch of 1: kto compares the answers of a batch with one another"
        remedy = "Set batch to 2 or more, or loss_type: apo_zero_unpaired, which compares nothing."
        raise SettingError(where, what, remedy)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
