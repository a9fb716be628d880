"""Several answers at once, streamed side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from ft_magics.errors import MemoryShort, ModelError
from ft_magics.leaving import computing, halt
from ft_magics.serving.decoding import Column, Group, length_limit
from ft_magics.serving.layers import Adapter, RowsLost, Selection
from ft_magics.serving.text_stream import TextStream
from ft_magics.spec import GenerateSpec

__all__ = ["Answer", "Request", "answer"]

WHERE = "%%prompt"


@dataclass(frozen=True)
class Answer:
    """What a model answered."""

    text: str
    """The answer, without special tokens."""
    tokens: int
    """Its length, without the token that ended it."""
    ended: bool
    """Whether the model stopped by itself; else it was stopped, or its length was spent."""


@dataclass(frozen=True)
class Request:
    """One answer that is wanted.

    Args:
        model: Who answers.
        adapter: What acts on the model; None for the model as it is.
        prompt: Token ids, with the opening of the answer.
    """

    model: nn.Module
    adapter: Adapter | None
    prompt: tuple[int, ...]


class _Writing:
    """An answer that is being written, and who is told of it."""

    def __init__(self, tokenizer: Any, tell: Callable[[str], None]) -> None:
        self._stream = TextStream(tokenizer)
        self._tell = tell
        self._ended = False

    def take(self, token: int, ends: bool) -> None:
        self._ended = ends
        if not ends:
            self._pass(self._stream.add(token))

    def answer(self) -> Answer:
        self._pass(self._stream.end())
        return Answer(self._stream.text, self._stream.tokens, self._ended)

    def _pass(self, piece: str) -> None:
        if piece:
            self._tell(piece)


def answer(
    requests: Sequence[Request],
    selection: Selection,
    tokenizer: Any,
    ends: Collection[int],
    settings: GenerateSpec,
    on_piece: Callable[[int, str], None] | None = None,
    stop: threading.Event | None = None,
) -> list[Answer]:
    """Answer requests, those with one model and prompt as one batch, all advancing together.

    Args:
        requests: What is wanted.
        selection: That of the shared tree.
        tokenizer: The base's.
        ends: Tokens that end an answer.
        settings: Length, temperature, top_p, seed.
        on_piece: Called with a request's number and the text that its answer has more now.
        stop: When it is set, the answers so far are returned.

    Raises:
        ModelError: A prompt is empty or longer than the model takes.
        MemoryShort: The device has too little memory.
    """
    tell = on_piece or (lambda _number, _piece: None)
    written = [_Writing(tokenizer, partial(tell, number)) for number in range(len(requests))]
    with computing():
        groups = _groups(requests, selection, settings, ends)
        while groups and not (stop is not None and stop.is_set()):
            groups = [advanced for group in groups for advanced in _advance(group, written)]
            halt()
    return [writing.answer() for writing in written]


def _groups(
    requests: Sequence[Request],
    selection: Selection,
    settings: GenerateSpec,
    ends: Collection[int],
) -> list[Group]:
    """Requests by model and prompt, in the order in which they are asked."""
    members: dict[tuple[nn.Module, tuple[int, ...]], list[Column]] = {}
    for number, request in enumerate(requests):
        _check_prompt(request)
        column = Column(number, request.adapter, torch.Generator().manual_seed(settings.seed))
        members.setdefault((request.model, request.prompt), []).append(column)
    return [
        Group(model, selection, prompt, columns, settings, ends)
        for (model, prompt), columns in members.items()
    ]


def _advance(group: Group, written: Sequence[_Writing]) -> list[Group]:
    """Take one step and give what is left to do: the group, nothing, or its single answers."""
    try:
        made = group.step()
    except RowsLost:
        return group.split()
    except torch.OutOfMemoryError as error:
        raise MemoryShort(
            WHERE,
            f"the device has too little memory for {len(group.columns)} answers at once",
            "Ask fewer models at once, shorten the prompt, or lower --max-new-tokens.",
        ) from error
    for column, token, ends in made:
        written[column.number].take(token, ends)
    return [group] if group.columns else []


def _check_prompt(request: Request) -> None:
    limit = length_limit(request.model)
    length = len(request.prompt)
    if not length:
        raise ModelError(WHERE, "the prompt is empty", "Write a question under the line.")
    if limit is not None and length >= limit:
        raise ModelError(
            WHERE,
            f"the prompt has {length} tokens, and the model takes fewer than {limit}",
            "Shorten the question or the system text.",
        )
