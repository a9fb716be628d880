"""`goal` and `model`: what the notebook is for, and on which base it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.session.state import ModelChoice, current

if TYPE_CHECKING:
    from ft_magics.models import BaseFacts

__all__ = ["goal", "model"]


def goal(text: str | None = None) -> str | None:
    """Keep the goal in words, or get the one that is kept.

    Args:
        text: `Only answers about Ollie`; None gets it.
    """
    store = current().store
    if text is not None:
        store.set("goal", text.strip())
    kept = store.get("goal")
    return None if kept is None else str(kept)


def model(
    name: str | None = None,
    *,
    revision: str | None = None,
    dtype: str = "auto",
    trust_remote_code: bool = False,
) -> BaseFacts:
    """Load the base model of this notebook, or tell which it is.

    Args:
        name: A built-in name, a hub id, a folder, or a GGUF file; None keeps the one there is.
        revision: Commit, tag or branch of a hub model.
        dtype: auto, float32, bfloat16 or float16.
        trust_remote_code: Run Python code that comes with the model.

    Returns:
        What was loaded: name, revision, fingerprint, parameters, dtype, device, template hash.

    Raises:
        ModelError: It cannot be found, read or trusted; the model before stays.
    """
    session = current()
    choice = (
        session.choice() if name is None else ModelChoice(name, revision, dtype, trust_remote_code)
    )
    loaded = session.load(choice)
    if name is not None:
        session.store.set("model", choice.to_dict())
    return loaded.base.facts
