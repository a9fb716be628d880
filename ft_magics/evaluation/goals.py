"""A goal in words: is anything in it that an answer can be held against?"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.evaluation.goal_text import plain
from ft_magics.evaluation.rule import Rule
from ft_magics.evaluation.rules import find_rules

__all__ = ["GoalReading", "Offer", "golden_cell", "read_goal"]

_LONGEST = 2_000
"""Characters of a goal that are read: a sentence or two; more is a data set."""

_VAGUE = re.compile(
    r"(?:smart|clever|bright|strong|fast|quick|nic|kind|cool|good|great|short|brief|funn|safe|simpl|"
    r"clear|wis)(?:e?r|i?er|e?st|i?est|e|y|ly|ily)?|better|best|improv\w*|enhanc\w*|optimi[sz]\w*|"
    r"upgrad\w*|boost\w*|(?:more\s+)?(?:help|use|power|thought|meaning|respect)ful\w*|intelligen\w*|"
    r"quality|perfect\w*|awesome|amazing|excellent|natural\w*|human|humanlike|human-like|accura\w*|"
    r"correct\w*|reliab\w*|effective\w*|efficien\w*|capab\w*|con[cs]ise\w*|verbose|wordy|detailed|engaging|friendly|"
    r"polite\w*|profession\w*|creativ\w*|interesting|performan\w*|robust\w*|fluent\w*|coherent\w*|"
    r"relevant\w*|nicely|well"
)
_FILLING = re.compile(
    r"a|about|ai|all|also|an|and|answer|answering|answers|any|are|as|assistant|assistants|at|"
    r"be|become|becomes|been|before|being|bot|bots|can|chat|chatbot|chatbots|conversation|"
    r"conversations|could|do|does|even|every|everything|fine|finetune|finetuned|for|from|"
    r"general|generally|get|gets|give|gives|giving|have|having|how|i|if|in|into|is|it|its|"
    r"just|language|less|let|like|llm|lm|lot|make|makes|making|me|model|models|more|most|much|must|"
    r"my|need|needs|now|of|on|or|our|output|outputs|overall|please|possible|question|questions|quite|"
    r"really|reasoning|replies|reply|respond|responds|response|responses|should|so|some|"
    r"something|talk|talking|talks|text|than|that|the|them|then|they|thing|things|this|to|"
    r"train|tune|tuned|up|us|user|users|very|want|wants|way|we|what|when|which|will|with|work|"
    r"works|would|write|writes|writing|you|your"
)
_WANTS = {
    "style": r"tone|style|voice|persona|character|friendly|polite\w*|funny|formal|informal|casual|"
    r"pirate|poet\w*|brand|(?:speaks?|sounds?|talks?|writes?) like|humou?r\w*|sarcas\w*|cheerful\w*",
    "task": r"classif\w*|label\w*|categori\w*|extract\w*|translat\w*|summar\w*|rewrit\w*|convert\w*|"
    r"tags?|tagging|rout(?:e|es|ing)|detect\w*|moderat\w*|sql|sentiment|paraphras\w*|grade\w*|scor\w*",
    "knowledge": r"know\w*|facts?|questions? about|answers? about|about|faqs?|support|docs|"
    r"documentation|manuals?|handbooks?|polic(?:y|ies)|information|products?|catalog\w*|wiki",
    "fresh": r"latest|current|currently|today\w*|up[- ]to[- ]date|news|prices?|pricing|in stock|"
    r"real[- ]time|recent\w*|changing|weekly|daily|availability|opening hours|this (?:week|month|year)",
}
# A goal that begins so asks for no more than its vague word: «make it smarter about cats».
_ASKS_FOR_MORE = re.compile(
    r"(?:please\s+|i want (?:it |you )?(?:to )?|it should |should )?(?:make|be|keep|get|become|improve|"
    r"enhance|optimi[sz]e|boost|upgrade|increase|raise|better|best|more|smarter|nicer|clearer|faster|"
    r"shorter|higher|as|good|great|perfect)\b",
    re.IGNORECASE,
)
_REWORDINGS = (
    (r"fast\w*|quick\w*|short\w*|brief\w*|concis\w*|efficien\w*", "at most 20 words"),
    (r"polite\w*|friendly|nic\w*|kind\w*|human\w*|respect\w*|engaging", "begins with 'Hello', and at most two sentences"),
    (r"profession\w*|clear\w*|fluent\w*|coherent\w*|well", "at most three sentences, and no emoji"),
    (r"", "at most two sentences, and says so when it does not know"),
)  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """A golden question that would check a part of the goal."""

    meaning: str
    """What it checks, in a few words."""
    checks: dict[str, Any]
    ordinary: bool = True
    """Whether any question will do; else it wants one of its own kind."""


@dataclass(frozen=True)
class GoalReading:
    """What was understood of a goal."""

    goal: str
    rules: tuple[Rule, ...]
    """Rules of format in it, in its order."""
    vague: tuple[str, ...]
    """Words on which two readers would not agree."""
    wants: frozenset[str]
    """What it is about: `format`, `style`, `task`, `knowledge`, `fresh` (facts that change)."""
    subject: bool
    """Whether it names something beside those words: a subject, a task."""
    hint: str = ""
    """How to make it checkable; empty for a goal that is."""
    example: str = ""
    """The goal in the user's own words, made checkable; empty for one that is."""

    @property
    def checkable(self) -> bool:
        """Whether an answer can be held against it."""
        return not self.hint

    @property
    def offers(self) -> tuple[Offer, ...]:
        """Golden questions that would check it."""
        found = [Offer(*_offered(rule)) for rule in self.rules if rule.checks]
        if self.checkable and ("knowledge" in self.wants or not found):
            found.append(Offer(self._unruled, {"contains": ""}, ordinary=False))
        return tuple(found)

    @property
    def _unruled(self) -> str:
        """What a question checks where no rule tells."""
        if "task" in self.wants:
            return "does its task: write an input, and words that only its right answer has"
        if "knowledge" in self.wants or not self.wants:
            return "knows a fact: write the question, and a word that only the right answer has"
        return "shows what is wanted: write a question, and a word that only a good answer has"


