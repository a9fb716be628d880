"""`row_tokens`: a row of a data set as the model reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.session.state import current

if TYPE_CHECKING:
    from ft_magics.data import Dataset
    from ft_magics.data.encoding import TokenPiece

__all__ = ["row_tokens"]


def row_tokens(
    made: Dataset, number: int, *, max_length: int | None = None
) -> list[tuple[str, list[TokenPiece]]]:
    """A row token by token, from the encoder that training uses.

    Args:
        made: The data set.
        number: The row's.
        max_length: Longest row in tokens; what lies beyond is marked as cut.

    Returns:
        Each conversation of the row with its title: `chosen` and `rejected` of a preference, empty
        of a row that has only one.

    Raises:
        DataError: The base's chat template refuses the row.
        ModelError: The tokenizer cannot be had.
        ValueError: There is no row of that number.
    """
    from ft_magics.data.encoding import token_view
    from ft_magics.data.rows import conversations

    session = current()
    tokenizer = session.tokenizer(session.choice())
    sides = conversations(made.row(number))
    titles = ("chosen", "rejected") if len(sides) == 2 else ("",)
    return [
        (title, token_view(side, tokenizer, max_length=max_length, system=made.system))
        for title, side in zip(titles, sides, strict=True)
    ]
