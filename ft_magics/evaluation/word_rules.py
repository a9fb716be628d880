"""Words that a goal wants in every answer, or in none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ft_magics.evaluation.goal_text import denied, named, spoken_of
from ft_magics.evaluation.rule import Rule

__all__ = ["find_words"]

_NEVER = re.compile(r"\b(?:no|never|without|avoids?)\s+(?P<rest>[\"“„«'‘].+)", re.IGNORECASE)
_SAYS = re.compile(
    r"\b(?P<verb>mentions?|mentioning|contains?|includes?|(?:says?|saying|uses?|using|write|writes)"
    r"(?=\s+(?:the\s+(?:words?|phrases?|names?)\b|[\"'“«])))\s+"
    r"(?:(?:the|a|an|his|her|its)\s+)?(?:(?:words?|phrases?|names?)\s+)?(?P<rest>.+)",
    re.IGNORECASE,
)
_EDGE = re.compile(
    r"\b(?P<verb>starts?|begins?|opens?|ends?|closes?|finish(?:es)?)\b(?:\s+(?:every|each|all|its|"
    r"an?|the|your)\s+(?:answers?|repl(?:y|ies)|responses?|sentences?))?\s+(?:with|by saying|in)\s+"
    r"(?:the\s+)?(?:words?\s+|phrases?\s+)?(?P<rest>.+)",
    re.IGNORECASE,
)
_QUOTE = "Put the very words into quotes, and they can be checked."


def find_words(goal: str) -> Iterator[Rule]:
    """What every answer says, never says, begins or ends with.

    Args:
        goal: As `goal_text.plain` gives it.
    """
    for bare in _NEVER.finditer(goal):
        if words := named(bare["rest"]):
            checks = {"not_contains": words[0]}
            yield Rule("never-says", bare.group(), f"never says «{words[0]}»", checks, bare.start())
    for pattern, make in ((_SAYS, _says), (_EDGE, _edge)):
        at = 0
        while match := pattern.search(goal, at):
            at = match.start() + 1
            no = denied(goal, match.start())
            rest = match["rest"]
            # A quotation may hold a comma; a plain word ends at the clause.
            if no is not None and not spoken_of(goal, match.start()):
                yield make(match, rest, no)


def _clip(text: str) -> str:
    return re.split(r"[.,;:!?]|\b(?:and|but|in|with|when|if)\b", text)[0].strip()


def _says(match: re.Match[str], rest: str, no: bool) -> Rule:
    words = named(rest)
    said = f"{match['verb']} {_clip(rest)}".strip()
    what = " and ".join(f"«{w}»" for w in words) if words else _clip(rest)
    if no:
        checks = {"not_contains": words[0] if len(words) == 1 else words} if words else {}
        return Rule("never-says", said, f"never mentions {what}", checks, match.start(), "" if words else _QUOTE)  # fmt: skip
    checks = {"contains": words[0] if len(words) == 1 else words} if words else {}
    note = "" if words else _QUOTE
    return Rule("says", said, f"mentions {what}", checks, match.start(), note)


def _edge(match: re.Match[str], rest: str, no: bool) -> Rule:
    words = named(rest)[:1]
    ends = match["verb"].lower()[0] in "ecf" and not match["verb"].lower().startswith("op")
    verb = "ends" if ends else "begins"
    said = f"{match['verb']} with {_clip(rest)}"
    if not words:
        return Rule("edge", said, f"{verb} with {_clip(rest)}", {}, match.start(), _QUOTE)
    text = re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", words[0])
    pattern = {
        (False, False): rf"\A\s*{text}",
        (False, True): rf"{text}\s*\Z",
        (True, False): rf"\A(?!\s*{text})",
        (True, True): rf"(?s)\A(?!.*{text}\s*\Z)",
    }[no, ends]
    meaning = f"{'never ' if no else ''}{verb} with «{words[0]}»"
    return Rule("edge", said, meaning, {"regex": pattern}, match.start())