_SPECIAL = {
    "unknown": "says so when it does not know: write a question that nobody could answer",
    "scope": "turns down what is off its subject: write such a question",
}


def _offered(rule: Rule) -> tuple[str, dict[str, Any], bool]:
    return _SPECIAL.get(rule.kind, rule.meaning), rule.checks, rule.kind not in _SPECIAL


def read_goal(text: str) -> GoalReading:
    """Say what of a goal can be checked, and how.

    It looks for English words and phrases and understands no more than they say. It never fails,
    whatever the text.

    Args:
        text: The goal as the user wrote it.
    """
    goal = plain(text)[:_LONGEST]
    rules = tuple(find_rules(goal))
    words = re.findall(r"[^\W_][\w'-]*", goal.lower())
    vague = tuple(dict.fromkeys(word for word in words if _VAGUE.fullmatch(word)))
    subject = any(not _VAGUE.fullmatch(word) and not _FILLING.fullmatch(word) for word in words)
    wants = {kind for kind, like in _WANTS.items() if re.search(rf"\b(?:{like})\b", goal, re.I)}
    if rules:
        wants.add("format")
    checked = any(rule.checks for rule in rules)
    only_vague = not subject or (vague and _ASKS_FOR_MORE.match(goal))
    hint = _hint(goal, vague, rules) if only_vague and not checked else ""
    example = _example(goal, vague) if hint else ""
    return GoalReading(goal, rules, vague, frozenset(wants), subject, hint, example)


def _hint(goal: str, vague: tuple[str, ...], rules: tuple[Rule, ...]) -> str:
    if not goal:
        return "Say in one sentence what a good answer shows."
    if vague:
        words = " and ".join(f"«{word}»" for word in vague[:3])
        have = "has no check: two readers would" if len(vague) == 1 else "have no check: two readers would"  # fmt: skip
        text = f"{words} {have} not agree on it."
    else:
        text = "Nothing in it says what a good answer shows."
    notes = "".join(f" {rule.note}" for rule in rules[:1])
    return f"{text}{notes} Say what an answer is about, how long it is, its form, or what it never says."


def _example(goal: str, vague: tuple[str, ...]) -> str:
    """The goal with something checkable behind it."""
    said = " ".join(vague)
    add = next(more for like, more in _REWORDINGS if re.search(rf"\b(?:{like})", said) or not like)
    own = re.sub(r"[\s.,;:!?…]+$", "", goal)
    return f"{own}: {add}" if own else f"Answers questions about …: {add}"


def golden_cell(reading: GoalReading, name: str, prompts: Sequence[str] = ()) -> str:
    """A `%%golden` cell that checks a goal, to be pasted.

    Each part of the goal is a row. The questions are held-out ones where there are some; the other
    rows have an empty prompt, which `%%golden` refuses until the user has written one: a question
    that was made up here would check nothing.

    Args:
        reading: The goal.
        name: What the golden set is to be called; a data set's name ties it to that.
        prompts: Questions that no row is trained on.

    Returns:
        The cell's text; empty where there is nothing to check.
    """
    if not reading.offers:
        return ""
    spare = list(prompts)
    lines = [f"%%golden {name}"]
    for offer in reading.offers:
        # A question may serve again: each row checks something else.
        prompt = ""
        if offer.ordinary and spare:
            prompt = spare[0]
            spare.append(spare.pop(0))
        own = "" if prompt or not offer.ordinary else ": write the question"
        lines.append(f"# {offer.meaning}{own}")
        lines.append(json.dumps({"prompt": prompt, **offer.checks}, ensure_ascii=False))
    return "\n".join(lines)
