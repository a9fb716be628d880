"""The one encoder: a row -> token ids and labels, a question -> token ids.

Preview, training and prompting all use it, so what is trained is what is asked for later.

- The ids are those of `apply_chat_template`, with three exceptions. A control token that stands
  in a row's text, as in «what does <|im_end|> mean?», stays text and never ends a turn. A token
  never reaches over the border between prompt and answer: where white space meets there, as with
  an answer that begins with a line break, a tokenizer may melt it into tokens that the prompt of
  later does not end with. And where a template leaves the last answer open, the tokenizer's
  own end token closes it: without one the model would learn to go on for ever.
- An assistant turn that is trained carries loss from where the model takes over to the token that
  ends its turn; the line break that a template puts after that token carries none.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ft_magics.data.pieces import Piece, Pieces
from ft_magics.data.rendering import Rendered, Renderer, Tokenizer
from ft_magics.data.rows import Message, Row, with_system
from ft_magics.errors import DataError

__all__ = [
    "MASKED",
    "Encoded",
    "encode",
    "encode_prompt",
    "encode_rows",
    "encoder_notes",
    "end_ids",
]

MASKED = -100
"""The label of a token that carries no loss. Source: `ignore_index` of torch's cross_entropy."""

_BATCH_ROWS = 1000
"""Rows tokenised in one call: enough to make calls cheap, few enough to hold their texts."""


@dataclass(frozen=True)
class Encoded:
    """A row as a model reads it."""

    ids: tuple[int, ...]
    """Token ids, `[tokens]`."""
    labels: tuple[int, ...]
    """The id where a token carries loss, `MASKED` elsewhere; as long as `ids`, not shifted."""
    cut: int
    """Tokens lost to the greatest length."""
    number: int
    """The row's number."""

    @property
    def trained(self) -> int:
        """Tokens that carry loss."""
        return sum(label != MASKED for label in self.labels)


def encode(
    row: Row,
    tokenizer: Tokenizer,
    *,
    max_length: int | None = None,
    system: str | None = None,
) -> Encoded:
    """Encode a row.

    Args:
        row: The conversation.
        tokenizer: With the chat template.
        max_length: Longest row in tokens; a longer one is cut at its end. None cuts nothing.
        system: System text, if the row has none of its own; None leaves it to the template, ""
            is an empty one.

    Raises:
        DataError: The chat template refuses the row.
    """
    return encode_rows([row], tokenizer, max_length=max_length, system=system)[0]


def encode_rows(
    rows: Iterable[Row],
    tokenizer: Tokenizer,
    *,
    max_length: int | None = None,
    system: str | None = None,
) -> list[Encoded]:
    """Encode many rows at once, which takes about half the time; the rest is as in `encode`.

    Raises:
        DataError: The chat template refuses rows; the first one is named.
    """
    encoder = _encoder(tokenizer)
    everything = list(rows)
    encoded: list[Encoded] = []
    for at in range(0, len(everything), _BATCH_ROWS):
        batch = everything[at : at + _BATCH_ROWS]
        pieces = [encoder.row_pieces(row, system) for row in batch]
        for row, tokens in zip(batch, encoder.pieces.tokens(pieces), strict=True):
            ids = tuple(token for token, _ in tokens)
            labels = tuple(token if trained else MASKED for token, trained in tokens)
            cut = 0 if max_length is None else max(0, len(ids) - max_length)
            kept = len(ids) - cut
            encoded.append(Encoded(ids[:kept], labels[:kept], cut, row.number))
    return encoded


def encode_prompt(messages: Sequence[Message], tokenizer: Tokenizer) -> list[int]:
    """Encode a question, with the beginning of the answer that the template gives.

    A row that goes on with an answer begins with these very ids.

    Args:
        messages: The conversation up to the question, its system text included.
        tokenizer: With the chat template.

    Raises:
        DataError: The chat template refuses the conversation.
    """
    encoder = _encoder(tokenizer)
    rendered = encoder.renderer.render(messages, ask=True)
    (tokens,) = encoder.pieces.tokens([encoder.split(rendered, messages)])
    return [token for token, _ in tokens]


