"""A rendering cut into pieces, and the pieces' token ids.

A piece is a control token that the template wrote, or a text between two of them. Texts are
tokenised as plain text, so no text that a user typed can become a control token.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ft_magics.data.rendering import Rendered, Renderer, Tokenizer
from ft_magics.data.rows import Message

__all__ = ["Control", "Piece", "Pieces"]

Control = tuple[int, int, int]
"""A control token in a rendering: first character, end, and token id."""

After = Literal["", "control", "text"]

_ANCHOR = "\n"


@dataclass(frozen=True)
class Piece:
    """A part of a rendering that is tokenised by itself."""

    content: str | int
    """A text, or the id of a control token."""
    trained: bool
    """Whether its tokens carry loss."""
    after: After
    """What stands before it; nothing before the first."""


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
        self._anchor_ids = self._call([_ANCHOR])[0]
        # After what a text piece is anchored: a control token of the template, or another text.
        self._anchored: frozenset[After] = frozenset()
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
        parts: list[tuple[str | int, bool]] = []
        for start, end in itertools.pairwise(edges):
            trained = any(s <= start and end <= e and t for s, e, t in answers)
            parts.append((ids[start][1] if start in ids else text[start:end], trained))
        pieces = []
        before: After = ""
        for content, trained in self._stripped(parts):
            pieces.append(Piece(content, trained, before))
            before = "control" if isinstance(content, int) else "text"
        return pieces

    def tokens(self, rows: Sequence[Sequence[Piece]]) -> list[list[tuple[int, bool]]]:
        """The tokens of cut rows: for each row its ids, each with whether it carries loss."""
        texts = {
            (piece.content, piece.after in self._anchored): None
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
                    ids = known[piece.content, piece.after in self._anchored]
                    line += [(id_, piece.trained) for id_ in ids]
            tokens.append(line)
        return tokens

    def _text_ids(self, texts: Sequence[tuple[Any, bool]]) -> list[list[int]]:
        """Ids of texts as plain text; an anchored one is read as if something stood before it."""
        if not texts:
            return []
        read = self._call([_ANCHOR + text if anchored else text for text, anchored in texts])
        found = []
        for (text, anchored), ids in zip(texts, read, strict=True):
            own = ids
            if anchored:
                before = len(self._anchor_ids)
                melted = ids[:before] != self._anchor_ids
                own = self._call([text])[0] if melted else ids[before:]
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

    def _stripped(self, parts: list[tuple[str | int, bool]]) -> list[tuple[str | int, bool]]:
        """Without the white space that a control token swallows (`lstrip`, `rstrip`)."""
        flags = dict(self._special.values())
        for step, flag, strip in ((1, "rstrip", str.lstrip), (-1, "lstrip", str.rstrip)):
            swallow = False
            for i in range(len(parts))[::step]:
                content, trained = parts[i]
                if isinstance(content, int):
                    swallow = bool(getattr(flags[content], flag, False))
                elif swallow:
                    parts[i] = (strip(content), trained)
                    swallow = not parts[i][0]
        return [part for part in parts if part[0] != ""]

    def _settle(self, renderer: Renderer) -> bool:
        """Find how pieces give the ids of the whole: as they are, or anchored.

        Sentencepiece-like tokenizers put a space before a text, some before each text between
        control tokens; a piece that is read by itself gets one where it has none in the whole.
        With a line break before it, whose tokens are then dropped, it has not.

        Returns:
            Whether the pieces between control tokens give the very ids.
        """
        turns = (Message("user", "Is it so?\n Yes"), Message("assistant", "It is, 2 of 3."))
        rendered = renderer.render((*turns, *turns))
        read = self._tokenizer(rendered.text, add_special_tokens=False, split_special_tokens=False)
        whole = list(read["input_ids"])
        controls = self.controls_in(rendered)
        ends = {span.index: span.end for span in rendered.spans}
        answers = [(at, ends[i], True) for i, at in rendered.takeovers.items() if i in ends]
        cuts = [self.cut(rendered.text, controls, borders) for borders in ((), answers)]

        def alike(anchored: tuple[After, ...]) -> list[bool]:
            self._anchored = frozenset(anchored)
            return [[id_ for id_, _ in tokens] == whole for tokens in self.tokens(cuts)]

        ways: list[tuple[After, ...]] = [(), ("text",), ("control",), ("control", "text")]
        best = max(ways, key=alike)
        return alike(best)[0]
