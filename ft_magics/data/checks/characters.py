"""Characters that do not belong: white space around texts, hidden ones, a wrong encoding."""

from __future__ import annotations

from dataclasses import dataclass

from ft_magics.data.checks.check import RowAt, Tally
from ft_magics.data.excerpts import excerpt, visible
from ft_magics.data.findings import Finding, Severity
from ft_magics.data.fixes.rows import repaired
from ft_magics.data.rows import AnyRow
from ft_magics.data.views import View, Views

__all__ = ["LostCharacters", "Repairable", "repairable_checks"]


@dataclass(frozen=True)
class _Fault:
    """A fault that a repair mends."""

    check: str
    severity: Severity
    fix: str
    text: str
    remedy: str


_FAULTS = (
    _Fault(
        "white-space",
        "note",
        "white-space",
        "stray white space before or after a text",
        "Strip it: the model would learn to write it.",
    ),
    _Fault(
        "line-ends",
        "note",
        "line-ends",
        "lines end with a carriage return",
        "Write line ends as \\n: the model would learn to write the other ones.",
    ),
    _Fault(
        "hidden-characters",
        "warning",
        "hidden-characters",
        "control or zero-width characters, which nobody sees but the model",
        "Remove them.",
    ),
    _Fault(
        "encoding",
        "warning",
        "encoding",
        "characters that were read in the wrong encoding",
        "Restore them, best by reading the file again as UTF-8.",
    ),
    _Fault(
        "code-fences",
        "warning",
        "code-fences",
        "a code fence is not closed",
        "Close it, unless the answer is cut off: then finish it.",
    ),
)


class Repairable:
    """Texts that a repair would change: found by the very repair, so that both agree."""

    def __init__(self, fault: _Fault, views: Views) -> None:
        self._fault = fault
        self._views = views
        self._found = Tally()
        self._clean = _CLEAN[fault.fix]

    def see(self, row: AnyRow) -> None:
        """Try the repair, unless a quick look shows that there is nothing to do."""
        if self._clean(self._views(row)):
            return
        changed = repaired(self._fault.fix, row)
        if changed:
            self._found.add(row.number, _changed_piece(*changed[0]))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about all these rows."""
        fault = self._fault
        return self._found.told(fault.check, fault.severity, fault.text, fault.remedy, fault.fix)


class LostCharacters:
    """Texts with � in place of characters that no one can restore."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._found = Tally()

    def see(self, row: AnyRow) -> None:
        """Look for the character."""
        whole = self._views(row).whole
        at = whole.find("\ufffd")
        if at >= 0:
            self._found.add(row.number, excerpt(whole, at, at + 1))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about all these rows."""
        text = "characters were lost (\ufffd stands in their place)"
        remedy = "Read the source again in its own encoding, or write the characters."
        return self._found.told("lost-characters", "warning", text, remedy)


def repairable_checks(views: Views) -> list[Repairable]:
    """A check for each fault of characters that can be repaired.

    Args:
        views: Shared by the checks of a pass.
    """
    return [Repairable(fault, views) for fault in _FAULTS]


def _no_white_space(view: View) -> bool:
    return all(m.content == m.content.strip() for m in view.messages)


def _no_hidden(view: View) -> bool:
    whole = view.whole
    return whole.isascii() and whole.replace("\n", "").replace("\t", "").isprintable()


def _no_mojibake(view: View) -> bool:
    whole = view.whole
    if whole.isascii():
        return True
    from ftfy.badness import is_bad

    # Control characters of Latin-1 are repaired alone, too.
    return not is_bad(whole) and not any("\x80" <= character <= "\x9f" for character in whole)


def _no_fence(view: View) -> bool:
    return "```" not in view.whole and "~~~" not in view.whole


_CLEAN = {
    "white-space": _no_white_space,
    "line-ends": lambda view: "\r" not in view.whole,
    "hidden-characters": _no_hidden,
    "encoding": _no_mojibake,
    "code-fences": _no_fence,
}
"""For each repair a quick look that is sure when it says that there is nothing to do."""


def _changed_piece(before: str, after: str) -> str:
    """The text around its first change; at its end, if only that changed."""
    pairs = zip(before, after, strict=False)
    shorter = min(len(before), len(after))
    return visible(before, next((i for i, (a, b) in enumerate(pairs) if a != b), shorter))
