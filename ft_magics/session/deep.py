"""`--deep`: what the base itself thinks of each row, before anything is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ft_magics.session.state import Session

if TYPE_CHECKING:
    from ft_magics.data import AnyRow, Dataset

__all__ = ["deepened"]

MOST_ROWS = 2000
"""Rows that are scored; of more, as many, evenly spread."""

MOST_TOKENS = 1024
"""Tokens of a row that are scored."""


def deepened(session: Session, made: Dataset) -> Dataset:
    """A data set with what stands out in the base's loss of each row.

    Args:
        session: Whose base scores; it is loaded if it is not.
        made: The data set.

    Raises:
        ModelError: There is no base that can be loaded.
        DataError: The chat template refuses rows.
    """
    from ft_magics import data
    from ft_magics.data.surprise import loss_findings, ranked

    step = max(1, -(-len(made.rows) // MOST_ROWS))
    rows: dict[int, AnyRow] = {row.number: row for row in made.rows[::step]}
    loaded = session.load(session.choice())
    losses: dict[int, float] = {}
    tokens: dict[int, int] = {}
    text = f"asking the base about {len(rows)} rows"
    try:
        for done, row in enumerate(rows.values()):
            session.front_end.progress(text, done, len(rows))
            # Of a preference, the better answer: the worse one is meant to be odd.
            whole = data.conversations(row)[0]
            encoded = data.encode(
                whole, loaded.base.tokenizer, max_length=MOST_TOKENS, system=made.system
            )
            tokens[row.number] = encoded.trained
            [losses[row.number]] = loaded.server.answer_loss(None, [encoded])
    finally:
        session.front_end.progress(text, 1, 1)
    found = loss_findings(losses, rows, tokens)
    return replace(made, findings=(*found, *ranked(made.findings, losses)))
