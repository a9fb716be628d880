"""What is kept of each row to find those that say the same: a few hashes."""

from __future__ import annotations

from array import array
from collections import Counter

from ft_magics.data.checks.clusters import Sketches
from ft_magics.data.rows import Unpaired
from ft_magics.data.sameness import canonical, content_words, skeleton
from ft_magics.data.views import View, exact_key

__all__ = ["Signatures", "Vocabulary"]

LONG = 40
"""Words from which a text counts as long: it may differ in a few and still say the same."""

_REAL = 3
"""Questions a word stands in before it counts as a word of its own, not as a typing error."""


class Vocabulary:
    """Counts the words of all questions: one that stands in several is no typing error."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, words: list[str]) -> None:
        """Count the words of a question."""
        self._counts.update(set(words))

    def differ(self, pairs: list[tuple[str, str]]) -> bool:
        """Whether one of these pairs is two words of their own, however alike they look."""
        return any(min(self._counts[a], self._counts[b]) >= _REAL for a, b in pairs)


class Signatures:
    """Hashes of all rows, by place: the order in which they came, counted from 0."""

    def __init__(self) -> None:
        self.numbers = array("q")
        self.exact = array("q")
        """Of everything."""
        self.question = array("q")
        """Of all before the answers, but for case, punctuation and spacing."""
        self.bones = array("q")
        """Of the same, but for typing errors too."""
        self.content = array("q")
        """Of the question without its fillers, with the answers."""
        self.answer = array("q")
        """Of the answer (the chosen one), but for case, punctuation and spacing."""
        self.other = array("q")
        """Of the rejected answer; for an unpaired row its label."""
        self.sketches = Sketches()
        self.vocabulary = Vocabulary()

    def add(self, view: View) -> None:
        """Keep the hashes of a row."""
        place = len(self.numbers)
        sides = view.side_words
        answers = [hash(canonical(side)) for side in sides] or [0]
        other = int(view.row.label) if isinstance(view.row, Unpaired) else answers[-1]
        self.numbers.append(view.number)
        self.exact.append(exact_key(view))
        self.answer.append(answers[0])
        self.other.append(other)
        self._add_question(view, (*answers, other))
        if len(sides) == 1 and len(sides[0]) >= LONG:
            self.sketches.add(place, sides[0])

    def _add_question(self, view: View, answers: tuple[int, ...]) -> None:
        prompt = view.side_words[0] if view.plain is not None else view.prompt_words
        # Marks of roles alone, without a word: every row is a question of its own.
        if all(part.startswith("\x02") for part in prompt):
            alone = hash(("no question", view.number))
            for column in (self.question, self.bones, self.content):
                column.append(alone)
            return
        self.vocabulary.add(prompt)
        self.question.append(hash(canonical(prompt)))
        self.bones.append(hash(skeleton(prompt)))
        content = content_words(prompt)
        enough = view.plain is None and content.count(" ") >= 2
        self.content.append(hash((content if enough else view.number, answers)))
