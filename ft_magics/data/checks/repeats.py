"""Rows that say the same: exactly, nearly, or with an answer that contradicts."""

from __future__ import annotations

from collections.abc import Iterator

from ft_magics.data.checks.answers import alike, judge
from ft_magics.data.checks.check import MOST_EXAMPLES, RowAt
from ft_magics.data.checks.clusters import Clusters, runs
from ft_magics.data.checks.signatures import Signatures
from ft_magics.data.excerpts import excerpt
from ft_magics.data.findings import Example, Finding, finding
from ft_magics.data.rows import AnyRow
from ft_magics.data.sameness import same_pairs
from ft_magics.data.views import View, Views

__all__ = ["Repeats"]

_CONTRADICTIONS = {
    "sft": (
        "the same question has different answers",
        "Keep the right answer, or tell the cases apart in the question; keep both only if "
        "variety is wanted.",
    ),
    "preference": (
        "the same two answers are ranked both ways",
        "Decide which one is better, and remove the other row.",
    ),
    "unpaired": (
        "the same answer is labelled good and bad",
        "Decide on one label, and remove the other row.",
    ),
}


class Repeats:
    """Exact and near duplicates, and contradictions."""

    def __init__(self, kind: str, views: Views) -> None:
        self._kind = kind
        self._views = views
        self._kept = Signatures()

    def see(self, row: AnyRow) -> None:
        """Keep a few hashes of the row."""
        self._kept.add(self._views(row))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """Contradictions, exact duplicates, near duplicates: one finding each.

        Args:
            row_at: Gives a row back; asked only for rows that look alike.
        """
        view_at = _Cache(row_at, self._kept)
        repeated, exact = self._exact(view_at)
        near, contradictions = Clusters(), []
        for group in _questions(self._kept, repeated, view_at):
            near_pairs, against = judge(self._kind, group, self._kept, view_at)
            for one, other in near_pairs:
                near.join(one, other)
            contradictions.append(against)
        for one, other in self._reworded(repeated, near, view_at):
            near.join(one, other)
        # What spoils most comes first.
        return [*self._against(contradictions, view_at), *exact, *self._near(near, view_at)]

    def _exact(self, view_at: _Cache) -> tuple[set[int], list[Finding]]:
        repeated: set[int] = set()
        pairs: list[tuple[int, int]] = []
        for run in runs(self._kept.exact):
            repeated.update(run[1:])
            pairs.append((run[0], run[1]))
        if not repeated:
            return repeated, []
        pairs = sorted(pairs)[:MOST_EXAMPLES]
        copies = "this row repeats" if len(repeated) == 1 else "these rows repeat"
        told = finding(
            "duplicate",
            "warning",
            [self._kept.numbers[place] for place in repeated],
            f"{copies} an earlier one exactly",
            "Remove what repeats, unless it is to weigh more.",
            examples=self._side_by_side(pairs, view_at),
            fix="duplicates",
        )
        return repeated, [told]

    def _reworded(
        self, repeated: set[int], near: Clusters, view_at: _Cache
    ) -> Iterator[tuple[int, int]]:
        """Pairs with other words that change nothing: fillers, or a few of a long answer's."""
        for run in runs(self._kept.content):
            group = [place for place in run if place not in repeated]
            yield from ((group[0], place) for place in group[1:])
        for one, other in self._kept.sketches.pairs():
            if one in repeated or other in repeated or near.first(one) == near.first(other):
                continue
            if alike(view_at(one), view_at(other)):
                yield one, other

    def _near(self, near: Clusters, view_at: _Cache) -> list[Finding]:
        groups = near.groups()
        if not groups:
            return []
        rows = [self._kept.numbers[place] for group in groups for place in group]
        many = f" ({len(groups):,} groups)" if len(groups) > 1 else ""
        pairs = [(group[0], group[1]) for group in groups[:MOST_EXAMPLES]]
        return [
            finding(
                "near-duplicate",
                "warning",
                rows,
                f"nearly the same question with nearly the same answer{many}",
                "Keep one of each, unless they are to weigh more.",
                examples=self._side_by_side(pairs, view_at),
            )
        ]

    def _against(self, found: list[list[int]], view_at: _Cache) -> list[Finding]:
        groups = sorted(group for group in found if group)
        if not groups:
            return []
        text, remedy = _CONTRADICTIONS[self._kind]
        many = f" ({len(groups):,} questions)" if len(groups) > 1 else ""
        rows = [self._kept.numbers[place] for group in groups for place in group]
        pairs = [(group[0], group[1]) for group in groups[:MOST_EXAMPLES]]
        examples = self._side_by_side(pairs, view_at)
        return [finding("contradiction", "warning", rows, text + many, remedy, examples=examples)]

    def _side_by_side(self, pairs: list[tuple[int, int]], view_at: _Cache) -> list[Example]:
        examples = []
        for group, (first, second) in enumerate(pairs, start=1):
            one, other = view_at(first), view_at(second)
            start = _first_difference(one.plain or "", other.plain or "")
            for view in (one, other):
                title = excerpt(view.question)
                examples.append(Example(view.number, _answer(view, start), group, title))
        return examples


class _Cache:
    """Views of rows by their place; the last ones stay at hand."""

    def __init__(self, row_at: RowAt, kept: Signatures) -> None:
        self._row_at = row_at
        self._kept = kept
        self._views: dict[int, View] = {}

    def __call__(self, place: int) -> View:
        view = self._views.get(place)
        if view is None:
            if len(self._views) >= 1024:
                self._views.clear()
            view = self._views[place] = View(self._row_at(self._kept.numbers[place]))
        return view


def _questions(kept: Signatures, repeated: set[int], view_at: _Cache) -> Iterator[list[int]]:
    """Places of rows that ask the same question, each group of two or more in order."""
    groups: dict[int, list[int]] = {}
    member: dict[int, int] = {}
    for run in runs(kept.question):
        places = [place for place in run if place not in repeated]
        groups[places[0]] = places
        member |= dict.fromkeys(places, places[0])
    joined = Clusters()
    for run in runs(kept.bones):
        firsts = sorted({member.get(place, place) for place in run if place not in repeated})
        for place in firsts[1:]:
            if _same_question(view_at(firsts[0]), view_at(place), kept):
                joined.join(firsts[0], place)
    for heads in joined.groups():
        merged = [place for head in heads for place in groups.pop(head, [head])]
        groups[heads[0]] = sorted(merged)
    yield from (group for _, group in sorted(groups.items()) if len(group) > 1)


def _same_question(one: View, other: View, kept: Signatures) -> bool:
    pairs = same_pairs(_asked(one), _asked(other))
    return pairs is not None and not kept.vocabulary.differ(pairs)


def _asked(view: View) -> list[str]:
    return view.prompt_words if view.plain is None else view.side_words[0]


def _first_difference(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), 0)


def _answer(view: View, start: int) -> str:
    if view.plain is not None:
        return excerpt(view.plain, start, start + 1)
    answers = [excerpt(answer) for answer in view.answers]
    return " > ".join(answers) if len(answers) > 1 else "".join(answers)
