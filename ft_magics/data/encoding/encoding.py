"""The one encoder: a row -> token ids and labels, a question -> token ids.

Preview, training and prompting all use it, so what is trained is what is asked for later.

- The ids are those of `apply_chat_template`, with three exceptions. A control token that stands
  in a row's text, as in «what does <|im_end|> mean?», stays text and never ends a turn. A token
  never reaches over the border between prompt and answer: where white space meets there, as with
  an answer that begins with a line break, a tokenizer may melt it into tokens that the prompt of
  later does not end with. And where a template leaves the last answer open, the tokenizer's
  own end token closes it: without one the model would learn to go on for ever.
- An assistant turn that is trained carries loss from where the model takes over to the token that
  ends its turn, reasoning and calls of functions included; the line break that a template puts
  after that token carries none.
- A row that holds something the template leaves out is refused: the model would learn something
  else than what the row says.
- A plain text is in the model's form already: its control tokens are read as such, and all of its
  tokens carry loss.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ft_magics.data.encoding.conversation import Conversation
from ft_magics.data.encoding.encoder import Encoder, Parts, encoder_of, told
from ft_magics.data.encoding.pieces import Tokens
from ft_magics.data.encoding.rendering import Tokenizer
from ft_magics.data.problems import grouped
from ft_magics.data.rows import Message, Row
from ft_magics.errors import DataError

__all__ = [
    "MASKED",
    "Encoded",
    "Encodings",
    "Token",
    "encode",
    "encode_prompt",
    "encode_rows",
    "encoder_notes",
    "end_ids",
    "row_tokens",
    "try_rows",
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
        return len(self.labels) - self.labels.count(MASKED)

    def shortened(self, max_length: int | None) -> Encoded:
        """The row cut at its end to a greatest length in tokens; None cuts nothing."""
        lost = 0 if max_length is None else max(0, len(self.ids) - max_length)
        kept = len(self.ids) - lost
        if not lost:
            return self
        return Encoded(self.ids[:kept], self.labels[:kept], self.cut + lost, self.number)


@dataclass(frozen=True)
class Token:
    """A token of a row, and what it is."""

    id: int
    trained: bool
    control: bool
    ends_turn: bool


@dataclass
class Encodings:
    """Encoded rows, and what is wrong with those that are not."""

    rows: list[Encoded | None] = field(default_factory=list)
    """In their order; None for a row that is refused."""
    refused: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """For each refused row's number what is wrong with it, and the remedies: `Problems`."""
    dropped: list[int] = field(default_factory=list)
    """Numbers of rows whose template leaves out the reasoning of an earlier turn, on purpose."""


def encode(
    row: Row,
    tokenizer: Tokenizer,
    *,
    max_length: int | None = None,
    system: str | None = None,
) -> Encoded:
    """Encode a row.

    Args:
        row: The conversation or plain text.
        tokenizer: With the chat template.
        max_length: Longest row in tokens; a longer one is cut at its end. None cuts nothing.
        system: System text, if the row has none of its own; None leaves it to the template, ""
            is an empty one.

    Raises:
        DataError: The chat template refuses the row, or leaves out a part of it.
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
        DataError: The chat template refuses rows, or leaves out parts of them; all are named.
    """
    tried = try_rows(rows, tokenizer, max_length=max_length, system=system)
    if tried.refused:
        raise DataError("", grouped(tried.refused))
    return [encoded for encoded in tried.rows if encoded is not None]


def try_rows(
    rows: Iterable[Row],
    tokenizer: Tokenizer,
    *,
    max_length: int | None = None,
    system: str | None = None,
) -> Encodings:
    """Encode what can be encoded, and tell of the rest.

    Args:
        rows: As in `encode_rows`, like the rest.
        tokenizer: With the chat template.
        max_length: Longest row in tokens.
        system: System text of the rows that have none.
    """
    encoder = encoder_of(tokenizer)
    tried = Encodings()
    for batch in _batches(rows):
        parts = [_parts_or_told(encoder, row, system, tried) for row in batch]
        found = iter(encoder.pieces.tokens([p.pieces for p in parts if p is not None]))
        texts = iter(encoder.text_ids([row.text for row in batch if row.text is not None]))
        for row, known in zip(batch, parts, strict=True):
            if row.text is not None:
                tokens = (ids := next(texts), [True] * len(ids))
            elif known is not None:
                tokens = next(found)
            else:
                tried.rows.append(None)
                continue
            tried.rows.append(_encoded(tokens, max_length, row.number))
    return tried


def _parts_or_told(
    encoder: Encoder, row: Row, system: str | None, tried: Encodings
) -> Parts | None:
    """A conversation's pieces; None for a plain text, and for a row that is refused."""
    if row.text is not None:
        return None
    try:
        parts = encoder.row_parts(row, system)
    except DataError as error:
        tried.refused.setdefault(row.number, []).extend(told(error))
        return None
    tried.dropped += [row.number] if parts.dropped else []
    return parts


def _encoded(tokens: Tokens, most: int | None, number: int) -> Encoded:
    ids, trained = tokens
    labels = [id_ if learned else MASKED for id_, learned in zip(ids, trained, strict=True)]
    kept = len(ids) if most is None else min(most, len(ids))
    return Encoded(tuple(ids[:kept]), tuple(labels[:kept]), len(ids) - kept, number)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(itertools.islice(left, _BATCH_ROWS)):
        yield batch


def row_tokens(row: Row, tokenizer: Tokenizer, *, system: str | None = None) -> list[Token]:
    """A row's tokens with what each of them is.

    Args:
        row: The conversation or plain text.
        tokenizer: With the chat template.
        system: As in `encode`.

    Raises:
        DataError: The chat template refuses the row, or leaves out a part of it.
    """
    encoder = encoder_of(tokenizer)
    controls = encoder.pieces.controls
    if row.text is not None:
        (ids,) = encoder.text_ids([row.text])
        last = {len(ids) - 1} if ids and ids[-1] in encoder.end_ids else set()
        return [Token(id_, True, id_ in controls, i in last) for i, id_ in enumerate(ids)]
    try:
        pieces = encoder.row_parts(row, system).pieces
    except DataError as error:
        raise DataError("", grouped({row.number: told(error)})) from error
    each = zip(pieces, encoder.pieces.tokens([[piece] for piece in pieces]), strict=True)
    return [
        Token(id_, piece.trained, isinstance(piece.content, int), piece.ends)
        for piece, (ids, _) in each
        for id_ in ids
    ]


def encode_prompt(
    messages: Sequence[Message], tokenizer: Tokenizer, *, tools: Sequence[str] = ()
) -> list[int]:
    """Encode a question, with the beginning of the answer that the template gives.

    A row that goes on with an answer begins with these very ids.

    Args:
        messages: The conversation up to the question, its system text included.
        tokenizer: With the chat template.
        tools: Functions the model may call, as in `Row`.

    Raises:
        DataError: The chat template refuses the conversation, or leaves out a part of it.
    """
    encoder = encoder_of(tokenizer)
    parts = encoder.parts(Conversation(messages, tools, ask=True))
    ((ids, _),) = encoder.pieces.tokens([parts.pieces])
    return ids


def end_ids(tokenizer: Tokenizer) -> tuple[int, ...]:
    """The tokens that end a turn: those that training teaches, then the tokenizer's own.

    Args:
        tokenizer: With the chat template.
    """
    return encoder_of(tokenizer).end_ids


def encoder_notes(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    """What a user should know of this tokenizer and template: each a text and its remedy.

    Args:
        tokenizer: With the chat template.
    """
    encoder = encoder_of(tokenizer)
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
