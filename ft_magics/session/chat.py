"""`chat`: a conversation with one model or several side by side, answered beside the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.errors import SettingError
from ft_magics.session import chat_judging as judging
from ft_magics.session.conversation import Conversation
from ft_magics.session.objects import Shown
from ft_magics.session.resolve import default_ref
from ft_magics.session.state import Session, current
from ft_magics.session.talk import Talk
from ft_magics.settings import read_settings
from ft_magics.spec import GenerateSpec

if TYPE_CHECKING:
    from ft_magics.session.collect import Kept

__all__ = ["Chat", "chat"]


def chat(
    name: str | Sequence[str] | None = None,
    *,
    collect: str | None = None,
    where: str | None = None,
    **settings: Any,
) -> Chat:
    """Talk with a model, or with several side by side.

    Nothing waits for a run in progress: it answers from its current step.

    Args:
        name: One name or several, as for `prompt`; the model in use unless named.
        collect: The data set that edits and choices are kept in.
        where: The cell, for errors.
        **settings: `GenerateSpec`'s fields.

    Raises:
        NameUnknown: One of the models is not there.
        SettingError: A setting is refused, or more than four models are named.
    """
    session = current()
    where = where or "chat"
    spec, notices = read_settings(GenerateSpec, settings, where)
    for text in notices:
        session.front_end.notice(text)
    names = [name] if isinstance(name, str) else list(name or [])
    return Chat(session, names or [default_ref(session)], spec, collect=collect, where=where)


class Chat(Talk, Shown):
    """A conversation that can be judged and begun anew; in a notebook it is a live card.

    Attributes:
        collect: The data set that edits and choices are kept in; None for the usual one.
    """

    def __init__(
        self,
        session: Session,
        models: Sequence[str],
        settings: GenerateSpec | None = None,
        *,
        collect: str | None = None,
        where: str = "chat",
    ) -> None:
        self.collect = collect
        self._before: Conversation | None = None
        super().__init__(session, models, settings, where=where)

    def __repr__(self) -> str:
        return f"Chat({', '.join(self.models)}: {len(self.turns)} turns)"

    def messages(self, column: int = 0) -> list[dict[str, str]]:
        """The conversation as a column goes on from it, without the system text."""
        strand = self.conversation.strands[column]
        said = self.conversation.prompt(strand, "", None)[:-1]
        return [{"role": one.role, "content": one.content} for one in said]

    # ------------------------------------------------------------------ beginning anew

    @property
    def can_bring_back(self) -> bool:
        """Whether a conversation was put away by `reset`."""
        return self._before is not None

    def reset(self) -> None:
        """Begin a new conversation; `bring_back` brings the one before.

        Raises:
            SettingError: An answer is still being written.
        """
        with self._guard:
            self._free()
            if self.turns:
                models, self._before = self.models, self.conversation
                self.conversation = Conversation()
                self.conversation.use(models)
            self.notice = self.draft = ""
        self.tell("turn")

    def bring_back(self) -> None:
        """Go on with the conversation that `reset` put away; what there is now is put away."""
        with self._guard:
            self._free()
            if self._before is None:
                raise SettingError(self._where, "no conversation was put away", "Just ask.")
            models, put_away = self.models, self.conversation
            self.conversation, self._before = self._before, put_away if put_away.turns else None
            self.conversation.use(models)
            self.notice = ""
        self.tell("turn")

    # ------------------------------------------------------------------ judging

    def vote(self, turn: int, good: bool, model: str | None = None) -> Kept:
        """Keep that an answer is good, or bad.

        Args:
            turn: Counted from 1; -1 is the last.
            good: What it is.
            model: Whose answer, where several answered.

        Raises:
            SettingError: There is no such answer, or it is still being written.
        """
        reply = self.conversation.reply(turn, model, self._where)
        return self._judged(judging.vote(reply, good, self.collect, self._where))

    def edit(self, turn: int, text: str, model: str | None = None) -> Kept:
        """Keep a better wording of an answer; the conversation goes on with it.

        Raises:
            SettingError: There is no such answer, it is still being written, or nothing changes.
        """
        with self._guard:
            self._free()
            reply = self.conversation.reply(turn, model, self._where)
            kept = judging.edit(reply, text, self.collect, self._where)
        return self._judged(kept)

    def edit_last(self, text: str, model: str | None = None) -> Kept:
        """Keep a better wording of the last answer."""
        return self.edit(-1, text, model)

    def better(self, turn: int, model: str) -> list[Kept]:
        """Keep that one answer is better than those beside it; all columns go on from it.

        Raises:
            SettingError: There is nothing beside it, or it answers another conversation.
        """
        with self._guard:
            self._free()
            reply = self.conversation.reply(turn, model, self._where)
            one = self.conversation.turn(turn, self._where)
            place = one.replies.index(reply)
            kept = judging.choose(one, place, self.collect, self._where)
            if one is self.turns[-1]:
                self.conversation.follow(len(self.turns) - 1, place)
        return self._judged(kept)

    def _judged(self, kept: Any) -> Any:
        self.notice = ""
        self.tell("turn")
        return kept
