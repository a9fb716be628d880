"""A rendering cut into pieces, and the pieces' token ids.

A piece is a control token that the template wrote, or a text between two of them. Texts are
tokenised as plain text, so no text that a user typed can become a control token.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.data.rendering import Rendered, Renderer, Tokenizer
from ft_magics.data.rows import Message

__all__ = ["Control", "Piece", "Pieces"]

Control = tuple[int, int, int]
"""A control token in a rendering: first character, end, and token id."""

_ANCHOR = "\n"


@dataclass(frozen=True)
class Piece:
    """A part of a rendering that is tokenised by itself."""

    content: str | int
    """A text, or the id of a control token."""
    trained: bool
    """Whether its tokens carry loss."""
    start: int
    """Its first character in the rendering."""


class Pieces:
    """Cuts renderings and tokenises the pieces, for one tokenizer.

    Args:
        tokenizer: Whose tokens.
        renderer: Its template, to try on a sample whether the pieces give the very ids of the
            whole.
    """

    def __init__(self, tokenizer: Tokenizer, renderer: Renderer) -> None:
        self._tokenizer = tokenizer
        added = tokenizer.added_tokens_decoder
        self._special = {t.content: (id_, t) for id_, t in added.items() if t.special}
        self.controls = frozenset(id_ for id_, _ in self._special.values())
        # The longest first, as the tokenizer itself finds them.
        names = sorted(self._special, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, names)) or r"(?!)")
        unknown = getattr(tokenizer, "unk_token_id", None)
        # An unknown character becomes `unk` in a plain text too, and rightly so.
        self._forbidden = self.controls - {unknown}
        self._anchor = 0
        self.exact = self._settle(renderer)
        """Whether the pieces' ids are those of the whole text, on a sample."""

    def controls_in(self, rendered: Rendered) -> list[Control]:
        """The control tokens that the template wrote: those outside of the messages' texts."""
        found: list[Control] = []
        at = 0
        for start, end in [*((s.start, s.end) for s in rendered.spans), (len(rendered.text),) * 2]:
            found += [
                (m.start(), m.end(), self._special[m[0]][0])
                for m in self._pattern.finditer(rendered.text, at, max(at, start))
            ]
            at = max(at, end)
        return found

    def cut(
        self, text: str, controls: Iterable[Control], answers: Sequence[tuple[int, int, bool]]
    ) -> list[Piece]:
        """Cut a rendering at its control tokens and at the borders of answers.

        Args:
            text: The rendering.
            controls: Its control tokens, in order.
            answers: First character, end, and whether it carries loss, for each assistant turn.
        """
        ids = {start: (end, id_) for start, end, id_ in controls}
        borders = {0, len(text), *(b for start, end, _ in answers for b in (start, end))}
        borders |= {border for start, (end, _) in ids.items() for border in (start, end)}
        inside = {border for start, (end, _) in ids.items() for border in range(start + 1, end)}
        edges = sorted(borders - inside)
        pieces = []
        for start, end in itertools.pairwise(edges):
            trained = any(s <= start and end <= e and t for s, e, t in answers)
            content = ids[start][1] if start in ids else text[start:end]
            pieces.append(Piece(content, trained, start))
        return self._stripped(pieces)

    def tokens(self, rows: Sequence[Sequence[Piece]]) -> list[list[tuple[int, bool]]]:
        """The tokens of cut rows: for each row its ids, each with whether it carries loss."""
        texts = {
            (piece.content, self._anchored(piece)): None
            for row in rows
            for piece in row
            if isinstance(piece.content, str)
        }
        known = dict(zip(texts, self._text_ids(list(texts)), strict=True))
        tokens = []
        for row in rows:
            line: list[tuple[int, bool]] = []
            for piece in row:
                if isinstance(piece.content, int):
                    line.append((piece.content, piece.trained))
                else:
                    ids = known[piece.content, self._anchored(piece)]
                    line += [(id_, piece.trained) for id_ in ids]
            tokens.append(line)
        return tokens

    def _anchored(self, piece: Piece) -> bool:
        return bool(self._anchor) and piece.start > 0

    def _text_ids(self, texts: Sequence[tuple[Any, bool]]) -> list[list[int]]:
        """Ids of texts as plain text; an anchored one is read as if something stood before it."""
        if not texts:
            return []
        read = self._call([_ANCHOR + text if anchored else text for text, anchored in texts])
        found = []
        for (text, anchored), ids in zip(texts, read, strict=True):
            own = ids[self._anchor :] if anchored else ids
            if not self._forbidden.isdisjoint(own):
                # A tokenizer that cannot be told to leave control tokens alone: a single
                # character is never one.
                own = [id_ for one in self._call(list(text)) for id_ in one]
            found.append(own)
        return found

    def _call(self, texts: list[str]) -> list[list[int]]:
        read = self._tokenizer(
            texts,
            add_special_tokens=False,
            split_special_tokens=True,
            return_attention_mask=False,
            verbose=False,
        )
        return [list(ids) for ids in read["input_ids"]]

    def _stripped(self, pieces: list[Piece]) -> list[Piece]:
        """Without the white space that a control token swallows (`lstrip`, `rstrip`)."""
        flags = dict(self._special.values())
        for step, flag, strip in ((1, "rstrip", str.lstrip), (-1, "lstrip", str.rstrip)):
            swallow = False
            for i in range(len(pieces))[::step]:
                content = pieces[i].content
                if isinstance(content, int):
                    swallow = bool(getattr(flags[content], flag, False))
                elif swallow:
                    left = strip(content)
                    pieces[i] = Piece(left, pieces[i].trained, pieces[i].start)
                    swallow = not left
        return [piece for piece in pieces if piece.content != ""]

    def _settle(self, renderer: Renderer) -> bool:
        """Find how pieces give the ids of the whole: as they are, or anchored.

        Sentencepiece-like tokenizers put a space before the first piece of a text; read by
        itself every piece would be the first. With a line break before it, whose tokens are then
        dropped, it is not.
        """
        turns = (Message("user", "Is it so?\n Yes"), Message("assistant", "It is, 2 of 3."))
        rendered = renderer.render((*turns, *turns))
        whole = list(self._tokenizer(rendered.text, add_special_tokens=False,
                                     split_special_tokens=False)["input_ids"])  # fmt: skip
        pieces = self.cut(rendered.text, self.controls_in(rendered), ())
        for anchor in (0, len(self._call([_ANCHOR])[0])):
            self._anchor = anchor
            (tokens,) = self.tokens([pieces])
            if [id_ for id_, _ in tokens] == whole:
                return True
        self._anchor = 0
        return False