def end_ids(tokenizer: Tokenizer) -> tuple[int, ...]:
    """The tokens that end a turn: those that training teaches, then the tokenizer's own.

    Args:
        tokenizer: With the chat template.
    """
    turns = (Message("user", "a"), Message("assistant", "b", trained=True))
    taught = []
    for messages in (turns, (*turns, Message("user", "c"), Message("assistant", "d"))):
        labels = encode(Row(1, messages), tokenizer).labels
        last = next((label for label in reversed(labels) if label != MASKED), MASKED)
        if last in _encoder(tokenizer).pieces.controls:
            taught.append(last)
    own = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    return tuple(dict.fromkeys([*taught, *own]))


def encoder_notes(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    """What a user should know of this tokenizer and template: each a text and its remedy.

    Args:
        tokenizer: With the chat template.
    """
    encoder = _encoder(tokenizer)
    notes = []
    if encoder.renderer.plain:
        text = "the base has no chat template: turns are written as «User: …» and «Assistant: …»"
        notes.append((text, "Name a base that was tuned for chat, unless this is meant."))
    if not encoder.pieces.exact:
        text = "the tokens differ in places from those of the tokenizer's own chat template"
        notes.append((text, "Training and prompting here agree; check the model elsewhere."))
    question = (Message("user", "a"),)
    asked = tuple(encode_prompt(question, tokenizer))
    row = encode(Row(1, (*question, Message("assistant", "b", trained=True))), tokenizer)
    if row.ids[: len(asked)] != asked:
        text = "the chat template begins an answer in another way when it asks for one"
        notes.append((text, "A thinking model may be meant to think first; look at its answers."))
    return notes


class _Encoder:
    """A tokenizer's renderer and its pieces, made once.

    It holds the tokenizer weakly, so that one that is dropped is freed.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.template = tokenizer.chat_template
        self.eos_id = tokenizer.eos_token_id
        self.renderer = Renderer(tokenizer)
        self.pieces = Pieces(tokenizer, self.renderer)

    def row_pieces(self, row: Row, system: str | None) -> list[Piece]:
        messages = with_system(row.messages, system)
        try:
            rendered = self.renderer.render(messages)
        except DataError as error:
            raise DataError("", [f"row {row.number}: {p}" for p in error.problems]) from error
        pieces = self.split(rendered, messages)
        answer = max((i for i, piece in enumerate(pieces) if piece.trained), default=None)
        if answer is None or self.eos_id is None or not messages[-1].trained:
            return pieces
        if isinstance(pieces[answer].content, str):
            pieces.insert(answer + 1, Piece(self.eos_id, True, "text"))
        return pieces

    def split(self, rendered: Rendered, messages: Sequence[Message]) -> list[Piece]:
        """The rendering in pieces: control tokens of the template, and texts between them."""
        controls = self.pieces.controls_in(rendered)
        spans = rendered.spans
        answers = []
        for position, span in enumerate(spans):
            if span.index not in rendered.takeovers:
                continue
            after = spans[position + 1].start if position + 1 < len(spans) else len(rendered.text)
            start = rendered.takeovers[span.index]
            end = next((e for s, e, _ in controls if span.end <= s and e <= after), span.end)
            answers.append((start, end, messages[span.index].trained))
        return self.pieces.cut(rendered.text, controls, answers)


_encoders: weakref.WeakKeyDictionary[Tokenizer, _Encoder] = weakref.WeakKeyDictionary()


def _encoder(tokenizer: Tokenizer) -> _Encoder:
    encoder = _encoders.get(tokenizer)
    if encoder is None or encoder.template != tokenizer.chat_template:
        encoder = _encoders[tokenizer] = _Encoder(weakref.proxy(tokenizer))
    return encoder
