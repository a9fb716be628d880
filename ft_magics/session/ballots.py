"""What was chosen in a blind comparison, question by question: kept on disk, read back from there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ft_magics.session.collect import Answered, keep_choice, log_of
from ft_magics.session.pairs import Pair
from ft_magics.session.sheet import Entry, Sheet

if TYPE_CHECKING:
    from ft_magics.data import Message
    from ft_magics.evaluation import PreferenceScore

__all__ = ["Ballots", "sides"]

Verdict = Literal["first", "second", "tie", "skip", "same"]


@dataclass(frozen=True)
class _Ballot:
    verdict: Verdict
    pair: Pair
    on_left: str
    """`first` or `second`."""


@dataclass
class Ballots:
    """The choices of one comparison, in the order of its questions.

    Args:
        sheet: Where pairs are kept, and the log beside them.
        key: Of the comparison: its entries in the log carry it.
        collect: The data set that the user named.
    """

    sheet: Sheet
    key: str
    collect: str | None
    ended: bool = False
    """Whether the user ended it before the last question."""
    _cast: dict[int, _Ballot] = field(default_factory=dict)

    def read(self) -> None:
        """Take up what an earlier kernel kept."""
        for entry in self.sheet.log:
            if entry.get("comparison") != self.key:
                continue
            if entry["how"] == "end":
                self.ended = True
            elif entry["how"] == "back":
                self._cast.pop(entry["question"], None)
            else:
                self._cast[entry["question"]] = _read(entry)

    def __contains__(self, question: int) -> bool:
        return question in self._cast

    def pair(self, question: int) -> Pair:
        """The answers that were judged."""
        return self._cast[question].pair

    def last(self) -> int | None:
        """The last question that somebody judged; one that was answered alike is nobody's choice."""
        return max((q for q, cast in self._cast.items() if cast.verdict != "same"), default=None)

    def place(self, question: int) -> int:
        """How many pairs before this question could be judged; it decides the sides."""
        return sum(cast.verdict != "same" for q, cast in self._cast.items() if q < question)

    @property
    def score(self) -> PreferenceScore:
        """What was chosen so far."""
        from ft_magics.evaluation import PreferenceScore

        verdicts = [cast.verdict for cast in self._cast.values()]
        return PreferenceScore(
            first=verdicts.count("first"),
            second=verdicts.count("second"),
            ties=verdicts.count("tie"),
            skipped=verdicts.count("skip"),
            same=verdicts.count("same"),
            left=sum(cast.verdict == cast.on_left for cast in self._cast.values()),
        )

    def best(self, models: tuple[str, str]) -> str:
        """The model that was preferred more often; empty where neither was."""
        score = self.score
        if score.first == score.second:
            return ""
        return models[score.second > score.first]

    def counts(self, models: tuple[str, str]) -> list[tuple[str, int]]:
        """What was chosen how often, by name."""
        score = self.score
        return [
            (models[0], score.first),
            (models[1], score.second),
            ("tie", score.ties),
            ("skipped", score.skipped),
            ("answered alike", score.same),
        ]

    def cast(self, question: int, verdict: Verdict, pair: Pair, on_left: str) -> None:
        """Keep a choice; it is on disk when this returns.

        Raises:
            SettingError: The set has rows of another kind.
            FtError: The disk refuses it.
        """
        note = {**self._note(question), "on_left": on_left}
        if verdict in ("first", "second"):
            better, worse = (pair.first, pair.second)[:: 1 if verdict == "first" else -1]
            note["better"] = verdict
            if better.text.strip() and worse.text.strip():
                keep_choice(better, worse, collect=self.collect, note=note, where=self.sheet.where)
            else:
                # No row can hold an empty answer; the score counts it.
                entry = {"how": "choice", **log_of(better, worse), **note}
                self.sheet.note(entry, drop=False)
        else:
            entry = {"how": verdict, **log_of(pair.first, pair.second), **note}
            self.sheet.note(entry, drop=verdict == "tie")
        self._cast[question] = _Ballot(verdict, pair, on_left)

    def take_back(self, question: int) -> None:
        """Take a choice back; the data set is as it was before it.

        Raises:
            FtError: The disk refuses it.
        """
        cast = self._cast[question]
        entry = {"how": "back", **log_of(cast.pair.first, cast.pair.second), **self._note(question)}
        if cast.verdict == "skip":
            self.sheet.note(entry, drop=False)
        else:
            self.sheet.take_back(entry)
        del self._cast[question]

    def end(self) -> None:
        """Keep that no more is to be judged."""
        self.sheet.note({"how": "end", "comparison": self.key}, drop=False)
        self.ended = True

    def _note(self, question: int) -> Entry:
        return {"comparison": self.key, "question": question}


def _read(entry: Entry) -> _Ballot:
    from ft_magics.data.rows import messages_of

    prompt: tuple[Message, ...] = messages_of(entry["prompt"])
    answers = [Answered(prompt, a["text"], a["model"], a["version"]) for a in entry["answers"]]
    verdict: Any = entry.get("better", entry["how"])
    first, second = answers[::-1] if verdict == "second" else answers
    return _Ballot(verdict, Pair(first, second), entry["on_left"])


def sides(seed: str) -> Iterator[str]:
    """Who stands on the left, pair by pair: `first` or `second`, each once in any two.

    So each is there as often as the other (or once more), wherever the comparison ends.
    """
    dice = random.Random(seed)
    while True:
        first = dice.choice(("first", "second"))
        yield first
        yield "second" if first == "first" else "first"
