"""What a second stage takes over from the adapter it goes on with: its shape, its system text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ft_magics.files import read_json

if TYPE_CHECKING:
    from ft_magics.data import Dataset
    from ft_magics.store import RunFolder
    from ft_magics.training import Shape

__all__ = ["inherited_system", "shape_of"]


def inherited_system(data: Dataset, parent: RunFolder | None) -> str | None:
    """The system text of rows that bring none, where the adapter was trained with just one.

    Without it the second stage would teach the adapter to answer to another prompt than it knows.

    Args:
        data: The rows.
        parent: The adapter they are to change; None for a first stage.
    """
    if parent is None or any(text is not None for text in data.systems):
        return None
    known = (parent.record.get("data") or {}).get("systems") or []
    return str(known[0]) if len(known) == 1 else None


def shape_of(parent: RunFolder | None) -> Shape | None:
    """What must be as in the adapter that a run goes on with.

    Args:
        parent: Its run, over by now, or an imported adapter.

    Returns:
        None for a first stage, and where nothing is known of it.
    """
    from ft_magics.training import Shape

    if parent is None:
        return None
    plan: dict[str, Any] = parent.record.get("plan") or {}
    if plan:
        names = ("strategy", "lora_r", "lora_alpha", "lora_target_modules")
        return Shape(parent.name, *(plan[name] for name in names))
    config = parent.adapter / "adapter_config.json" if parent.adapter is not None else None
    if config is None or not config.is_file():
        return None
    told = read_json(config)
    targets = told["target_modules"]
    return Shape(
        parent.name,
        "lora",
        int(told["r"]),
        float(told["lora_alpha"]),
        targets if isinstance(targets, str) else sorted(targets),
    )
