"""Texts that say nothing of their own: empty questions, refusals, placeholders."""

from __future__ import annotations

import re

from ft_magics.data.checks.check import RowAt, Tally
from ft_magics.data.checks.markup import prose
from ft_magics.data.excerpts import excerpt, visible
from ft_magics.data.findings import Finding
from ft_magics.data.rows import AnyRow, Preference
from ft_magics.data.views import Views

__all__ = ["EmptyQuestions", "Placeholders", "Refusals", "is_refusal"]

_NOTHING = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])

_REFUSAL = re.compile(
    r"\b(?:as an? (?:ai|artificial intelligence|(?:large )?language model)(?: language)?(?: model)?\b"
    r"(?= *,| i\b)|i(?:'m| am) (?:just |only )?an? (?:ai|(?:large )?language model)\b"
    r"|my (?:knowledge cutoff|training data only|last (?:knowledge )?update)"
    r"|i(?:'m| am) (?:very )?sorry,? (?:but )?i (?:can't|can ?not|am unable|am not able)"
    r"|i (?:can't|can ?not|am unable to|am not able to|won't) "
    r"(?:assist|help|fulfil|fulfill|comply|provide|answer|do that)\b)"
)
_REFUSAL_HINTS = ("sorry", " model", " ai", "i can", "i am ", "i won", "my ", "artificial")
_BEGINNING = 400
"""Characters of an answer in which a refusal stands, if it is one."""

_HINTS = ("TODO", "FIXME", "TBD", "orem ipsum", "[", "<", "asdf", "xxx", "XXX", "...", "…", "/")
_UNWRITTEN = re.compile(
    r"\b(?:TODO|FIXME)\b(?!\s*(?:lists?|apps?|items?|comments?)\b)(?=\s*[:\-–(]|\s*$)"
    r"|\b[Ll]orem ipsum dolor|\A\W*(?:TBD|TBA|tbd|asdf\w*|xxx+|XXX+|n/a|N/A|placeholder|\.{3,}|…)\W*\Z",
    re.MULTILINE,
)
_TO_FILL_IN = re.compile(
    r"\[(?:insert|your|enter|add|fill in|company|customer|first|last)\b[^\]\n]{0,60}\](?!\()"
    r"|<(?:your|insert|enter)[ _-][^<>\n]{1,60}>",
    re.IGNORECASE,
)


class EmptyQuestions:
    """Rows whose question is empty, or shows nothing."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._found = Tally()

    def see(self, row: AnyRow) -> None:
        """Look at the user turns."""
        for message in self._views(row).messages:
            text = message.content
            if message.role == "user" and not (text.strip() and text.translate(_NOTHING).strip()):
                self._found.add(row.number, visible(text) or "(empty)")

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about all these rows."""
        remedy = "Write it, unless it is meant."
        return self._found.told("empty-question", "warning", "the question is empty", remedy)


class Refusals:
    """Answers that refuse, or that speak of being a language model."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._found = Tally()
        self._chosen = False

    def see(self, row: AnyRow) -> None:
        """Look at the beginning of the answer; of a preference, of the chosen one."""
        view = self._views(row)
        self._chosen = self._chosen or isinstance(row, Preference)
        if view.plain is not None or not view.answers or getattr(row, "label", True) is False:
            return
        if is_refusal(view.answers[0]):
            if isinstance(row, Preference) and is_refusal(view.answers[1]):
                return
            self._found.add(row.number, excerpt(view.answers[0]), excerpt(view.question))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about all these rows."""
        text = (
            "the chosen answer is a refusal, the rejected one is not"
            if self._chosen
            else ("the answer is a refusal or a language model's boilerplate")
        )
        remedy = "Write what is to be answered, unless it is to be refused."
        return self._found.told("refusal", "note", text, remedy)


class Placeholders:
    """Texts that were to be filled in."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._unwritten = Tally()
        self._to_fill_in = Tally()

    def see(self, row: AnyRow) -> None:
        """Look at the texts, outside code."""
        view = self._views(row)
        if not any(hint in view.whole for hint in _HINTS):
            return
        for answer in view.answers if view.plain is None else [view.plain]:
            bare = prose(answer)
            if found := _UNWRITTEN.search(bare):
                self._unwritten.add(row.number, excerpt(bare, *found.span()))
            elif found := _TO_FILL_IN.search(bare):
                self._to_fill_in.add(row.number, excerpt(bare, *found.span()))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about answers not written yet, one about gaps to fill in."""
        return [
            *self._unwritten.told(
                "placeholder",
                "warning",
                "the answer is not written yet",
                "Write it, or remove the row.",
            ),
            *self._to_fill_in.told(
                "fill-in",
                "note",
                "the answer has a gap to be filled in",
                "Fill it in, unless the gap is the answer.",
            ),
        ]


def is_refusal(answer: str) -> bool:
    """Whether an answer refuses, or speaks of being a language model, at its beginning.

    Args:
        answer: Any.
    """
    start = answer[:_BEGINNING].lower().replace("’", "'")
    if not any(hint in start for hint in _REFUSAL_HINTS):
        return False
    return _REFUSAL.search(start) is not None
