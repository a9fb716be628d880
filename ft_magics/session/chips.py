"""The short facts in the head of a run's card."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ft_magics.session.assignment import Task
    from ft_magics.training import Plan

__all__ = ["chips"]


def chips(task: Task, plan: Plan | None = None) -> tuple[str, ...]:
    """`SFT · LoRA r16`, the base, `catgpt · 24 rows`.

    Args:
        task: What is trained.
        plan: Once it is made; before, only what the user set is known.
    """
    strategy = plan.strategy if plan else task.spec.strategy
    rank = plan.lora_r if plan else task.spec.lora_r
    adapter = f"LoRA r{rank}" if rank else "LoRA"
    kind = "all weights" if strategy == "full" else adapter
    rows = "1 row" if len(task.data.rows) == 1 else f"{len(task.data.rows)} rows"
    return (f"{task.method.upper()} · {kind}", task.choice.title, f"{task.data.name} · {rows}")
