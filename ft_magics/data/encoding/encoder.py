"""A tokenizer's template and pieces, and what the template is like: how its turns end."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ft_magics.data.encoding.conversation import Conversation
from ft_magics.data.encoding.pieces import Control, Piece, Pieces
from ft_magics.data.encoding.rendering import Refused, Rendered, Renderer, Tokenizer
from ft_magics.data.encoding.spans import Span, shared
from ft_magics.data.encoding.typed import typed_places
from ft_magics.data.encoding.unrendered import Unrendered, unrendered
from ft_magics.data.rows import Message, Row, ToolCall, with_system
from ft_magics.errors import DataError

__all__ = ["Encoder", "LeftOut", "Parts", "encoder_of", "told"]

_WORD = "qzxk"
"""A word that no template writes."""


@dataclass(frozen=True)
class Parts:
    """A conversation in pieces."""

    pieces: list[Piece]
    dropped: tuple[Unrendered, ...] = ()
    """Reasoning of earlier turns, which templates leave out on purpose."""


class Encoder:
    """A tokenizer's renderer and its pieces, made once.

    It holds the tokenizer weakly, so that one that is dropped is freed.

    Args:
        tokenizer: With the chat template.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.template = tokenizer.chat_template
        self.eos_id = tokenizer.eos_token_id
        self.renderer = Renderer(tokenizer)
        self.pieces = Pieces(tokenizer, self.renderer)
        names = {id_: token.content for id_, token in tokenizer.added_tokens_decoder.items()}
        self.names: Mapping[int, str] = names
        """Added tokens' texts."""
        self.bos_id: int | None = getattr(tokenizer, "bos_token_id", None)

    def row_parts(self, row: Row, system: str | None) -> Parts:
        """A row's pieces.

        Raises:
            Refused: The template refuses the row.
            LeftOut: It leaves out a part of it.
        """
        messages = with_system(row.messages, system)
        parts = self.parts(Conversation(messages, row.tools))
        pieces = parts.pieces
        answer = max((i for i, piece in enumerate(pieces) if piece.trained), default=None)
        if answer is None or self.eos_id is None or not messages[-1].trained:
            return parts
        if isinstance(pieces[answer].content, str):
            pieces.insert(answer + 1, Piece(self.eos_id, True, "text", True))
        return parts

    def parts(self, conversation: Conversation) -> Parts:
        """The rendering in pieces: control tokens of the template, and texts between them.

        Raises:
            Refused: The template refuses the conversation.
            LeftOut: It leaves out a part of it.
        """
        messages, tools, ask = conversation.messages, conversation.tools, conversation.ask
        rendered = self.renderer.render(messages, tools=tools, ask=ask)
        missing = unrendered(self.renderer, conversation, rendered)
        last = max((i for i, m in enumerate(messages) if m.role == "assistant"), default=-1)
        dropped = [u for u in missing if u.field == "reasoning" and (ask or u.index != last)]
        wrong = [u for u in missing if u not in dropped]
        if wrong:
            raise LeftOut(wrong)
        return Parts(self._cut(conversation, rendered), tuple(dropped))

    def _cut(self, conversation: Conversation, rendered: Rendered) -> list[Piece]:
        typed: Sequence[tuple[int, int]] = ()
        if not conversation.plain:
            pattern = self.pieces.pattern
            typed = typed_places(self.renderer, conversation, rendered.text, pattern)
        controls = self.pieces.controls_in(rendered, typed)
        stretches = _stretches(rendered.spans)
        answers = []
        seen = set()
        for position, (index, start, end) in enumerate(stretches):
            if index not in rendered.takeovers:
                continue
            rest = stretches[position + 1 :]
            after = rest[0][1] if rest else len(rendered.text)
            begin = start if index in seen else rendered.takeovers[index]
            seen.add(index)
            message = conversation.messages[index]
            if message.tool_calls:
                end = self._call_end(conversation, index, rendered.text, controls, (end, after))
            else:
                end = self._end(controls, end, after)
            answers.append((begin, end, message.trained))
        return self.pieces.cut(rendered.text, controls, answers)

    def _end(self, controls: Sequence[Control], end: int, after: int) -> int:
        """Where a turn ends whose last text ends here, and after which the next text begins."""
        found = [control for control in controls if end <= control[0] and control[1] <= after]
        closing = self.closing_ids
        if closing and tuple([id_ for _, _, id_ in found[: len(closing)]]) == closing:
            return found[len(closing) - 1][1]
        return found[0][1] if found else end

    def _call_end(
        self,
        conversation: Conversation,
        index: int,
        text: str,
        controls: Sequence[Control],
        around: tuple[int, int],
    ) -> int:
        """The same for a turn that calls functions, whose arguments stand behind its last text."""
        end, after = around
        found = [control for control in controls if end <= control[0] and control[1] <= after]
        ended = next((e for _, e, id_ in found if id_ == self.call_end_id), None)
        if ended is not None:
            return ended
        closed = self.renderer.text(
            replace(conversation, messages=conversation.messages[: index + 1])
        )
        whole = min(after, shared(closed, text))
        behind = [e for s, e, _ in found if s >= len(text[:whole].rstrip())]
        return behind[0] if behind else max(end, len(text[:whole].rstrip()))

    @cached_property
    def closing_ids(self) -> tuple[int, ...]:
        """The control tokens with which the template closes an answer.

        What it writes after one whether or not it then asks for the next; empty where the two
        have nothing in common.
        """
        turns = Conversation((Message("user", "a"), Message("assistant", _WORD)))
        closed, asked = self._tail(turns), self._tail(replace(turns, ask=True))
        return tuple(closed[: shared(closed, asked)])

    @cached_property
    def call_end_id(self) -> int | None:
        """The token that ends a turn that calls a function; None if the template knows none."""
        call = ToolCall("f", f'{{"k": "{_WORD}"}}')
        calling = Message("assistant", "", tool_calls=(call,))
        tail = self._tail(Conversation((Message("user", "a"), calling)))
        answer = self._tail(Conversation((Message("user", "a"), Message("assistant", _WORD))))
        # What follows the end of a plain answer also follows that of a call.
        beyond = max(0, len(answer) - max(1, len(self.closing_ids)))
        return tail[max(0, len(tail) - 1 - beyond)] if tail else None

    def _tail(self, conversation: Conversation) -> list[int]:
        """The control tokens behind the word."""
        try:
            text = self.renderer.text(conversation)
        except DataError:
            return []
        at = text.rfind(_WORD)
        place = Span(0, at + len(_WORD), 0)
        found = self.pieces.controls_in(Rendered(text, (place,), {})) if at >= 0 else []
        return [id_ for _, _, id_ in found]

    @cached_property
    def end_ids(self) -> tuple[int, ...]:
        """The tokens that end a turn: those that training teaches, then the tokenizer's own."""
        asked, answer = Message("user", "a"), Message("assistant", "b", trained=True)
        call = replace(answer, content="", tool_calls=(ToolCall("f", '{"k": "v"}'),))
        probes = [
            (asked, answer),
            (asked, answer, asked, replace(answer, trained=False)),
            (asked, call),
            (asked, call, Message("tool", "r", name="f")),
            (asked, replace(answer, reasoning="r")),
        ]
        taught, within = [], set()
        for messages in probes:
            learned = [p for p in self._learned(messages) if isinstance(p.content, int)]
            taught += [p.content for p in learned if p.ends]
            within |= {p.content for p in learned if not p.ends}
        own = [] if self.eos_id is None else [self.eos_id]
        # A token that also stands within an answer, as at the end of its reasoning, is no end.
        ends = dict.fromkeys([*taught, *own])
        return tuple(id_ for id_ in ends if isinstance(id_, int) and id_ not in within - {*own})

    def _learned(self, messages: tuple[Message, ...]) -> list[Piece]:
        """The trained pieces of a conversation; none if the template does not take it."""
        try:
            pieces = self.row_parts(Row(1, messages), None).pieces
        except DataError:
            return []
        return [piece for piece in pieces if piece.trained]

    def text_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of whole texts in the model's own form: their control tokens are meant as such.

        The tokenizer's first token is put before one that lacks it, and its end token after one
        that does not end with a token that ends a turn.
        """
        ends = tuple(name for id_ in self.end_ids if (name := self.names.get(id_)))
        first = self.renderer.first_token
        found = []
        for text, ids in zip(texts, self.pieces.read(texts), strict=True):
            head = [self.bos_id] if first and not text.startswith(first) else []
            ended = self.eos_id is None or (bool(ends) and text.rstrip().endswith(ends))
            tail = [] if ended else [self.eos_id]
            found.append([id_ for id_ in (*head, *ids, *tail) if id_ is not None])
        return found


class LeftOut(DataError):
    """The chat template leaves out a part of a conversation.

    Args:
        fields: What.
    """

    def __init__(self, fields: Sequence[Unrendered]) -> None:
        self.problems_told = list(dict.fromkeys(field.problem for field in fields))
        super().__init__("", [f"{what}. {remedy}" for what, remedy in self.problems_told])


def told(error: DataError) -> list[tuple[str, str]]:
    """What is wrong with a row, and the remedies, as `Problems` hold them."""
    if isinstance(error, LeftOut):
        return error.problems_told
    return [error.problem] if isinstance(error, Refused) else [(p, "") for p in error.problems]


def _stretches(spans: Sequence[Span]) -> list[tuple[int, int, int]]:
    """Neighbouring texts of one message as one: its index, first character and end."""
    found: list[tuple[int, int, int]] = []
    for span in spans:
        if found and found[-1][0] == span.index:
            found[-1] = (span.index, found[-1][1], span.end)
        else:
            found.append((span.index, span.start, span.end))
    return found


_encoders: weakref.WeakKeyDictionary[Tokenizer, Encoder] = weakref.WeakKeyDictionary()


def encoder_of(tokenizer: Tokenizer) -> Encoder:
    """A tokenizer's encoder; a new one when its chat template was exchanged."""
    encoder = _encoders.get(tokenizer)
    if encoder is None or encoder.template != tokenizer.chat_template:
        encoder = _encoders[tokenizer] = Encoder(weakref.proxy(tokenizer))
    return encoder
