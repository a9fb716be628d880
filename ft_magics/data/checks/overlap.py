"""Training rows that ask what is meant to be held out: golden questions, or eval rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ft_magics.data.checks.check import MOST_EXAMPLES, RowAt
from ft_magics.data.checks.signatures import Vocabulary
from ft_magics.data.excerpts import excerpt
from ft_magics.data.findings import Example, Finding, finding
from ft_magics.data.rows import AnyRow, Message, Row, system_of
from ft_magics.data.sameness import canonical, same_pairs, skeleton, words
from ft_magics.data.views import View, conversation_words, text_of

__all__ = ["GoldenOverlap", "eval_overlap", "golden_overlap", "overlap_finding"]

Overlap = tuple[int, int, bool]
"""The number of a training row, the number of what it asks, and whether to the letter."""

_REMEDIES = {
    "golden question": "They are left out of training, unless train_on_golden is set: what is "
    "trained on cannot show what was learned.",
    "eval row": "Take them out of training: what is trained on cannot show what was learned.",
}
"""What they are, too, and what to do."""


class GoldenOverlap:
    """Finds the rows that train on one of a set of questions, the same or nearly.

    Nearly means: but for case, punctuation, spacing and typing errors. Another wording is another
    question. A row with another system text than the question's is another one, too; where one of
    them has none, it counts as the same.
    """

    def __init__(self, questions: Iterable[tuple[int, Sequence[Message]]]) -> None:
        self._asked: dict[int, _Question] = {}
        self._by_canon: dict[int, list[int]] = {}
        self._by_bones: dict[int, list[int]] = {}
        self._vocabulary = Vocabulary()
        self._found: list[tuple[int, int, bool, list[tuple[str, str]]]] = []
        for number, messages in questions:
            asked = _Question(messages)
            if not asked.words:
                continue
            self._asked[number] = asked
            self._by_canon.setdefault(hash(canonical(asked.words)), []).append(number)
            self._by_bones.setdefault(hash(skeleton(asked.words)), []).append(number)

    def see(self, row: AnyRow) -> None:
        """Compare the next training row with all questions.

        Args:
            row: Of any kind; in a conversation, every question that an answer follows is compared.
        """
        for prompt in _prompts(row):
            asked = _Question(prompt)
            self._vocabulary.add(asked.words)
            near = self._by_canon.get(hash(canonical(asked.words)), ())
            alike = self._by_bones.get(hash(skeleton(asked.words)), ())
            for number in dict.fromkeys((*near, *alike)):
                pairs = self._asked[number].same(asked)
                if pairs is not None:
                    exact = self._asked[number].text == asked.text
                    self._found.append((row.number, number, exact, pairs))

    def overlaps(self) -> list[Overlap]:
        """What was found: row number, question number, whether to the letter."""
        best: dict[tuple[int, int], bool] = {}
        for row, number, exact, pairs in self._found:
            if not self._vocabulary.differ(pairs):
                best[row, number] = exact or best.get((row, number), False)
        return [(row, number, exact) for (row, number), exact in best.items()]


def golden_overlap(
    rows: Iterable[AnyRow], questions: Iterable[tuple[int, Sequence[Message]]]
) -> list[Overlap]:
    """Golden questions that are training rows, too.

    Args:
        rows: The training rows.
        questions: For each its number and its messages up to the question.

    Returns:
        Row number, question number, and whether they are the same to the letter.
    """
    search = GoldenOverlap(questions)
    for row in rows:
        search.see(row)
    return search.overlaps()


def eval_overlap(train: Iterable[AnyRow], eval: Iterable[AnyRow]) -> list[Overlap]:
    """Eval rows whose question is trained on, too.

    Args:
        train: The training rows.
        eval: The rows that are held out; their questions are kept in memory.

    Returns:
        Train row number, eval row number, and whether the questions are the same to the letter.
    """
    asked = ((row.number, prompt) for row in eval for prompt in list(_prompts(row))[-1:])
    return golden_overlap(train, asked)


def overlap_finding(overlaps: Sequence[Overlap], what: str, row_at: RowAt) -> list[Finding]:
    """The finding about rows that overlap; none if there are none.

    Args:
        overlaps: As `golden_overlap` gave them.
        what: What they are, too: `golden question`, `eval row`.
        row_at: Gives a training row back.
    """
    if not overlaps:
        return []
    exact = sum(to_the_letter for _, _, to_the_letter in overlaps)
    nearly = f", {len(overlaps) - exact} of them nearly" if exact < len(overlaps) else ""
    examples = [
        Example(row, excerpt(_asked_text(View(row_at(row)))), title=f"{what} {number}")
        for row, number, _ in overlaps[:MOST_EXAMPLES]
    ]
    return [
        finding(
            f"{what.replace(' ', '-')}-overlap",
            "warning",
            [row for row, _, _ in overlaps],
            f"the question is {_article(what)} {what}, too{nearly}",
            _REMEDIES[what],
            examples=examples,
        )
    ]


class _Question:
    """A question with what came before it, in the forms that are compared."""

    def __init__(self, messages: Sequence[Message]) -> None:
        turns = messages[1:] if system_of(messages) is not None else messages
        self.system = words(system_of(messages) or "")
        self.text = text_of(turns).strip()
        self.words = conversation_words(turns) if any(m.content.strip() for m in turns) else []

    def same(self, other: _Question) -> list[tuple[str, str]] | None:
        """The words that differ by typing errors; None if it is another question."""
        if self.system and other.system and same_pairs(self.system, other.system) is None:
            return None
        return same_pairs(self.words, other.words)


def _prompts(row: AnyRow) -> Iterator[Sequence[Message]]:
    """What each answer of a row follows; a plain text is compared as a question."""
    if not isinstance(row, Row):
        yield row.prompt
    elif row.text is not None:
        yield (Message("user", row.text),)
    else:
        for place, message in enumerate(row.messages):
            if place and message.role == "assistant":
                yield row.messages[:place]


def _asked_text(view: View) -> str:
    return view.question or view.plain or ""


def _article(what: str) -> str:
    return "an" if what[:1] in "aeiou" else "a"
