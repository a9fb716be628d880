"""Buttons under answers: good, bad, a better text, the better of several.

The page sends which column and what; whose answer that is, and its text, only the kernel knows. What
was pressed is the model's state, so that a reloaded page shows it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ft_magics.errors import FtError
from ft_magics.widgets.live_place import LivePlace, problem_words, within_range

__all__ = ["MOST_EDIT", "JudgeButtons"]

MOST_EDIT = 100_000
"""Longest edited answer that is taken from the page, in characters."""

_NOTHING = {"verdict": "", "edit": "", "better": "", "words": "", "failed": False}
"""Of a column: the vote, the edit, the words of a choice, the last words, and if they tell a failure."""


class JudgeButtons:
    """The buttons under one card's answers, wherever that card is shown.

    A callable gets the column's number and returns the words to show (`kept as row 3 of votes`) when
    all is on disk. An FtError's text is shown in their place.

    Args:
        key: What `answers_key` gave; the card's table carries it.
        answers: Title and whole text of each column.
        judge: Keeps that an answer is good, or bad.
        edit: Keeps a better text for an answer.
        choose: Keeps that an answer is better than the others.
    """

    def __init__(
        self,
        key: str,
        answers: Sequence[tuple[str, str]],
        judge: Callable[[int, bool], str],
        edit: Callable[[int, str], str],
        choose: Callable[[int], str],
    ) -> None:
        self._judge, self._edit, self._choose = judge, edit, choose
        self._told: list[dict[str, Any]] = [dict(_NOTHING) for _ in answers]
        self._better = -1
        self.key = key
        self._place = LivePlace(
            "judge_buttons",
            key,
            self._hear,
            titles=[title for title, _ in answers],
            texts=[text for _, text in answers],
            told=self._told,
            better=self._better,
        )
        self.answer = self._place.answer

    def close(self) -> None:
        """Take the buttons away; what was kept stays."""
        self._place.close()

    def _hear(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        ask, column = content.get("ask"), content.get("column")
        if not within_range(column, len(self._told) - 1):
            return None
        at = int(str(column))
        press = {"judge": self._pressed, "edit": self._edited, "choose": self._chosen}
        act = press[ask](at, content) if isinstance(ask, str) and ask in press else None
        if act is None:
            return None
        failed = self._do(at, act)
        return {"tell": "judged", "ask": ask, "column": at, "failed": failed}

    def _do(self, at: int, act: Callable[[], dict[str, Any]]) -> bool:
        """Keep something and show what came of it; whether that failed."""
        told = [dict(one) for one in self._told]
        try:
            told[at] |= act() | {"failed": False}
            for one in told[:at] + told[at + 1 :]:
                # It was the better one until now, which its words are not to claim any longer.
                if self._better == at and one["words"] == one["better"]:
                    one["words"] = ""
        except (FtError, OSError) as error:
            told[at] |= {"words": problem_words(error), "failed": True}
        self._told = told
        self._place.show(told=told, better=self._better)
        return bool(told[at]["failed"])

    def _pressed(self, at: int, content: Mapping[str, Any]) -> Callable[[], Any] | None:
        good = content.get("good")
        if not isinstance(good, bool):
            return None
        return lambda: {"words": self._judge(at, good), "verdict": "good" if good else "bad"}

    def _edited(self, at: int, content: Mapping[str, Any]) -> Callable[[], Any] | None:
        text = content.get("text")
        if not isinstance(text, str) or len(text) > MOST_EDIT:
            return None
        return lambda: {"words": self._edit(at, text), "edit": text}

    def _chosen(self, at: int, content: Mapping[str, Any]) -> Callable[[], Any] | None:
        if len(self._told) < 2:
            return None

        def choose() -> dict[str, Any]:
            words = self._choose(at)
            self._better = at
            return {"words": words, "better": words}

        return choose
