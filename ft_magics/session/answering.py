"""Answers from the models in memory: on one base in one batch, and what that base has to say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ft_magics.errors import NameUnknown
from ft_magics.session.proof import base_note
from ft_magics.session.resolve import Target, load_slot

if TYPE_CHECKING:
    from ft_magics.serving.answering import Answer
    from ft_magics.session.state import Loaded
    from ft_magics.spec import GenerateSpec

__all__ = ["Pairs", "Spoken", "by_base", "speak", "trained_systems"]

Pairs = Sequence[tuple[Target, "Loaded"]]
"""What each name means, with its base in memory."""

TRIES = 3
"""How often a slot is looked for that another cell's answer has just replaced by newer weights."""


@dataclass(frozen=True)
class Spoken:
    """What the models on one base answered."""

    slots: list[str | None]
    """Which slots answered; None is the base."""
    answers: list[Answer]
    warning: str
    """That the base is not the one that was loaded; empty when all is well."""


def by_base(pairs: Pairs) -> Iterator[tuple[Loaded, list[int]]]:
    """Each base with the places of those that stand on it."""
    for loaded in {id(one): one for _, one in pairs}.values():
        yield loaded, [i for i, (_, one) in enumerate(pairs) if one is loaded]


def speak(
    loaded: Loaded,
    targets: Sequence[Target],
    prompts: Sequence[Sequence[int]],
    spec: GenerateSpec,
    *,
    on_piece: Callable[[int, str], None] | None = None,
    stop: threading.Event | None = None,
) -> Spoken:
    """Let the models on one base answer, in one batch.

    Args:
        loaded: Base and server.
        targets: Who answers.
        prompts: Token ids for each of them.
        spec: Length, temperature, top_p, seed.
        on_piece: Called with a target's place and the text that it has more now.
        stop: When it is set, the answers so far are returned.

    Raises:
        AdapterError: An adapter does not fit its base.
        ModelError: A prompt is longer than the model takes.
    """
    for left in reversed(range(TRIES)):
        slots = [load_slot(loaded, target) for target in targets]
        try:
            made = loaded.server.generate(slots, prompts, spec, on_piece=on_piece, stop=stop)
            break
        except NameUnknown:
            # Told before the first piece: another cell asked the same run and renewed its slot.
            if not left:
                raise
    # After the answer: what is unwritten now was unwritten while it was made.
    return Spoken(slots, made, base_note(loaded))


def trained_systems(targets: Sequence[Target]) -> list[str]:
    """The system texts that some models were trained with."""
    return sorted({text for target in targets for text in target.systems})
