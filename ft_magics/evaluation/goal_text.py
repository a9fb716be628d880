"""Words of a goal around a place in it: is what stands there denied, or only spoken about?"""

from __future__ import annotations

import re

__all__ = ["denied", "named", "plain", "spoken_of", "subject"]

# A word that a denial reaches over: «never answers in JSON», and not «does not know in a word».
_WORD = r"(?!(?:and|know|knows|sure|when|if)\b)[\w'/-]+\s+"
_NO = r"(?:no|not|never|without|avoid|avoids|avoiding|nor|neither|cannot|\w+n't|nothing but not)"
_DENIED = re.compile(rf"\b{_NO}\s+(?:{_WORD}){{0,5}}(?:and\s+)?$", re.IGNORECASE)
_NOT_ONLY = re.compile(
    rf"\b(?:not|\w+n't)\s+(?:{_WORD})?(?:only|just|always)\s+(?:{_WORD}){{0,3}}$", re.I
)
_SPOKEN = re.compile(
    r"\b(?:about|regarding|concerning|explain\w*|teach\w*|discuss\w*|understand\w*|describ\w*|know|"
    r"knows|learn\w*|talks?|parse\w*|reads?|validat\w*|fix\w*|debug\w*|correct\w*|from|like)\s+"
    r"(?:(?!in\b|with\b|as\b|only\b|into\b|to\b)[\w'/-]+\s+){0,2}$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“„«]([^\"”“»]{1,80})[\"”“»]|(?<!\w)['‘]([^'’]{1,80})['’](?!\w)")
_NAME = re.compile(r"[A-Z][\w-]*(?:'s)?(?:\s+[A-Z][\w-]*)*")


def plain(text: str) -> str:
    """The goal on one line, with straight apostrophes."""
    return " ".join(text.replace("\u2019", "'").split())


def denied(text: str, start: int) -> bool | None:
    """Whether a word like «never» stands just before a place, in its clause.

    Args:
        text: The goal, as `plain` gives it.
        start: The place.

    Returns:
        None for «not only …», which neither asks for it nor forbids it.
    """
    before = _clause(text[:start])
    if _NOT_ONLY.search(before):
        return None
    return bool(_DENIED.search(before))


def spoken_of(text: str, start: int) -> bool:
    """Whether what stands at a place is a subject: «questions about JSON»."""
    return bool(_SPOKEN.search(_clause(text[:start])))


def subject(text: str, match: re.Match[str]) -> bool:
    """Whether a form that was found is only spoken about; «about cats, as a list» is not.

    Args:
        text: The goal, as `plain` gives it.
        match: The words of the form.
    """
    begins = re.match(r"\s*(?:in|as|with|to|into|using|only|says?|admits?)\b", match.group(), re.I)
    return not begins and spoken_of(text, match.start())


def named(text: str) -> list[str]:
    """What a text begins with: words in quotes, or names with a capital; one, or a list of them."""
    names, rest = [], text
    while found := _QUOTED.match(rest) or _NAME.match(rest):
        name = next((part for part in found.groups() if part), None) or found.group()
        names.append(name.strip().removesuffix("'s"))
        after = re.match(r"\s*(?:,\s*(?:and|or)?|and|or|&)\s*(?=\S)", rest[found.end() :])
        rest = rest[found.end() + after.end() :] if after else ""
    return [name for name in names if name]


def _clause(before: str) -> str:
    return re.split(r"[.,;:!?()]|\bbut\b", before)[-1]
