"""A rendering cut into pieces, and the pieces' token ids.

A piece is a control token that the template wrote, or a text between two of them. Texts are
tokenised as plain text, so no text that a user typed can become a control token.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from ft_magics.data.encoding.conversation import Conversation
from ft_magics.data.encoding.rendering import Rendered, Renderer, Tokenizer
from ft_magics.data.rows import Message
from ft_magics.errors import DataError

__all__ = ["Control", "Piece", "Pieces", "Tokens"]

Control = tuple[int, int, int]
"""A control token in a rendering: first character, end, and token id."""

After = Literal["", "control", "text"]

Part = tuple[str | int, bool, bool]
"""A piece's content, whether it carries loss, and whether it ends a turn."""

Tokens = tuple[list[int], list[bool]]
"""Token ids, and for each whether it carries loss."""

_ANCHOR = "\n"


class Piece(NamedTuple):
    """A part of a rendering that is tokenised by itself."""

    content: str | int
    """A text, or the id of a control token."""
    trained: bool
    """Whether its tokens carry loss."""
    after: After
    """What stands before it; nothing before the first."""
    ends: bool = False
    """Whether it is the control token that ends an assistant turn."""


class Pieces:
    """Cuts renderings and tokenises the pieces, for one tokenizer.

    Args:
        tokenizer: Whose tokens.
        renderer: Its template, to try on a sample whether the pieces give the very ids of the
            whole.
    """

    def __init__(self, tokenizer: Tokenizer, renderer: Renderer) -> None:
        self._tokenizer = tokenizer
        added = {
            token.content: (id_, token) for id_, token in tokenizer.added_tokens_decoder.items()
        }
        marks = _turn_marks(renderer, added)
        self._special = {
            name: (id_, token)
            for name, (id_, token) in added.items()
            if token.special or name in marks
        }
        self.controls = frozenset(id_ for id_, _ in self._special.values())
        self._swallowing = any(
            getattr(token, flag, False)
            for _, token in self._special.values()
            for flag in ("lstrip", "rstrip")
        )
        # The longest first, as the tokenizer itself finds them.
        names = sorted(self._special, key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, names)) or r"(?!)")
        """Finds control tokens in a text."""
        self.unknown: int | None = getattr(tokenizer, "unk_token_id", None)
        # An unknown character becomes `unk` in a plain text too, and rightly so.
        self._forbidden = self.controls - {self.unknown}
        self._anchor_ids = self._call([_ANCHOR])[0]
        # After what a text piece is anchored: a control token of the template, or another text.
        self._anchored: frozenset[After] = frozenset()
        self.exact = self._settle(renderer)
        """Whether the pieces' ids are those of the whole text, on a sample."""

    def controls_in(
        self, rendered: Rendered, typed: Sequence[tuple[int, int]] = ()
    ) -> list[Control]:
        """The control tokens that the template wrote: those outside of the messages' texts.

        Args:
            rendered: The rendering.
            typed: First character and end of other places where a user wrote one.
        """
        found: list[Control] = []
        at = 0
        texts = sorted([*((s.start, s.end) for s in rendered.spans), *typed])
        for start, end in [*texts, (len(rendered.text),) * 2]:
            found += [
                (m.start(), m.end(), self._special[m[0]][0])
                for m in self.pattern.finditer(rendered.text, at, max(at, start))
            ]
            at = max(at, end)
        return found

    def named(self, text: str) -> list[int]:
        """All control tokens whose names stand in a text."""
        return [self._special[match[0]][0] for match in self.pattern.finditer(text)]

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
        last = {end for _, end, _ in answers}
        borders = {0, len(text), *(b for start, end, _ in answers for b in (start, end))}
        borders |= {border for start, (end, _) in ids.items() for border in (start, end)}
        inside = {border for start, (end, _) in ids.items() for border in range(start + 1, end)}
        parts: list[Part] = []
        turns = iter([*sorted(answers), (len(text), len(text), False)])
        begin, finish, learned = next(turns)
        for start, end in itertools.pairwise(sorted(borders - inside)):
            while finish <= start and begin < len(text):
                begin, finish, learned = next(turns)
            trained = learned and begin <= start and end <= finish
            known = ids.get(start)
            content = text[start:end] if known is None else known[1]
            parts.append((content, trained, known is not None and end in last))
        pieces = []
        before: After = ""
        for content, trained, ends in self._stripped(parts):
            pieces.append(Piece(content, trained, before, ends))
            before = "control" if isinstance(content, int) else "text"
        return pieces

    def tokens(self, rows: Sequence[Sequence[Piece]]) -> list[Tokens]:
        """The tokens of cut rows."""
        texts = {
            (piece.content, piece.after in self._anchored): None
            for row in rows
            for piece in row
            if isinstance(piece.content, str)
        }
        known = dict(zip(texts, self._text_ids(list(texts)), strict=True))
        found = []
        for row in rows:
            ids: list[int] = []
            trained: list[bool] = []
            for piece in row:
                if isinstance(piece.content, int):
                    ids.append(piece.content)
                    trained.append(piece.trained)
                else:
                    own = known[piece.content, piece.after in self._anchored]
                    ids += own
                    trained += [piece.trained] * len(own)
            found.append((ids, trained))
        return found

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
                own = [id_ for one in self._call(self._torn(text)) for id_ in one]
            found.append(own)
        return found

    def _torn(self, text: str) -> list[str]:
        """The text in parts, its control tokens letter by letter."""
        torn, at = [], 0
        for match in self.pattern.finditer(text):
            torn += [text[at : match.start()], *match[0]]
            at = match.end()
        return [part for part in (*torn, text[at:]) if part]

    def _call(self, texts: list[str], *, control: bool = False) -> list[list[int]]:
        read = self._tokenizer(
            texts,
            add_special_tokens=False,
            split_special_tokens=not control,
            return_attention_mask=False,
            verbose=False,
        )
        return [list(ids) for ids in read["input_ids"]]

    def read(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of texts whose control tokens are meant as such."""
        return self._call(list(texts), control=True) if texts else []

    def _stripped(self, parts: list[Part]) -> list[Part]:
        """Without the white space that a control token swallows (`lstrip`, `rstrip`)."""
        if not self._swallowing:
            return [part for part in parts if part[0] != ""]
        flags = dict(self._special.values())
        for step, flag, strip in ((1, "rstrip", str.lstrip), (-1, "lstrip", str.rstrip)):
            swallow = False
            for i in range(len(parts))[::step]:
                content, *rest = parts[i]
                if isinstance(content, int):
                    swallow = bool(getattr(flags[content], flag, False))
                elif swallow:
                    parts[i] = (strip(content), rest[0], rest[1])
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
            return [ids == whole for ids, _ in self.tokens(cuts)]

        ways: list[tuple[After, ...]] = [(), ("text",), ("control",), ("control", "text")]
        best = max(ways, key=alike)
        return alike(best)[0]


def _turn_marks(renderer: Renderer, added: Iterable[str]) -> set[str]:
    """Added tokens that begin or end turns, though the tokenizer does not call them special.

    Tags that come in pairs, as `<think>` and `</think>`, stand within a turn; a user may mean
    them in an answer.
    """
    names = set(added)
    turns = (Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    try:
        text = renderer.text(Conversation(turns))
    except DataError:
        return set()
    paired = {f"{name[0]}/{name[1:]}" for name in names if len(name) > 1}
    return {
        name
        for name in names
        if name in text
        and not name.isspace()
        and name not in paired
        and f"{name[0]}/{name[1:]}" not in names
    }
