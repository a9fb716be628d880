"""A conversation with one model or several side by side: what was said, and who goes on from what.

Nothing is ever taken out of a turn when models are swapped: a turn keeps the replies it got, and
each column knows which reply of each turn it goes on from.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ft_magics.errors import SettingError

if TYPE_CHECKING:
    from ft_magics.data import Message

__all__ = ["Conversation", "Reply", "Strand", "Turn"]


@dataclass
class Reply:
    """One model's answer within a conversation."""

    model: str
    """The model as the user named it: `base`, `ollie`, `ollie@84`."""
    version: str = ""
    """What that name meant when it answered, for the log of judgements."""
    prompt: tuple[Message, ...] = ()
    """All that it was answered to, the system text included; a later edit further up does not change it."""
    text: str = ""
    """What the conversation goes on with: as answered, or as edited."""
    note: str = ""
    """What to know about it: `step 40 of 120, still training`."""
    state: str = "waiting"
    """`waiting`, `streaming` or `done`."""
    ended: bool = True
    """Whether it stopped by itself."""
    proof: str = ""
    """What is known of the base behind it: `unchanged since it was loaded`."""
    sound: bool = True
    """False where `proof` is a warning."""
    judged: str = ""
    """`good`, `bad`, `better` or `edited`; empty for what was not judged."""
    kept: str = ""
    """Where the judgement is: `kept as row 3 of votes`."""
    original: str | None = None
    """What was answered, of one that was edited."""


@dataclass
class Turn:
    """A question and its replies, one for each column there was."""

    question: str
    replies: list[Reply]
    number: int = field(default_factory=itertools.count(1).__next__)
    """Of this turn alone, in any chat: what stands under a button stays what it was."""
    tries: int = 0
    """How often it was answered anew; with a temperature, each try draws other tokens."""

    @property
    def comparable(self) -> bool:
        """Whether the replies answer the very same conversation, so that one can be the better."""
        first = self.replies[0]
        same = all(reply.prompt == first.prompt for reply in self.replies)
        return len(self.replies) > 1 and same and all(r.state == "done" for r in self.replies)


@dataclass
class Strand:
    """A column: a model, and the reply of each turn that it goes on from."""

    model: str
    path: list[int] = field(default_factory=list)


@dataclass
class Conversation:
    """Turns, and the columns that go on from them.

    Attributes:
        turns: Oldest first.
        strands: One for each column.
    """

    turns: list[Turn] = field(default_factory=list)
    strands: list[Strand] = field(default_factory=list)

    def models(self) -> list[str]:
        """Who answers next, column by column."""
        return [strand.model for strand in self.strands]

    def use(self, models: Sequence[str]) -> None:
        """Let these models answer from now on.

        One that stays goes on from its own replies; one that takes another's place, from that
        one's; one that is added, from those of the first column.
        """
        before = {strand.model: strand for strand in self.strands}

        def strand_of(place: int, model: str) -> Strand:
            if model in before:
                return before[model]
            there = self.strands[place] if place < len(self.strands) else None
            if there is None or there.model in models:
                there = self.strands[0] if self.strands else None
            return Strand(model, list(there.path) if there else [])

        self.strands = [strand_of(place, model) for place, model in enumerate(models)]

    def prompt(self, strand: Strand, question: str, system: str | None) -> tuple[Message, ...]:
        """All that a column is asked: system text, its turns so far, and the question."""
        from ft_magics.data import Message

        said = [] if system is None else [Message("system", system)]
        for turn, place in zip(self.turns, strand.path, strict=True):
            said.append(Message("user", turn.question))
            said.append(Message("assistant", turn.replies[place].text))
        return (*said, Message("user", question))

    def ask(self, question: str, system: str | None, tries: int = 0) -> Turn:
        """Begin a turn: a reply without text for each column."""
        replies = [Reply(s.model, prompt=self.prompt(s, question, system)) for s in self.strands]
        for place, strand in enumerate(self.strands):
            strand.path.append(place)
        self.turns.append(Turn(question, replies, tries=tries))
        return self.turns[-1]

    def take_back(self) -> Turn:
        """Take the last turn out, and give it."""
        for strand in self.strands:
            strand.path.pop()
        return self.turns.pop()

    def put_back(self, turn: Turn) -> None:
        """Put a turn at the end; who gave no reply in it goes on from the first."""
        models = [reply.model for reply in turn.replies]
        for strand in self.strands:
            strand.path.append(models.index(strand.model) if strand.model in models else 0)
        self.turns.append(turn)

    def follow(self, number: int, place: int) -> None:
        """Let all columns go on from one reply of a turn."""
        for strand in self.strands:
            strand.path[number] = place

    # ------------------------------------------------------------------ one of them

    def turn(self, number: int, where: str) -> Turn:
        """A turn, counted from 1; -1 is the last.

        Raises:
            SettingError: There is none of that number.
        """
        at = number - 1 if number > 0 else len(self.turns) + number
        if not (number and 0 <= at < len(self.turns)):
            what = f"there is no turn {number}"
            raise SettingError(where, what, f"There are {len(self.turns)}, counted from 1.")
        return self.turns[at]

    def reply(self, number: int, model: str | None, where: str) -> Reply:
        """A model's reply in a turn; the only one where no model is named.

        Raises:
            SettingError: There is none, or several answered and none is named.
        """
        replies = self.turn(number, where).replies
        if model is None and len(replies) == 1:
            return replies[0]
        for reply in replies:
            if reply.model == model:
                return reply
        names = ", ".join(reply.model for reply in replies)
        what = "several models answered" if model is None else f"{model} did not answer here"
        raise SettingError(where, what, f"Name one of {names}.")
