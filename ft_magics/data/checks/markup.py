"""Answers whose markup is broken or left over: JSON, HTML, escapes, prompt templates."""

from __future__ import annotations

import json
import re
from array import array
from dataclasses import dataclass

from ft_magics.data.checks.check import MOST_EXAMPLES, RowAt, Tally
from ft_magics.data.excerpts import excerpt
from ft_magics.data.findings import Example, Finding, Severity, finding
from ft_magics.data.rows import AnyRow
from ft_magics.data.views import View, Views

__all__ = ["BrokenJson", "Leftovers", "leftover_checks", "prose"]

_CODE = re.compile(r"(```|~~~).*?(?:\1|\Z)|`[^`\n]+`", re.DOTALL)
_JSON_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n```\Z", re.DOTALL)
_FEWEST_JSON = 3


class BrokenJson:
    """Answers that are no JSON, where most are; where most are not, it has nothing to say."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._valid = 0
        self._others = array("q")

    def see(self, row: AnyRow) -> None:
        """Count answers that are a JSON object or array, and keep the others' numbers."""
        view = self._views(row)
        if view.plain is None and view.answers:
            valid = _is_json(view.answers[0])
            self._valid += valid
            if not valid:
                self._others.append(row.number)

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about the answers that are not."""
        if self._valid < _FEWEST_JSON or self._valid <= len(self._others) or not self._others:
            return []
        examples = [
            Example(number, excerpt(View(row_at(number)).answers[0]))
            for number in self._others[:MOST_EXAMPLES]
        ]
        text = f"the answer is not valid JSON, as {self._valid:,} others are"
        remedy = "Mend it, or remove the row: one broken answer teaches to break the form."
        return [finding("broken-json", "warning", self._others, text, remedy, examples=examples)]


@dataclass(frozen=True)
class _Leftover:
    """Something left over from where the texts came from."""

    check: str
    pattern: re.Pattern[str]
    text: str
    remedy: str
    hints: tuple[str, ...] = ()
    """Unless one of these stands in the answer, the pattern cannot; searched because it is fast."""
    severity: Severity = "note"
    most: float = 0.5
    """Share of the rows from which it is their style, no leftover."""
    about: re.Pattern[str] | None = None
    """What a conversation says in which it is no leftover."""


_LEFTOVERS = (
    _Leftover(
        "html",
        re.compile(
            r"</?(?:br|p|div|span|b|i|em|strong|li|ul|ol|td|tr|table|font|h[1-6])(?:\s[^<>]*)?/?>"
            r"|&(?:amp|lt|gt|quot|nbsp|apos|#\d{2,5}|#x[0-9a-f]{2,5});",
            re.IGNORECASE,
        ),
        "leftover HTML in the answer",
        "Write it as plain text or Markdown, unless answers are to hold HTML.",
        hints=("<", "&"),
        about=re.compile(
            r"html|xml|svg|\bcss\b|\btags?\b|web ?page|\bdom\b|javascript|entit", re.IGNORECASE
        ),
    ),
    _Leftover(
        "escapes",
        re.compile(
            r"""(?<=[\w.!?:;,)*])(?:\\r)?(?:\\n)+(?=[A-Z0-9*#(•\-])|(?:\\n){2,}|&amp;amp;"""
        ),
        "literal \\n or doubled escapes in the answer",
        "Write real line breaks, and escape once.",
        hints=("\\n", "&amp;amp;"),
        about=re.compile(r"escap|regex|newline|line break|string|print|latex|json", re.IGNORECASE),
    ),
    _Leftover(
        "template",
        re.compile(
            r"<\|(?:im_start|im_end|endoftext|user|assistant|system|eot_id|end)\|>|\[/?INST\]"
            r"|<</?SYS>>|<(?:start|end)_of_turn>|^### ?(?:Instruction|Response|Human|Assistant):?\s*$"
            r"|^(?:Human|Assistant): ",
            re.MULTILINE,
        ),
        "a piece of a prompt template stands in the answer",
        "Remove it: the chat template adds its own.",
        hints=(
            "<|",
            "INST]",
            "SYS>>",
            "_of_turn>",
            "### ",
            "###I",
            "###R",
            "Human: ",
            "Assistant: ",
        ),
        about=re.compile(r"template|special token|chatml|fine-?tun|transcript", re.IGNORECASE),
    ),
)


class Leftovers:
    """Answers that hold something left over."""

    def __init__(self, kind: _Leftover, views: Views) -> None:
        self._kind = kind
        self._views = views
        self._seen = 0
        self._found = Tally()

    def see(self, row: AnyRow) -> None:
        """Search the answers, outside code."""
        view = self._views(row)
        self._seen += 1
        kind = self._kind
        for answer in view.answers if view.plain is None else ():
            if not any(hint in answer for hint in kind.hints) or answer[:1] in "{[<":
                continue
            bare = prose(answer)
            found = kind.pattern.search(bare)
            if found and not (kind.about and kind.about.search(view.whole)):
                self._found.add(row.number, excerpt(bare, *found.span()))

    def findings(self, row_at: RowAt) -> list[Finding]:
        """One finding about these rows, unless most are like that."""
        kind = self._kind
        if len(self._found.rows) > max(self._seen * kind.most, MOST_EXAMPLES):
            return []
        return self._found.told(kind.check, kind.severity, kind.text, kind.remedy)


def leftover_checks(views: Views) -> list[Leftovers]:
    """A check for each kind of leftover.

    Args:
        views: Shared by the checks of a pass.
    """
    return [Leftovers(kind, views) for kind in _LEFTOVERS]


def prose(text: str) -> str:
    """The text without its code.

    Args:
        text: Any, with Markdown's fences and back-ticks.
    """
    return _CODE.sub(" ", text) if "`" in text or "~~~" in text else text


def _is_json(answer: str) -> bool:
    bare = answer.strip()
    if bare.startswith("```") and (fenced := _JSON_FENCE.match(bare)):
        bare = fenced[1].strip()
    if bare[:1] not in ("{", "["):
        return False
    try:
        json.loads(bare)
    except (ValueError, RecursionError):
        return False
    return True
