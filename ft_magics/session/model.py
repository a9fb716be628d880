"""`goal` and `model`: what the notebook is for, and on which base it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.session.objects import Goal
from ft_magics.session.state import ModelChoice, Session, current

if TYPE_CHECKING:
    from ft_magics.data import Dataset
    from ft_magics.models import BaseFacts

__all__ = ["goal", "golden_questions", "model"]

_LOOKED_AT = 2_000
"""Rows of a data set that is looked through for held-out questions; a larger one is left alone."""

_QUESTION_CHARACTERS = 300


def goal(text: str | None = None) -> Goal | None:
    """Keep the goal in words, or get the one that is kept.

    Args:
        text: `Only answers about Ollie`; None gets it.

    Returns:
        The goal: a text, which also says what of it can be checked and by which golden questions.
        Those name the data set and ask its held-out questions only where the goal is got: what a
        cell that sets it saves is the same however much has been made since.
    """
    from ft_magics import evaluation

    session = current()
    if text is not None:
        session.store.set("goal", str(text).strip() or None)
    kept = session.store.get("goal")
    if kept is None:
        return None
    names = session.store.set_names("data") if text is None else []
    rows = session.dataset(names[0], "goal") if len(names) == 1 else None
    reading = evaluation.read_goal(str(kept))
    name = rows.name if rows is not None else "goal"
    cell = evaluation.golden_cell(reading, name, golden_questions(session, rows))
    return Goal(str(kept), reading, cell)


def golden_questions(session: Session, rows: Dataset | None) -> list[str]:
    """Questions of held-out rows: they are the user's own, and no run is trained on them."""
    from ft_magics.data import Row

    if rows is None or len(rows.rows) > _LOOKED_AT:
        return []
    found = []
    for row in rows.split()[1]:
        turns = row.messages if isinstance(row, Row) else row.prompt
        asked = [turn.content for turn in turns if turn.role == "user"]
        if len(asked) == 1 and 0 < len(asked[0]) <= _QUESTION_CHARACTERS:
            found.append(asked[0])
    return found


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
