"""One question on its way: whose answer, from which weights, and again when a run has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ft_magics.errors import FtError, SettingError
from ft_magics.session.answering import Pairs, by_base, speak, trained_systems
from ft_magics.session.objects import Answers, Column
from ft_magics.session.proof import mark
from ft_magics.session.resolve import Target, resolve_all

if TYPE_CHECKING:
    from ft_magics.session.front_end import Handle
    from ft_magics.session.run import Run
    from ft_magics.session.state import Session
    from ft_magics.spec import GenerateSpec

__all__ = ["Asking"]


@dataclass(frozen=True)
class Asking:
    """A question to several models, as the user asked it."""

    session: Session
    question: str
    names: list[str]
    """The models, as the user wrote them: what they mean may change when a run ends."""
    spec: GenerateSpec
    where: str
    collect: str | None = None
    """Where judgements of the answers go; None for the usual sets."""

    def answer(self, *, show: bool, on_piece: Callable[[str, str], None] | None) -> Answers:
        """Answer now; what came from a run in progress is replaced when it has ended.

        Args:
            show: Show the answers in the front end.
            on_piece: Called with (name, text) for each piece.
        """
        pairs = resolve_all(self.session, self.names, self.where)
        system = self._system([target for target, _ in pairs])
        columns = [Column(target.title, state="waiting") for target, _ in pairs]
        answers = Answers(self.question, system, columns, self.collect)
        handle = self.session.front_end.show(answers) if show else None

        def piece(column: int, text: str) -> None:
            columns[column].text += text
            columns[column].state = "streaming"
            if handle is not None:
                handle.update()
            if on_piece is not None:
                on_piece(columns[column].title, text)

        live = [target.run for target, _ in pairs if target.run is not None]
        try:
            self._fill(pairs, answers, piece)
        except BaseException:
            if handle is not None:
                handle.close()
            raise
        if handle is None:
            if answers.warning:
                # Only the text is handed on, so nobody would see the card that says so.
                self.session.front_end.notice(answers.warning)
            return answers
        if live:
            handle.update()
            self._replace_at_the_end(answers, live, handle)
        else:
            handle.close()
        return answers

    def _system(self, targets: list[Target]) -> str | None:
        """The system text of all columns: the given one, else the one that was trained.

        Raises:
            SettingError: Several were trained, so the user must choose.
        """
        if self.spec.system is not None:
            return self.spec.system
        trained = trained_systems(targets)
        if len(trained) > 1:
            shown = "; ".join(f'"{text[:60]}"' for text in trained[:5])
            raise SettingError(
                self.where,
                f"these models were trained with {len(trained)} system texts",
                f"Choose one with --system: {shown}.",
            )
        return trained[0] if trained else None

    def _fill(self, pairs: Pairs, answers: Answers, piece: Callable[[int, str], None]) -> None:
        """Fill the columns: those on one base in one batch, all from the same messages."""
        from ft_magics import data

        head = [] if answers.system is None else [data.Message("system", answers.system)]
        messages = [*head, data.Message("user", self.question)]
        for loaded, columns in by_base(pairs):
            targets = [pairs[i][0] for i in columns]
            for i in columns:
                answers.columns[i].note = pairs[i][0].note
                answers.columns[i].version = pairs[i][0].version
            ids = data.encode_prompt(messages, loaded.base.tokenizer)

            def on_piece(at: int, text: str, columns: list[int] = columns) -> None:
                piece(columns[at], text)

            made = speak(loaded, targets, [ids] * len(columns), self.spec, on_piece=on_piece)
            answers.warning = answers.warning or made.warning
            for i, slot, answer in zip(columns, made.slots, made.answers, strict=True):
                column = answers.columns[i]
                mark(column, pairs[i][0], slot, loaded, made.warning)
                column.text, column.ended, column.state = answer.text, answer.ended, "done"
                if not answer.ended:
                    cut = f"cut at {self.spec.max_new_tokens} tokens"
                    column.note = f"{column.note}; {cut}" if column.note else cut

    # ------------------------------------------------------------------ when a run has ended

    def _replace_at_the_end(self, answers: Answers, live: list[Run], handle: Handle) -> None:
        guard = threading.Lock()
        left = {id(run) for run in live}

        def ended(run: Run) -> None:
            with guard:
                left.discard(id(run))
                last = not left
            if last:
                self._replace(answers)
                handle.close()

        for run in live:
            # A run that ended while it was answering is over by now: replaced at once.
            run.when_ended(lambda run=run: ended(run))  # type: ignore[misc]

    def _replace(self, answers: Answers) -> None:
        """Answer again as a whole, so that all columns stand for one and the same moment."""
        try:
            pairs = resolve_all(self.session, self.names, self.where)
            fresh = Answers(self.question, answers.system, [Column(t.title) for t, _ in pairs])

            def piece(column: int, text: str) -> None:
                fresh.columns[column].text += text

            self._fill(pairs, fresh, piece)
            answers.columns[:], answers.warning = fresh.columns, fresh.warning
        except FtError as error:
            for column in answers.columns:
                if column.note:
                    column.note = f"{column.note.split(',')[0]}; {error.what}"
