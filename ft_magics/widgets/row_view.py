"""One row of a data set for the eye: who says what, and what of it is trained.

The same HTML is saved in a notebook and sent to the live browser, so that they never differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ft_magics.data.rows import Preference, Row, Unpaired
from ft_magics.widgets.findings import MARKS
from ft_magics.widgets.plain import clean, shorten, wrap
from ft_magics.widgets.style import esc, sign, words

if TYPE_CHECKING:
    from ft_magics.data.findings import Finding
    from ft_magics.data.rows import AnyRow, Message

__all__ = ["RowView", "row_html", "row_text"]

_TOOL_CHARACTERS = 4_000
_MARKS_SHOWN = 4


@dataclass(frozen=True)
class RowView:
    """A row and what is known of it."""

    row: AnyRow
    findings: Sequence[Finding] = ()
    """Those that name this row."""
    held: bool = False
    """Whether it is held out for the eval loss."""


def row_html(view: RowView, limit: int, *, whole: bool = False) -> str:
    """A row of the table of rows.

    Args:
        view: The row.
        limit: Most characters of a turn.
        whole: Show also what a saved output has no room for: how much was cut, the tools'
            definitions, the findings' texts on hover.
    """
    row = view.row
    held = ' <small title="held out: it gives the eval loss, and is not trained on">eval</small>'
    number = f"{row.number}{held if view.held else ''}"
    turns = _Turns(limit, whole)
    body = turns.tools(row.tools) + turns.sides(row) + _marks(view.findings, whole)
    return f'<tr data-n="{row.number}"><th scope="row">{number}</th><td>{words(body)}</td></tr>'


@dataclass(frozen=True)
class _Turns:
    """Turns as HTML, in one measure of room."""

    limit: int
    whole: bool

    def sides(self, row: AnyRow) -> str:
        """All that is said in a row; the answers of a preference side by side."""
        if isinstance(row, Row):
            if row.text is not None:
                return self.turn("text", row.text, trained=True)
            return self.messages(row.messages)
        prompt = self.messages(row.prompt)
        if isinstance(row, Unpaired):
            kind, name = ("ok", "good") if row.label else ("no", "bad")
            mark = f"{sign(kind, name)} {name}"
            return prompt + self.messages(row.completion, mark)
        sides = {"ok": ("chosen", row.chosen), "no": ("rejected", row.rejected)}
        cells = (
            f"<td>{words(self.messages(side, f'{sign(kind, name)} {name}'))}</td>"
            for kind, (name, side) in sides.items()
        )
        return f'{prompt}<table class="ft-pair"><tbody><tr>{"".join(cells)}</tr></tbody></table>'

    def messages(self, messages: Sequence[Message], mark: str = "") -> str:
        """Some turns; `mark` is HTML that stands for the role of the first."""
        return "".join(self.message(m, mark if i == 0 else "") for i, m in enumerate(messages))

    def message(self, message: Message, mark: str) -> str:
        """What one turn thinks, says and calls."""
        untrained = message.role == "assistant" and not message.trained
        role = mark or esc(message.role) + (", not trained" if untrained else "")
        trained = message.trained
        parts = [self.turn("thinks", message.reasoning, trained)] if message.reasoning else []
        if message.content or not message.tool_calls:
            said = f"{message.name}: {message.content}" if message.name else message.content
            parts.append(self.turn(role, said, trained))
        parts += [
            self.turn("calls", f"{call.name}({call.arguments})", trained, code=True)
            for call in message.tool_calls
        ]
        return "".join(parts)

    def turn(self, role: str, text: str, trained: bool = False, *, code: bool = False) -> str:
        """One line of a row: `role` is HTML, the text is a user's."""
        said = esc(self.cut(text)) if text else '<span class="ft-dim">(empty)</span>'
        said = f"<code>{said}</code>" if code else said.replace("\n", "<br>")
        own = "ft-turn ft-learnt" if trained else "ft-turn"
        return f'<div class="{own}"><b>{role}</b> <span dir="auto">{said}</span></div>'

    def cut(self, text: str, limit: int = 0) -> str:
        """The beginning of a text that is too long."""
        most = limit or self.limit
        if len(text) <= most:
            return text
        more = f" ({len(text) - most:,} more characters)" if self.whole else ""
        return f"{text[:most].rstrip()} …{more}"

    def tools(self, tools: Sequence[str]) -> str:
        """The functions a row offers: their names, and their definitions where there is room."""
        if not tools:
            return ""
        parsed = [json.loads(tool) for tool in tools]
        named = shorten(", ".join(map(_tool_name, parsed)), self.limit)
        if not self.whole:
            return self.turn("tools", named)
        text = self.cut(json.dumps(parsed, ensure_ascii=False, indent=1), _TOOL_CHARACTERS)
        inside = (
            f'<details><summary>{esc(named)}</summary><pre dir="auto">{esc(text)}</pre></details>'
        )
        return f'<div class="ft-turn"><b>tools</b> <span>{inside}</span></div>'


def _tool_name(tool: Any) -> str:
    inner = tool.get("function", tool) if isinstance(tool, dict) else tool
    return str(inner.get("name", "?")) if isinstance(inner, dict) else str(inner)


def _marks(findings: Sequence[Finding], whole: bool) -> str:
    """What the checks said of a row, in their names; told in full where they are listed."""
    if not findings:
        return ""
    told = []
    for found in _one_each(findings)[:_MARKS_SHOWN]:
        name = f"{sign(MARKS[found.severity][0], found.severity)} {esc(_check_words(found))}"
        told.append(f'<span title="{esc(found.text)}">{name}</span>' if whole else name)
    return f'<div class="ft-turn"><b></b> <small>{" &nbsp; ".join(told)}</small></div>'


def _one_each(findings: Sequence[Finding]) -> list[Finding]:
    """One finding of each check: a row with two gaps is named once."""
    return list({found.check: found for found in reversed(findings)}.values())[::-1]


def _check_words(found: Finding) -> str:
    return found.check.replace("-", " ")


def row_text(view: RowView, width: int) -> list[str]:
    """A row as one line for each turn.

    Args:
        view: The row.
        width: Widest line.
    """
    lines: list[str] = []
    for role, text in _said(view.row):
        lead = f"{view.row.number if not lines else '':>6}  {role:<9} "
        lines.append(lead + shorten(clean(text), width - len(lead)))
    for found in _one_each(view.findings)[:_MARKS_SHOWN]:
        lines += wrap(f"{MARKS[found.severity][1]} {_check_words(found)}", indent=" " * 18)
    return lines


def _said(row: AnyRow) -> Iterable[tuple[str, str]]:
    if isinstance(row, Row):
        yield from [("text", row.text)] if row.text is not None else map(_line, row.messages)
        return
    yield from map(_line, row.prompt)
    if isinstance(row, Preference):
        for name, side in (("✓ chosen", row.chosen), ("✕ reject.", row.rejected)):
            yield from ((name, _line(message)[1]) for message in side)
    elif isinstance(row, Unpaired):
        mark = "✓" if row.label else "✕"
        yield from ((f"{mark} answer", _line(message)[1]) for message in row.completion)


def _line(message: Message) -> tuple[str, str]:
    calls = " ".join(f"{c.name}({c.arguments})" for c in message.tool_calls)
    return message.role, f"{message.content} {calls}".strip()
