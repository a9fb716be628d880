"""A blind comparison as a user goes through it: the current pair, choices, and the score."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from ft_magics.errors import FtError, SettingError
from ft_magics.session.ballots import Ballots, sides
from ft_magics.session.listeners import Listeners
from ft_magics.session.objects import Shown
from ft_magics.session.pairs import Pair, PairMaker, Rivals
from ft_magics.session.questions import question_text

if TYPE_CHECKING:
    from ft_magics.data import Message

__all__ = ["Preferring"]

AHEAD = 2
"""Pairs that are made: the one that is read, and the next."""


class Preferring(Shown):
    """A blind comparison of two models: the pair to be judged, and what was chosen so far.

    Any thread may use it. Until it is finished, nothing here tells which side is which model. Its
    `key`, of what is compared whatever the models' versions, is saved with the card and decides
    the sides; `name` is the data set that the choices go to.
    """

    def __init__(
        self,
        models: tuple[str, str],
        questions: list[tuple[Message, ...]],
        rivals: Rivals,
        ballots: Ballots,
        seed: int = 42,
        key: str = "",
    ) -> None:
        self.key, self.name = key or ballots.key, ballots.sheet.name
        self._models = models
        self._questions = questions
        self._ballots = ballots
        self._where = ballots.sheet.where
        shuffled = sides(f"{seed} {self.key}")
        self._sides = list(itertools.islice(shuffled, len(questions)))
        self._made: dict[int, Pair] = {}
        self._fault: Exception | None = None
        self._closed = False
        self._guard = threading.RLock()
        self._listeners = Listeners()
        self._maker = PairMaker(
            lambda at, stop: rivals.answer(questions[at], stop), self._take, self._fail
        )
        self._go_on()

    # ------------------------------------------------------------------ what is seen

    @property
    def total(self) -> int:
        """How many questions there are."""
        return len(self._questions)

    @property
    def judged(self) -> int:
        """How many questions are done: judged, skipped, or answered alike."""
        return self._at

    @property
    def finished(self) -> bool:
        """Whether all is judged, so that the models are named."""
        return self._ballots.ended or self._at == self.total

    @property
    def active(self) -> bool:
        """Whether something is left to judge here."""
        return not (self.finished or self._closed)

    @property
    def waiting(self) -> bool:
        """Whether the answers of the current pair are still being made."""
        with self._guard:
            return self.active and self._at not in self._made and self._fault is None

    @property
    def question(self) -> str:
        """What both models were asked; of a conversation, all of it."""
        return question_text(self._prompt)

    @property
    def system(self) -> str | None:
        """The system text that both models read; None for none."""
        return next((turn.content for turn in self._prompt[:1] if turn.role == "system"), None)

    @property
    def left(self) -> str:
        """The answer on the left, number 1; empty while it is made."""
        return self._side("left")

    @property
    def right(self) -> str:
        """The answer on the right, number 2; empty while it is made."""
        return self._side("right")

    @property
    def warning(self) -> str:
        """What to know of the base that the answers stand on; empty where all is well."""
        pair = self._made.get(self._at)
        return pair.warning if pair is not None and not self.finished else ""

    @property
    def error(self) -> str:
        """Why the current pair does not come; empty as long as it may."""
        with self._guard:
            lost = self.active and self._fault is not None and self._at not in self._made
            return str(self._problem()) if lost else ""

    @property
    def next_cell(self) -> str:
        """The line of the cell that trains on the choices; empty before there are any."""
        best = self._ballots.best(self._models) if self.finished else ""
        if not best:
            return ""
        after = "" if best == "base" else f" --after {best}"
        return f"%%finetune NAME{after} --data {self.name}"

    def counts(self) -> list[tuple[str, int]]:
        """What was chosen how often, with names; empty until it is finished."""
        return self._ballots.counts(self._models) if self.finished else []

    def words(self) -> str:
        """The score and how sure it is: without names as long as it goes on, then with them."""
        score = self._ballots.score
        return score.words(*self._models) if self.finished else score.blind_words()

    def __repr__(self) -> str:
        if self.finished:
            return f"Preferring({self.words()})"
        return f"Preferring({self.judged} of {self.total}: {self.words()})"

    # ------------------------------------------------------------------ what is done

    def choose(self, what: Literal["left", "right", "tie", "skip"]) -> None:
        """Judge the current pair; it is on disk when this returns, and the next pair is current.

        Raises:
            SettingError: There is no pair to judge, or no such choice.
            FtError: The disk refuses it; the pair stays current.
        """
        with self._guard:
            pair, on_left = self._current()
            on_right = "second" if on_left == "first" else "first"
            verdicts = {"left": on_left, "right": on_right, "tie": "tie", "skip": "skip"}
            if what not in verdicts:
                raise SettingError(self._where, f"no choice '{what}'", "1, 2, tie or skip.")
            self._ballots.cast(self._at, verdicts[what], pair, on_left)  # type: ignore[arg-type]
        self._go_on()

    def back(self) -> None:
        """Take the last judgement back: its pair is current again.

        Raises:
            SettingError: There is none, or the models were named already.
            FtError: The disk refuses it.
        """
        with self._guard:
            self._open()
            last = self._ballots.last()
            if last is None:
                raise SettingError(self._where, "nothing was judged yet", "Choose 1, 2 or tie.")
            self._made[last] = self._ballots.pair(last)
            self._ballots.take_back(last)
        self._go_on()

    def end(self) -> None:
        """Judge no more: the models are named, with the score as it is."""
        with self._guard:
            self._open()
            self._ballots.end()
        self._go_on()

    def close(self) -> None:
        """Leave it for now; the same call of `prefer` goes on with it."""
        with self._guard:
            self._closed = True
        self._go_on()

    def wait(self) -> Preferring:
        """Wait until the current pair is there to be read; gives the comparison itself.

        Raises:
            FtError: The answers cannot be made.
        """
        while self.waiting:
            # Short waits: a wait without a time-out cannot be interrupted on every platform.
            time.sleep(0.02)
        if self.error:
            raise self._problem()
        return self

    def observe(self, callback: Callable[[], None]) -> None:
        """Call this whenever something changed, from any thread."""
        self._listeners.add(callback)

    def unobserve(self, callback: Callable[[], None]) -> None:
        """Call it no more."""
        self._listeners.remove(callback)

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Call this when nothing is left to judge here; at once if that is so."""
        self._listeners.when_ended(callback)

    # ------------------------------------------------------------------ inside

    @property
    def _at(self) -> int:
        """The current question, from 0: the first that is not judged; the number of all at the end."""
        # A pair of answers alike is there, and passed over, in one step for who looks.
        with self._guard:
            return next((i for i in range(self.total) if i not in self._ballots), self.total)

    @property
    def _prompt(self) -> tuple[Message, ...]:
        at = self._at
        return self._questions[at] if at < self.total and not self.finished else ()

    def _on_left(self) -> str:
        return self._sides[self._ballots.place(self._at)]

    def _side(self, place: Literal["left", "right"]) -> str:
        with self._guard:
            pair = self._made.get(self._at)
            if pair is None or self.finished:
                return ""
            first = (self._on_left() == "first") == (place == "left")
            return (pair.first if first else pair.second).text

    def _open(self) -> None:
        if self.finished:
            raise SettingError(self._where, "this comparison is over", "Begin another: %ft prefer.")
        if self._closed:
            remedy = "Say %ft prefer with the same models again: it goes on where this one stood."
            raise SettingError(self._where, "this comparison was left", remedy)

    def _current(self) -> tuple[Pair, str]:
        """The pair to be judged, and who stands on the left."""
        self._open()
        pair = self._made.get(self._at)
        if pair is None and self._fault is not None:
            raise self._problem()
        if pair is None:
            remedy = "Choose when both are there."
            raise SettingError(self._where, "the answers are still being made", remedy)
        return pair, self._on_left()

    def _problem(self) -> FtError:
        fault = self._fault
        if isinstance(fault, FtError):
            return fault
        what = f"the answers could not be made: {type(fault).__name__}: {fault}"
        remedy = "Say %ft prefer with the same models again: what was judged is kept."
        return FtError(self._where, what, remedy)

    def _take(self, question: int, pair: Pair) -> None:
        """A pair is there; of two answers alike nobody is asked."""
        with self._guard:
            self._made[question] = pair
            self._pass_over()
        self._go_on()

    def _pass_over(self) -> None:
        """Note current pairs that leave nothing to choose."""
        while self.active and (pair := self._made.get(self._at)) is not None and pair.same:
            self._ballots.cast(self._at, "same", pair, "")

    def _fail(self, error: Exception) -> None:
        with self._guard:
            self._fault = error
        self._go_on()

    def _go_on(self) -> None:
        """Have the next pairs made, and tell who watches."""
        with self._guard:
            if self._fault is None:
                self._pass_over()
            self._ask()
            if not self.active:
                self._maker.close()
        # Outside the lock: who is told may look at everything here, and hold a lock of its own.
        self._listeners.tell(ended=not self.active)

    def _ask(self) -> None:
        if self.active:
            left = (i for i in range(self._at, self.total) if i not in self._ballots)
            wanted = itertools.islice(left, AHEAD)
            self._maker.ask([i for i in wanted if i not in self._made])
