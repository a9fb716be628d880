"""Tokens into text, piece by piece, never half a character."""

from __future__ import annotations

from typing import Any

__all__ = ["TextStream"]

# What a tokenizer's decode gives for bytes that are not (yet) a whole UTF-8 character.
HALF = "\ufffd"


class TextStream:
    """The text of an answer while its tokens arrive.

    Only a window of the last tokens is decoded anew: what came before it is settled, and the part
    of the window that was shown before is the context that decoders of SentencePiece's kind need
    to tell a leading space.

    Args:
        tokenizer: With `decode(ids, skip_special_tokens, clean_up_tokenization_spaces)`.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._start = 0
        self._shown = 0
        self.text = ""

    @property
    def tokens(self) -> int:
        """How many tokens came."""
        return len(self._ids)

    def add(self, token: int) -> str:
        """Take a token and give the text that is now certain; may be empty."""
        self._ids.append(token)
        return self._piece(whole=True)

    def end(self) -> str:
        """The rest, when no token will come; a character left half stays a replacement sign."""
        return self._piece(whole=False)

    def _piece(self, *, whole: bool) -> str:
        before = self._decode(self._start, self._shown)
        now = self._decode(self._start, len(self._ids))
        if len(now) <= len(before) or (whole and now.endswith(HALF)):
            return ""
        self._start, self._shown = self._shown, len(self._ids)
        piece = now[len(before) :]
        self.text += piece
        return piece

    def _decode(self, start: int, end: int) -> str:
        return self._tokenizer.decode(
            self._ids[start:end], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
