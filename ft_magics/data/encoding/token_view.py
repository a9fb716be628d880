"""A row as the model sees it, token by token: for the eye, from the encoder that training uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.data.encoding.encoding import Token, row_tokens
from ft_magics.data.encoding.rendering import Tokenizer
from ft_magics.data.rows import Row

__all__ = ["TokenPiece", "token_view"]


@dataclass(frozen=True)
class TokenPiece:
    """A token, or the few tokens that only together are a character."""

    text: str
    ids: tuple[int, ...]
    trained: bool
    """Whether it carries loss."""
    control: bool
    """A control token that the template wrote, or that stands in a plain text."""
    ends_turn: bool
    """The token that ends an assistant turn: where the model learns to stop."""
    cut: bool
    """Beyond `max_length`: the training does not see it."""


def token_view(
    row: Row,
    tokenizer: Tokenizer,
    *,
    max_length: int | None = None,
    system: str | None = None,
) -> list[TokenPiece]:
    """A row's tokens with what training does with each.

    Args:
        row: The conversation or plain text; `conversations` gives those of a row of any kind.
        tokenizer: With the chat template.
        max_length: Longest row in tokens; what lies beyond is marked as cut.
        system: System text, if the row has none of its own, as in `encode`.

    Returns:
        The pieces in order; their texts put together are the row as text.

    Raises:
        DataError: The chat template refuses the row, or leaves out a part of it.
    """
    tokens = row_tokens(row, tokenizer, system=system)
    most = len(tokens) if max_length is None else max_length
    pieces: list[TokenPiece] = []
    begin = 0
    for at, token in enumerate(tokens):
        text = _text_between(tokenizer, tokens, begin, at + 1)
        whole = not text.endswith("\ufffd") or at + 1 in (len(tokens), most)
        if not whole and _alike(token, tokens[at + 1]):
            continue  # a character may take several tokens; until it is whole they decode to that
        ids = tuple(one.id for one in tokens[begin : at + 1])
        flags = (token.trained, token.control, token.ends_turn)
        pieces.append(TokenPiece(text, ids, *flags, cut=begin >= most))
        begin = at + 1
    return pieces


def _alike(one: Token, other: Token) -> bool:
    """Whether two tokens can be parts of one character."""
    return one.trained == other.trained and not (one.control or other.control)


def _text_between(tokenizer: Any, tokens: Sequence[Token], begin: int, end: int) -> str:
    """The text that tokens add to the one before them: alone, some would lose their space."""
    options = {"skip_special_tokens": False, "clean_up_tokenization_spaces": False}

    def decoded(some: Iterable[Token]) -> str:
        return str(tokenizer.decode([token.id for token in some], **options))

    first = max(0, begin - 1)
    before = decoded(tokens[first:begin]) if begin else ""
    return decoded(tokens[first:end])[len(before) :]
