"""trl's own preference trainers on ready token ids: what ours are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from datasets import Dataset

from ft_magics import models
from ft_magics.training import Job, Plan
from ft_magics.training.quiet import quiet
from ft_magics.training.random_state import kept_random_states
from ft_magics.training.trees import plant


class Ready:
    """Stands before a trl trainer: rows are token ids, and what it logs is kept in a list."""

    measured: tuple[str, ...]

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            found = self._metrics["train"]
            means = {n: sum(found[n]) / len(found[n]) for n in self.measured if found[n]}
            self.told.append({"loss": logs["loss"], **means})
        self._metrics["train"].clear()


def trl_run(
    bench: Any,
    plan: Plan,
    trainer: Callable[..., Any],
    config: Callable[..., Any],
    rows: Sequence[dict[str, Any]],
    **own: Any,
) -> list[dict[str, float]]:
    """What trl itself gives for the rows of a run of ours, in their order.

    Args:
        bench: With the base.
        plan: Of our run.
        trainer: trl's, behind `Ready`.
        config: trl's.
        rows: In trl's columns.
        own: The method's own fields of the config.
    """
    with quiet():
        tree = plant(Job("x", plan, [None], [], bench.folder / "unused"), bench.base)
    with kept_random_states(), quiet():
        made = trainer(
            model=tree.model,
            # None for an adapter: trl copies it under the name `ref`.
            ref_model=None if tree.config else models.share(bench.base.model),
            args=config(**_settings(bench, plan), **own, **plan.trl),
            train_dataset=Dataset.from_list(list(rows)),
            processing_class=bench.base.tokenizer,
        )
        made.told = []
        made._send_telemetry = lambda: None
        made.train()
    return made.told


def _settings(bench: Any, plan: Plan) -> dict[str, Any]:
    return {
        "output_dir": str(bench.folder / "trl"),
        "per_device_train_batch_size": plan.per_device_train_batch_size,
        "max_steps": plan.total_steps,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": plan.lr_scheduler_type,
        "warmup_steps": plan.warmup_steps,
        "weight_decay": 0.0,
        "gradient_accumulation_steps": plan.gradient_accumulation_steps,
        "beta": plan.beta,
        "train_sampling_strategy": "sequential",
        "gradient_checkpointing": False,
        "bf16": False,
        "use_cpu": True,
        "max_length": None,
        "save_strategy": "no",
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
    }
