"""The proof that `base` is the base that was loaded: cheap at each answer, whole after each run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ft_magics.session.conversation import Reply
    from ft_magics.session.objects import Column
    from ft_magics.session.resolve import Target
    from ft_magics.session.state import Loaded

__all__ = ["NOT_THE_BASE", "ON_ANOTHER", "PROVEN", "base_note", "check_base", "mark"]

PROVEN = "unchanged since it was loaded"
NOT_THE_BASE = "not the base that was loaded"
ON_ANOTHER = "on a base that was changed"


def check_base(loaded: Loaded) -> bool:
    """Whether the base is bit for bit what was loaded: every weight, and a probe's logits.

    Some 100 ms for a model of 135 M parameters: it follows each run.

    Args:
        loaded: Base and server.
    """
    return loaded.server.prove_base()


def base_note(loaded: Loaded, *, whole: bool = False) -> str:
    """What to warn of beside answers that stand on a base; it follows each answer.

    What this look sees in less than a millisecond, and what only `check_base` does, is told at
    `serving.seal.Seal`.

    Args:
        loaded: Base and server, after they have answered.
        whole: Look as `check_base` does.

    Returns:
        Two sentences with the remedy; empty for a base that is as it was loaded.
    """
    change = loaded.server.base_change(whole=whole)
    if not change:
        return ""
    return (
        f"The base in memory is not the base that was loaded: {change}. Adapters that stand on it "
        f"answer differently too. %ft memory --free, or a kernel restart, loads it anew."
    )


def mark(
    column: Column | Reply, target: Target, slot: str | None, loaded: Loaded, warning: str
) -> None:
    """Write into a column what its base has to say; full weights stand on no base.

    Args:
        column: The answer.
        target: Whose it is.
        slot: What answered; None is the base.
        loaded: Base and server.
        warning: What `base_note` said after the answer.
    """
    is_base = target.folder is None and target.run is None
    if is_base:
        column.proof, column.sound = (NOT_THE_BASE, False) if warning else (PROVEN, True)
    elif warning and (slot is None or loaded.server.facts(slot).rank is not None):
        column.proof, column.sound = ON_ANOTHER, False
