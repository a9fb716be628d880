"""What only rows with a better and a worse answer, or with a label, can have wrong."""

from __future__ import annotations

from array import array

from ft_magics.data.checks.check import RowAt, Tally
from ft_magics.data.excerpts import excerpt
from ft_magics.data.findings import Finding, finding
from ft_magics.data.fixes.rows import sides_equal
from ft_magics.data.rows import AnyRow, Preference, Unpaired
from ft_magics.data.sameness import canonical
from ft_magics.data.views import Views

__all__ = ["EqualSides", "Labels", "LengthBias", "RepeatedPrompts"]

_FEWEST = 10
_CLEAR = 0.8
_MUCH_LONGER = 1.5
"""Median of longer by shorter answer from which length is what is learned."""
_REPEATED = 20
"""Characters from which a prompt is long enough to be known again; and those that may precede it."""
_UNEQUAL = 4
"""Times as many rows of one label as of the other from which they should be weighted."""


class EqualSides:
    """Preference rows whose two answers are equal, or nearly."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._equal = Tally()
        self._near = Tally()

    def see(self, row: AnyRow) -> None:
        """Compare the sides."""
        view = self._views(row)
        if not isinstance(row, Preference) or len(view.side_words) != 2:
            return
        if canonical(view.side_words[0]) != canonical(view.side_words[1]):
            return
        tally = self._equal if sides_equal(row) else self._near
        tally.add(row.number, " > ".join(excerpt(answer) for answer in view.answers))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about equal sides, one about sides that differ in form alone."""
        return [
            *self._equal.told(
                "equal-sides",
                "warning",
                "the chosen and the rejected answer are the same",
                "Remove the row: there is nothing to prefer.",
                "equal-sides",
            ),
            *self._near.told(
                "near-equal-sides",
                "note",
                "the chosen and the rejected answer differ only in case, punctuation or spacing",
                "Write a rejected answer that is worse in what it says, unless form is the matter.",
            ),
        ]


class RepeatedPrompts:
    """Preference rows of which a side holds the prompt again, so that it does not follow it.

    Whether an answer is one to this prompt cannot be told without reading it.
    """

    def __init__(self, views: Views) -> None:
        self._views = views
        self._found = Tally()

    def see(self, row: AnyRow) -> None:
        """Look at how the sides begin."""
        view = self._views(row)
        question = view.question.strip()
        if isinstance(row, Preference) and len(question) >= _REPEATED:
            for answer in view.answers:
                if question in answer[: len(question) + _REPEATED]:
                    self._found.add(row.number, excerpt(answer), excerpt(question))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about all these rows."""
        text = "an answer holds the prompt again, which it is to follow"
        remedy = "Leave the prompt out of the chosen and the rejected answer."
        return self._found.told("repeated-prompt", "warning", text, remedy)


class LengthBias:
    """Preference rows whose chosen answers are longer throughout, so that length is learned."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._chosen = array("q")
        self._rejected = array("q")

    def see(self, row: AnyRow) -> None:
        """Keep the lengths."""
        if isinstance(row, Preference):
            for kept, side in ((self._chosen, row.chosen), (self._rejected, row.rejected)):
                kept.append(sum([len(message.content) for message in side]))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about the whole set."""
        import numpy as np

        if len(self._chosen) < _FEWEST:
            return []
        chosen = np.asarray(self._chosen, dtype=float)
        rejected = np.asarray(self._rejected, dtype=float)
        ratios = np.maximum(chosen, 1) / np.maximum(rejected, 1)
        for word, ratio in (("longer", ratios), ("shorter", 1 / ratios)):
            share, median = float((ratio > 1).mean()), float(np.median(ratio))
            if share >= _CLEAR and median >= _MUCH_LONGER:
                # Rounded down, so that 99.6 % is not told as all.
                text = f"the chosen answer is {word} in {int(share * 100)} % of the rows (median {median:.1f} ×)"
                remedy = (
                    f"Add rows whose better answer is not the {word} one: else length is learned."
                )
                return [finding("length-bias", "warning", [], text, remedy)]
        return []


class Labels:
    """Unpaired rows of which one label is missing, or rare."""

    def __init__(self) -> None:
        self._good = 0
        self._bad = 0

    def see(self, row: AnyRow) -> None:
        """Count the labels."""
        if isinstance(row, Unpaired):
            self._good += row.label
            self._bad += not row.label

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about the whole set."""
        few, many = sorted((self._good, self._bad))
        if not many:
            return []
        if not few:
            label = "true" if self._good else "false"
            remedy = "Add rows of the other label: there is nothing to tell them from."
            return [finding("labels", "warning", [], f"all labels are {label}", remedy)]
        if many < _FEWEST or many < _UNEQUAL * few:
            return []
        text = f"{self._good:,} labels are true, {self._bad:,} are false"
        remedy = (
            "Add rows of the rarer label, or weight it by desirable_weight or undesirable_weight."
        )
        return [finding("labels", "note", [], text, remedy)]
