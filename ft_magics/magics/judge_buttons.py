"""The buttons under answers: open for the newest cards, closed for the oldest."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ft_magics.magics import port

if TYPE_CHECKING:
    from ft_magics.widgets import JudgeButtons

__all__ = ["MOST_OPEN", "AnswerButtons"]

MOST_OPEN = 32
"""Cards with buttons at one time; a page full of older ones needs none."""


class AnswerButtons:
    """Opens buttons under the answers of a card."""

    def __init__(self) -> None:
        self._open: dict[str, JudgeButtons] = {}
        # Answers of a run in progress are drawn for the last time by the training thread.
        self._guard = threading.Lock()

    def open(self, answers: Any, key: str) -> None:
        """Let complete answers be judged, wherever their card is shown.

        Args:
            answers: A session's `Answers`.
            key: What the card is found by.
        """
        with self._guard:
            # The same question with the same answers: what was pressed stays pressed.
            open_already = self._open.pop(key) if key in self._open else None
            self._open[key] = open_already or _buttons(answers, key)
            while len(self._open) > MOST_OPEN:
                self._open.pop(next(iter(self._open))).close()

    def close(self) -> None:
        """Take all buttons away."""
        with self._guard:
            while self._open:
                self._open.popitem()[1].close()


def _buttons(answers: Any, key: str) -> JudgeButtons:
    from ft_magics.widgets import JudgeButtons

    session = port.session()
    # What is judged is what was shown, also if these answers are replaced in the meantime.
    seen = [session.answered_of(answers, at) for at in range(len(answers.columns))]
    collect = answers.collect

    def judge(column: int, good: bool) -> str:
        return str(session.keep_vote(seen[column], good, collect=collect).words)

    def edit(column: int, text: str) -> str:
        return str(session.keep_edit(seen[column], text, collect=collect).words)

    def choose(column: int) -> str:
        better, others = seen[column], seen[:column] + seen[column + 1 :]
        # One answer twice says nothing; where all say the same, the session says so.
        worse = [one for one in others if one.text.strip() != better.text.strip()] or others[:1]
        kept = [session.keep_choice(better, one, collect=collect) for one in worse]
        return "; ".join(one.words for one in kept)

    shown = [(column.title, column.text) for column in answers.columns]
    return JudgeButtons(key, shown, judge, edit, choose)
