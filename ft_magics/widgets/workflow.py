"""The way from a goal to a tuned model, with ticks; and a single message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ft_magics.widgets.plain import clean, columns, wrap
from ft_magics.widgets.style import Bundle, bundle, card, esc, head, note

__all__ = ["Step", "message", "workflow_card"]


@dataclass(frozen=True)
class Step:
    """One step of the workflow."""

    title: str
    done: bool
    detail: str = ""
    """What there is, or what is missing."""


def workflow_card(steps: Sequence[Step], next_cell: str = "") -> Bundle:
    """The steps with ticks, and the next cell to write.

    Args:
        steps: In order. The first that is not done is where the user stands.
        next_cell: Source of a cell; empty when everything is done.
    """
    done = sum(s.done for s in steps)
    here = next((s for s in steps if not s.done), None)
    rows = "".join(_row(s, s is here) for s in steps)
    code = f"<p>The next cell:</p><pre><code>{esc(next_cell)}</code></pre>" if next_cell else ""
    html = card(
        head("From a goal to a tuned model", [f"{done} of {len(steps)} steps"]),
        f'<table class="ft-steps"><tbody>{rows}</tbody></table>',
        code,
    )
    marks = [("✓" if s.done else "→" if s is here else "○", s.title, s.detail) for s in steps]
    plain = [f"From a goal to a tuned model  {done} of {len(steps)} steps", ""]
    plain += columns([], marks)
    if next_cell:
        plain += ["", "The next cell:", "", *(f"    {x}" for x in clean(next_cell).split("\n"))]
    return bundle(html, plain)


def _row(step: Step, here: bool) -> str:
    kind, shape, said = (
        ("ok", "✓", "done") if step.done else ("go", "→", "next") if here else ("dim", "○", "open")
    )
    mark = f'<span class="ft-{kind}" role="img" aria-label="{said}" title="{said}">{shape}</span>'
    return (
        f'<tr><td>{mark}</td><th scope="row">{esc(step.title)}</th>'
        f'<td class="{"" if step.done or here else "ft-dim"}">{esc(step.detail)}</td></tr>'
    )


def message(text: str, severity: str = "note") -> Bundle:
    """One message.

    Args:
        text: The words.
        severity: `note`, `warning` or `error`.
    """
    mark = {"warning": "⚠ ", "error": "✕ "}.get(severity, "")
    return bundle(card(note(text, severity, only=True)), wrap(mark + text))
