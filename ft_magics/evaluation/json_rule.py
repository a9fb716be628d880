"""«Answers in JSON»: a rule. «Questions about JSON»: none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ft_magics.evaluation.goal_text import denied, subject
from ft_magics.evaluation.rule import Rule

__all__ = ["find_json"]

_FILL = r"(?:(?:only|just|always|with|in|as|a|an|one|single|valid|strict|strictly|pure|raw|plain|well-formed|compact|correct|back|to|into|the|be)\s+)*"
_SAY = r"(?:answer|reply|replie|respond|response|output|return|give|write|emit|produce|print|format|use|generate|speak|deliver|provide|be|is|are)(?:s|es|ed|d|ing|ted|tted)?"
# What may stand behind «JSON» when JSON is the form, and not the subject: not «JSON tutorials».
_AFTER = (
    r"(?=\s*(?:$|[.,;:!?)\]—–-]|\b(?:only|objects?|arrays?|lists?|format|formatted|output|text|"
    r"documents?|strings?|records?|data|responses?|reply|replies|answers?|with|without|and|or|that|"
    r"which|containing|having|holding|in|for|to|every|each|on|as|by|when|if|always|please|instead|"
    r"is|of|at)\b))"
)
_JSON = re.compile(
    rf"\b{_SAY}\s+{_FILL}json\b{_AFTER}|\b(?:in|as|to|into)\s+{_FILL}json\b{_AFTER}"
    rf"|\b(?:valid|only|strict|pure|raw|nothing but|just)\s+json\b{_AFTER}|\bjson[- ]only\b"
    rf"|\bjson\s+(?:only|output|outputs|answers|replies|responses|objects?|arrays?|format)\b"
    rf"|^json\b{_AFTER}|(?<=[,;:.]\s)json\b(?=\s*(?:$|[.,;]))|\b(?:no|never|not|without)\s+json\b",
    re.IGNORECASE,
)
_SKILLED = re.compile(
    r"\b(?:expert|interested|specialis\w*|specializ\w*|experienced?|skilled|versed|errors?|"
    r"mistakes?|bugs?|comments?|keys?)\s*$",
    re.I,
)
_FIELDS = re.compile(
    r"\b(?:fields?|keys?|propert(?:y|ies)|members?|attributes?)\b(?:\s+(?:named|called|are|of))?\s*:?\s+"
    r"|\bwith\s+(?=[\"'`«“])",
    re.IGNORECASE,
)
_FIELD = re.compile(r"[\"'`«“]?([A-Za-z_][\w-]*)[\"'`»”]?")
_FIELD_GAP = re.compile(r"\s*(?:,\s*(?:and|or)\s+|,\s*|\s+and\s+|\s+or\s+|\s*&\s*|\s*/\s*)")


def find_json(goal: str) -> Iterator[Rule]:
    """JSON, with the fields that the goal names.

    Args:
        goal: As `goal_text.plain` gives it.
    """
    for match in _JSON.finditer(goal):
        start, said = match.start(), match.group().strip()
        at = goal.lower().index("json", start)
        no = denied(goal, at)
        if no is None or (subject(goal, match) or _SKILLED.search(goal[:start])):
            continue
        if no:
            yield Rule("json", said, "not JSON", {"regex": r"\A\s*[^\s\[{]"}, start)
            return
        tail = goal[at : at + 40].lower()
        kind = "array" if re.match(r"json\s+(?:arrays?|lists?)\b", tail) else "object"
        fields = _fields(goal[at:]) if kind == "object" else []
        schema: Any = True
        if fields:
            schema = {"type": "object", "required": fields}
        elif re.match(r"json\s+(?:objects?|arrays?|lists?|records?)\b", tail):
            schema = {"type": kind}
        meaning = f"JSON with {', '.join(fields)}" if fields else "JSON and nothing else"
        yield Rule("json", said, meaning, {"json_schema": schema}, start)
        return


def _fields(text: str) -> list[str]:
    """The names behind «with the fields»."""
    head = _FIELDS.search(text)
    if head is None or re.search(r"[.;!?]", text[: head.start()]):
        return []
    found: list[str] = []
    at = head.end()
    while name := _FIELD.match(text, at):
        if name.group(1).lower() in ("in", "and", "only", "for", "with", "one", "no", "never"):
            break
        found.append(name.group(1))
        gap = _FIELD_GAP.match(text, name.end())
        if gap is None:
            break
        at = gap.end()
    return list(dict.fromkeys(found))
