"""Forms that a goal asks for or forbids by a few words: lower case, a bullet list, no apology."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ft_magics.evaluation.goal_text import denied, subject
from ft_magics.evaluation.rule import Rule

__all__ = ["FORMS", "Form", "find_forms"]

_LANGUAGES = (
    "arabic bengali bulgarian catalan chinese croatian czech danish dutch english estonian finnish "
    "french german greek hebrew hindi hungarian icelandic indonesian irish italian japanese korean "
    "latin latvian lithuanian malay mandarin norwegian persian polish portuguese romanian russian "
    "serbian slovak slovenian spanish swahili swedish tamil thai turkish ukrainian urdu vietnamese "
    "welsh"
).replace(" ", "|")
_NO_MARKDOWN = {"not_contains": ["**", "```", "##", "]("]}
_CAPITALS, _SMALL = "A-ZÀ-ÖØ-Þ", "a-zß-öø-ÿ"
_EMOJI = r"\U0001F000-\U0001FAFF\u2600-\u27BF"
_DIALS = "".join(
    rf"(?<!{word} )" for word in ("phone", "house", "serial", "account", "card", "order", "about")
)


@dataclass(frozen=True)
class Form:
    """A form that is asked for or forbidden by a few words."""

    kind: str
    words: str
    """A regular expression, whatever its case."""
    meaning: str
    checks: dict[str, Any] = field(default_factory=dict)
    forbidden: tuple[str, dict[str, Any]] | None = None
    """Meaning and checks where «no», «never» … stands before it; None: then there is no rule."""
    note: str = ""


FORMS = (
    Form(
        "apology",
        r"\b(?:apolog\w*|(?:say(?:s|ing)? |a )?[\"'“«]?sorry\b)",
        "",
        forbidden=("never apologises", {"not_contains": ["sorry", "apolog"]}),
    ),
    Form(
        "number",
        r"\b(?:(?:only|just|nothing but)\s+(?:with\s+)?(?:a\s+|one\s+|the\s+)?(?:single\s+|plain\s+)?"
        rf"(?:numbers?|digits)\b(?!\s+of\b)|{_DIALS}(?:a\s+)?(?:numbers?|digits)\s+only\b|"
        r"(?:answers?|replies|responds?)\s+with\s+(?:a|one)\s+number\b)",
        "only numbers",
        {"regex": r"(?s)\A(?=.*\d)[-+\d\s.,%]+\Z"},
    ),
    Form(
        "yes-no",
        r"\b(?:only\s+|just\s+|with\s+|either\s+)?[\"'“]?yes[\"'”]?\s*(?:or|/|and)\s*[\"'“]?no\b[\"'”]?(?!\s*[-/ ]?\s*(?:questions?|or|problems?|inquiries)\b)",
        "yes or no, and nothing else",
        {"regex": r"(?i)\A\W*(?:yes|no)\W*\Z"},
    ),
    Form(
        "lower-case",
        r"\b(?:(?:in|all|only|using|uses?|writes?)\s+)*(?:lower[- ]?case\b(?:\s+(?:only|letters?))?|small letters\b)",
        "no capital letter",
        {"regex": rf"\A[^{_CAPITALS}]*\Z"},
    ),
    Form(
        "lower-case",
        r"(?<!in )(?<!all )\bcapital(?:s|\s+letters?)\b",
        "",
        forbidden=("no capital letter", {"regex": rf"\A[^{_CAPITALS}]*\Z"}),
    ),
    Form(
        "upper-case",
        r"\b(?:(?:in|all|only|using|uses?|writes?)\s+)*(?:upper[- ]?case\b(?:\s+(?:only|letters?))?|(?:all|in|only|any)\s+(?:all\s+)?(?:caps|capitals|capital letters)\b)",
        "no small letter",
        {"regex": rf"\A[^{_SMALL}]*\Z"},
        ("not all in capitals", {"regex": f"[{_SMALL}]"}),
    ),
    Form(
        "bullets",
        r"\b(?:(?:as|in|with|using|a|an)\s+)*(?:bullet(?:ed)?[- ](?:lists?|points?)|bullets|bullet list)\b",
        "a bullet list",
        {"regex": r"(?m)^[ \t]*[-*•+] +\S"},
        ("no bullet list", {"regex": r"(?ms)\A(?!.*^[ \t]*[-*•+] +\S)"}),
    ),
    Form(
        "numbered",
        r"\b(?:(?:as|in|with|using|a|an)\s+)*(?:numbered|ordered)\s+(?:lists?|steps|points)\b",
        "a numbered list",
        {"regex": r"(?m)^[ \t]*\d+[.)] +\S"},
        ("no numbered list", {"regex": r"(?ms)\A(?!.*^[ \t]*\d+[.)] +\S)"}),
    ),
    Form(
        "table",
        r"\b(?:markdown\s+tables?|(?:as|in)\s+an?\s+(?:markdown\s+|small\s+)?table|(?<=no )tables?|"
        r"(?<=without )tables?|(?<=never )tables?)\b(?!\s+(?:tennis|of contents|top))",
        "a Markdown table",
        {"regex": r"(?m)^.*\|.*\n[ \t|:-]*--[ \t|:-]*$"},
        ("no table", {"regex": r"(?ms)\A(?!.*^[ \t|:-]*--[ \t|:-]*\|?[ \t|:-]*$)"}),
    ),
    Form(
        "markdown",
        r"\b(?:(?:in|as|using|use|uses|any)\s+)*markdown\b(?!\s+tables?)",
        "Markdown",
        forbidden=("no Markdown", _NO_MARKDOWN),
        note="Markdown is many things: name one that every answer has, such as a bullet list.",
    ),
    Form("markdown", r"\bplain text\b", "no Markdown", _NO_MARKDOWN),
    Form(
        "emoji",
        r"\b(?:(?:with|uses?|using|an?|one|any|say)\s+)*(?:emojis?|emoticons?|smileys?)\b",
        "an emoji",
        {"regex": f"[{_EMOJI}]"},
        ("no emoji", {"regex": rf"\A[^{_EMOJI}]*\Z"}),
    ),
    Form(
        "language",
        rf"\b(?:(?:in|to|into|only|speaks?|writes?)\s+)+(?:{_LANGUAGES})\b(?!\s+(?:history|food|culture|"
        r"cuisine|wine|people|law|art|cats?|dogs?|museums?|restaurants?))|"
        rf"\b(?:{_LANGUAGES})\s+(?:answers|replies|only)\b",
        "in a language",
        note="No check tells a language: read the answers, or let `contains` ask for a word that "
        "every such answer has.",
    ),
    Form(
        "unknown",
        r"\b(?:(?:says?|saying|admits?|tells?|states?|answers?)\b[^.,;]{0,30}?\b"
        r"(?:(?:does not|doesn't|do not|don't|not|cannot) know|is unsure|isn't sure|is not sure|"
        r"not sure|unknown|not knowing)|(?:says?|admits?)\s+so\s+(?:when|if)\b|"
        r"admits? (?:when|if|not knowing|ignorance)\b)",
        "says so when it does not know",
        {"unknown": True},
        note="It wants a question that nobody could answer from the rows.",
    ),
    Form(
        "scope",
        r"(?:\bonly\s+(?:answers?|talks?|replies|responds?|speaks?|discusses|knows?)?\s*(?:to\s+)?"
        r"(?:questions?\s+)?about\b|\b(?:answers?|talks?|speaks?)\s+only\s+(?:questions?\s+)?about\b|"
        r"\bonly\s+helps?\s+with\b|\bhelps?\s+only\s+with\b|\bnothing but questions about\b|"
        r"\b(?:refuses|declines|turns down|rejects)\s+(?:to answer\s+)?"
        r"(?:everything|anything|all|any|questions|off-topic|other)\b)",
        "turns down what is off its subject",
        {"unknown": True},
        note="It wants a question off the subject. The check looks for «I don't know» and for "
        "refusals; for a set sentence use `contains`.",
    ),
)  # fmt: skip


def find_forms(goal: str) -> Iterator[Rule]:
    """The forms that a goal asks for or forbids.

    Args:
        goal: As `goal_text.plain` gives it.
    """
    for form in FORMS:
        for match in re.finditer(form.words, goal, re.IGNORECASE):
            start, said = match.start(), match.group().strip()
            no = denied(goal, start)
            if no is False and form.meaning and not subject(goal, match):
                yield Rule(form.kind, said, _meaning(form, said), form.checks, start, form.note)
            elif no and form.forbidden:
                meaning, checks = form.forbidden
                yield Rule(form.kind, said, meaning, checks, start)
            else:
                continue
            break


def _meaning(form: Form, said: str) -> str:
    if form.kind != "language":
        return form.meaning
    language = next(w for w in re.findall(r"\w+", said) if re.fullmatch(_LANGUAGES, w, re.I))
    return f"in {language.capitalize()}"
