"""Answers to one question: the same, or one against the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ft_magics.data.checks.signatures import LONG, Signatures
from ft_magics.data.sameness import content_words, same_pairs, words
from ft_magics.data.views import View

__all__ = ["alike", "judge"]

_EMPHASIS = re.compile(r"\*\*|__|^#{1,6}\s", re.MULTILINE)
_LIST_SIGN = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+", re.MULTILINE)

ViewAt = Callable[[int], View]
Judged = tuple[list[tuple[int, int]], list[int]]
"""Pairs of places that say the same, and the places that contradict each other."""

_MOST_ANSWERS = 40
"""Different answers to one question that are read; further ones count as different."""
_MOST_MEANINGS = 8
"""Different answers that each further one is compared with."""
_ALIKE_ANSWERS = 0.95
"""Share of a long answer's words that stay, in order, if it says the same."""
_ALIKE_PROMPTS = 0.8
"""The same of the questions, when the long answers are alike."""


def judge(kind: str, group: Sequence[int], kept: Signatures, view_at: ViewAt) -> Judged:
    """Sort the answers to one question.

    Args:
        kind: Of the rows.
        group: Places of rows that ask the same, in order, none repeating another exactly.
        kept: The hashes.
        view_at: Gives the row at a place.
    """
    return {"sft": _answers, "preference": _ranks, "unpaired": _labels}[kind](group, kept, view_at)


def alike(one: View, other: View) -> bool:
    """Whether two rows with a long answer are nearly the same.

    Args:
        one: A row with one answer, or a plain text.
        other: Another.
    """
    if getattr(one.row, "label", None) != getattr(other.row, "label", None):
        return False
    if not _long_alike(one.side_words[0], other.side_words[0]):
        return False
    return _similarity(one.prompt_words, other.prompt_words) >= _ALIKE_PROMPTS and _numbers(
        one.prompt_words
    ) == _numbers(other.prompt_words)


def _answers(group: Sequence[int], kept: Signatures, view_at: ViewAt) -> Judged:
    same: list[tuple[int, int]] = []
    first_with: dict[int, int] = {}
    for place in group:
        first = first_with.setdefault(kept.answer[place], place)
        if first != place:
            same.append((first, place))
    meanings: list[int] = []
    against: list[int] = []
    for place in list(first_with.values())[:_MOST_ANSWERS]:
        relations = [_relation(view_at(known), view_at(place)) for known in meanings]
        if "same" in relations:
            same.append((meanings[relations.index("same")], place))
        elif "different" in relations:
            against += [meanings[relations.index("different")], place]
        if not {"same", "contained"} & set(relations) and len(meanings) < _MOST_MEANINGS:
            meanings.append(place)
    against += list(first_with.values())[_MOST_ANSWERS:]
    return same, sorted(set(against))


def _ranks(group: Sequence[int], kept: Signatures, view_at: ViewAt) -> Judged:
    first_with: dict[tuple[int, int], int] = {}
    same: list[tuple[int, int]] = []
    against: set[int] = set()
    for place in group:
        chosen, rejected = kept.answer[place], kept.other[place]
        first = first_with.setdefault((chosen, rejected), place)
        if first != place:
            same.append((first, place))
        reverse = first_with.get((rejected, chosen))
        if reverse is not None and chosen != rejected:
            against |= {reverse, place}
    return same, sorted(against)


def _labels(group: Sequence[int], kept: Signatures, view_at: ViewAt) -> Judged:
    first_with: dict[tuple[int, int], int] = {}
    same: list[tuple[int, int]] = []
    against: set[int] = set()
    for place in group:
        answer, label = kept.answer[place], kept.other[place]
        first = first_with.setdefault((answer, label), place)
        if first != place:
            same.append((first, place))
        other = first_with.get((answer, 1 - label))
        if other is not None:
            against |= {other, place}
    return same, sorted(against)


def _relation(one: View, other: View) -> str:
    """Whether two answers are the `same`, one `contained` in the other, or `different`."""
    first, second = _plain_words(one), _plain_words(other)
    if same_pairs(first, second) is not None or _long_alike(first, second):
        return "same"
    if content_words(first) == content_words(second):
        return "same"
    short, long = sorted((first, second), key=len)
    return "contained" if _contains(long, short) else "different"


def _plain_words(view: View) -> list[str]:
    """The words of an answer without its Markdown: emphasis, headings, the signs of lists."""
    if not view.sides or view.sides[0][-1].tool_calls:
        return view.side_words[0] if view.side_words else []
    text = _EMPHASIS.sub("", view.answers[0])
    listed = len(_LIST_SIGN.findall(text)) > 1
    return words(_LIST_SIGN.sub("", text) if listed else text)


def _contains(long: list[str], short: list[str]) -> bool:
    """Whether the longer text says the shorter one, and more; a single word only at its ends."""
    if len(short) < 3:
        return bool(short) and short in (long[: len(short)], long[-len(short) :])
    return f" {' '.join(short)} " in f" {' '.join(long)} "


def _long_alike(one: list[str], other: list[str]) -> bool:
    if min(len(one), len(other)) < LONG or _numbers(one) != _numbers(other):
        return False
    return _similarity(one, other) >= _ALIKE_ANSWERS


def _similarity(one: list[str], other: list[str]) -> float:
    from rapidfuzz.distance import Indel

    return Indel.normalized_similarity(one, other)


def _numbers(parts: list[str]) -> list[str]:
    return [part for part in parts if part[0].isdigit()]
