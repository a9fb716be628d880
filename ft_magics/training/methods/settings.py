"""A run's settings in trl's words, every field that matters written out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ft_magics.errors import SettingError
from ft_magics.training.hooks import Job

if TYPE_CHECKING:
    from ft_magics.models import Base

__all__ = ["make_config", "not_called"]

Config = TypeVar("Config")


def make_config(config: Callable[..., Config], job: Job, base: Base, **own: Any) -> Config:
    """The config of a job.

    Args:
        config: trl's config class of the method.
        job: What is to be done.
        base: What it is done on.
        **own: The method's own fields.

    Raises:
        SettingError: A value of `trl:` is refused by trl.
    """
    try:
        args: Any = config(**_shared(job, base), **own, **job.plan.trl)
    except (TypeError, ValueError) as error:
        raise SettingError(
            f"{job.where}, trl", str(error).splitlines()[0], "Correct the value."
        ) from error
    # One device in this process; with several GPUs the trainer would wrap the model itself.
    if args.n_gpu > 1:
        args._n_gpu = 1
    return args  # type: ignore[no-any-return]


def _shared(job: Job, base: Base) -> dict[str, Any]:
    """The fields that every method has."""
    plan = job.plan
    on_gpu = base.facts.device.startswith("cuda")
    return {
        "output_dir": str(Path(job.folder)),
        "per_device_train_batch_size": plan.per_device_train_batch_size,
        "gradient_accumulation_steps": plan.gradient_accumulation_steps,
        "max_steps": plan.total_steps,
        "num_train_epochs": plan.num_train_epochs,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": plan.lr_scheduler_type,
        "warmup_steps": plan.warmup_steps,
        "weight_decay": plan.weight_decay,
        "max_grad_norm": plan.max_grad_norm,
        "optim": plan.optim,
        "seed": plan.seed,
        "activation_checkpointing": plan.gradient_checkpointing,
        # From the base's format and the hardware: trl's own default is bf16 everywhere, which on
        # a CPU without it is twenty times slower.
        "bf16": plan.dtype == "bfloat16",
        "fp16": plan.dtype == "float16" and on_gpu,
        "use_cpu": base.facts.device == "cpu",
        "max_length": None,
        # Steps are counted, scored, kept and told by `Progress`; nothing is written or printed.
        "eval_strategy": "no",
        "save_strategy": "no",
        "logging_strategy": "no",
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
        "push_to_hub": False,
    }


def not_called(rows: list[Any]) -> dict[str, Any]:
    """A collator of ours keeps trl from changing the tokenizer's padding, which is shared."""
    raise AssertionError("batches come from TrainLoader")
