"""A conversation that is answered: what is asked of whom, and what becomes of the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from ft_magics.errors import FtError, SettingError
from ft_magics.session.answering import trained_systems
from ft_magics.session.conversation import Conversation, Turn
from ft_magics.session.resolve import resolve
from ft_magics.session.speaking import Speaker
from ft_magics.session.state import Session
from ft_magics.session.watched import Watched
from ft_magics.settings import read_settings
from ft_magics.spec import GenerateSpec

__all__ = ["MOST_COLUMNS", "Talk"]

MOST_COLUMNS = 4
"""Models that answer side by side in one chat."""

_FIELDS = tuple(field.name for field in fields(GenerateSpec))
_SAME = "The same answer again: at temperature 0 it repeats. A higher one gives others."


class Talk(Watched):
    """A conversation. Answers are written in a thread of their own, so the kernel stays free.

    It tells its observers `piece` (a reply has more text), `turn` (a turn is whole, judged or gone) or `state`.

    Attributes:
        conversation: What was said, and who goes on from what.
        settings: Length, temperature, top_p, seed; the system text where one was given.
        systems: The system texts its models were trained with.
        answering: Whether an answer is being written.
        notice: The last thing to tell: an error, mostly.
        draft: A question that could not be answered, to be sent again.
    """

    def __init__(
        self,
        session: Session,
        models: Sequence[str],
        settings: GenerateSpec | None = None,
        *,
        where: str = "chat",
    ) -> None:
        super().__init__()
        self.conversation = Conversation()
        self.settings = settings or GenerateSpec()
        self.systems: list[str] = []
        self.answering = False
        self.notice = self.draft = ""
        self._session = session
        self._where = where
        self._guard = threading.RLock()
        self._speaker = Speaker(session, where, self.tell)
        self._error: FtError | None = None
        self.use(models)

    # ------------------------------------------------------------------ what it is

    @property
    def models(self) -> list[str]:
        """Who answers next, column by column."""
        return self.conversation.models()

    @property
    def turns(self) -> list[Turn]:
        """What was said, oldest first."""
        return self.conversation.turns

    @property
    def system(self) -> str | None:
        """The system text of the next answer: the given one, else the one that was trained."""
        if self.settings.system is not None or len(self.systems) != 1:
            return self.settings.system
        return self.systems[0]

    @property
    def choosing(self) -> bool:
        """Whether several system texts were trained, and none has been chosen."""
        return self.settings.system is None and len(self.systems) > 1

    @property
    def phase(self) -> str:
        """What is done before the first word of an answer; empty else."""
        return self._speaker.phase

    # ------------------------------------------------------------------ talking

    def say(self, text: str) -> str | dict[str, str]:
        """Ask, and wait for the answer.

        Returns:
            The answer of one model, a dict name -> answer of several.

        Raises:
            SettingError: There is no question, or the system text must be chosen.
            ModelError: The conversation is longer than the model takes.
            FtError: What else kept it from being answered.
        """
        self.send(text)
        return self._answer()

    def send(self, text: str) -> None:
        """Ask, and return at once; the answer streams into the last turn.

        Raises:
            SettingError: There is no question, an answer is still being written, or the system
                text must be chosen.
            NameUnknown: A model is not there any more.
        """
        if not text.strip():
            raise SettingError(self._where, "there is no question", "Write one.")
        self._begin(text, None)

    def regenerate(self, question: str | None = None) -> None:
        """Answer the last question anew, with what is set now; returns at once.

        Args:
            question: Another wording of it.

        Raises:
            SettingError: Nothing has been asked yet, or an answer is still being written.
        """
        with self._guard:
            self._free()
            if not self.turns:
                raise SettingError(
                    self._where, "nothing has been asked yet", "Ask something first."
                )
            old = self.conversation.take_back()
        try:
            self._begin(question or old.question, old)
        except BaseException:
            self.conversation.put_back(old)
            raise

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until no answer is being written."""
        self._speaker.wait(timeout_s)

    def stop(self) -> None:
        """Stop the answer that is being written; what there is of it stays."""
        self._speaker.stop()

    def _answer(self) -> str | dict[str, str]:
        try:
            self._speaker.wait()
        except BaseException:
            self.stop()
            raise
        if self._error is not None:
            raise self._error
        replies = self.turns[-1].replies if self.turns else []
        if len(replies) == 1:
            return replies[0].text
        return {reply.model: reply.text for reply in replies}

    def _begin(self, question: str, old: Turn | None) -> None:
        with self._guard:
            self._free()
            self._look(self.models)
            if self.choosing:
                shown = "; ".join(f'"{text[:60]}"' for text in self.systems[:5])
                what = f"these models were trained with {len(self.systems)} system texts"
                raise SettingError(self._where, what, f"Choose one: {shown}.")
            tries = old.tries + 1 if old is not None and old.question == question else 0
            turn = self.conversation.ask(question, self.system, tries)
            self.answering, self._error = True, None
            self.notice = self.draft = ""
            spec = replace(self.settings, seed=self.settings.seed + tries)
            self._speaker.start(turn.replies, spec, partial(self._ended, turn, old))
        self.tell("state")

    def _ended(self, turn: Turn, old: Turn | None, error: FtError | None, stopped: bool) -> None:
        """The replies of a turn are written, or could not be: nothing of it is lost."""
        with self._guard:
            if error is not None or (stopped and not any(r.text for r in turn.replies)):
                self.conversation.take_back()
                self.draft = turn.question
                if old is not None:
                    self.conversation.put_back(old)
            elif old is not None and self.settings.temperature == 0 and _same(turn, old):
                self.notice = _SAME
            if error is not None:
                self._error, self.notice = error, str(error)
            elif self._speaker.warning:
                self.notice = self._speaker.warning
            self.answering = False
        self.tell("turn")

    def when_said(self, callback: Callable[[], None]) -> None:
        """Call this after each turn: when what is to be kept of it has changed."""
        self.observe(lambda what: callback() if what == "turn" else None)

    # ------------------------------------------------------------------ changing it

    def use(self, models: str | Sequence[str]) -> None:
        """Let these models answer from now on. No weights are read for one that is in memory.

        Raises:
            SettingError: There is none, one stands twice, or there are more than four.
            NameUnknown: One of them is not there.
        """
        names = [models] if isinstance(models, str) else list(models)
        if not 1 <= len(names) <= MOST_COLUMNS:
            what = f"{len(names)} models are named"
            raise SettingError(self._where, what, f"Name one to {MOST_COLUMNS}.")
        if len(set(names)) < len(names):
            raise SettingError(self._where, "a model stands twice", "Name each model once.")
        with self._guard:
            self._look(names)
            self.conversation.use(names)
            self.notice = ""
        self.tell("state")

    def set(self, **settings: Any) -> None:
        """Change settings of the next answers: `GenerateSpec`'s fields.

        Raises:
            SettingError: A name or a value is refused.
        """
        asked = {name: getattr(self.settings, name) for name in _FIELDS} | settings
        self.settings, _ = read_settings(GenerateSpec, asked, self._where)
        self.notice = ""
        self.tell("state")

    # ------------------------------------------------------------------ inside

    def close(self) -> None:
        """End the chat: what was said stays, as it is."""
        self.stop()
        super().close()

    def _free(self) -> None:
        if self.answering:
            what = "the answer before is still being written"
            raise SettingError(self._where, what, "Wait for it, or stop it.")

    def _look(self, names: Sequence[str]) -> None:
        targets = [resolve(self._session, name, self._where) for name in names]
        self.systems = trained_systems(targets)


def _same(turn: Turn, old: Turn) -> bool:
    return [(r.model, r.text) for r in turn.replies] == [
        (r.model, r.original or r.text) for r in old.replies
    ]
