"""Golden questions answered by several models, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ft_magics.widgets.answers import proof_html, proof_text
from ft_magics.widgets.plain import columns, shorten, wrap
from ft_magics.widgets.style import (
    Bundle,
    bundle,
    card,
    esc,
    head,
    left_out_text,
    listing,
    note,
    sign,
    words,
)

__all__ = ["Comparison", "comparison_card", "comparison_html", "comparison_text", "score"]

Comparison = Mapping[str, Sequence[Mapping[str, Any]]]
"""Model name -> its answers in the order of the questions, each
`{"prompt", "answer", "passed": bool | None, "reason"}`, as in `events.GoldenAnswered`."""

ANSWER_CHARACTERS = 240
"""An answer's longest part in a card; the whole one is a `%%prompt` away."""

_KINDS = {True: "ok", False: "no", None: "dim"}
_SIGNS = {True: "✓ ", False: "✕ ", None: ""}


def score(answers: Sequence[Mapping[str, Any]]) -> str:
    """How many of the checked answers passed: `4 of 5`; empty when nothing is checked."""
    checked = [a for a in answers if a.get("passed") is not None]
    return f"{sum(bool(a['passed']) for a in checked)} of {len(checked)}" if checked else ""


_PROOFS = {
    True: ("unchanged since it was loaded", True),
    False: ("not the base that was loaded", False),
    None: ("", True),
}
"""Whether the base was proven to be what was loaded -> its words, and whether they are good."""


def comparison_html(
    comparison: Comparison, budget_bytes: int, base_unchanged: bool | None = None
) -> str:
    """The table, in a card.

    Args:
        comparison: The models' answers; `base` stands first.
        budget_bytes: Room for the rows.
        base_unchanged: Whether the base was proven to be what was loaded; None is not known.
    """
    models = _ordered(comparison)
    if not models or not any(comparison[m] for m in models):
        return ""
    heads = [esc("golden question")]
    for model in models:
        said = score(comparison[model])
        proof, sound = _PROOFS[base_unchanged if model == "base" else None]
        heads.append(esc(f"{model} · {said}" if said else model) + proof_html(proof, sound=sound))
    titles = "".join(f'<th scope="col">{words(head)}</th>' for head in heads)
    return listing(
        titles,
        (_row(row, models) for row in _rows(comparison, models)),
        budget_bytes,
        noun="question",
        kind="ft-gold",
    )


def _row(row: tuple[str, list[Mapping[str, Any] | None]], models: Sequence[str]) -> str:
    prompt, answers = row
    tds = (_answer(a, m) for a, m in zip(answers, models, strict=True))
    return f'<tr><td dir="auto">{words(esc(shorten(prompt, 200)))}</td>{"".join(tds)}</tr>'


def _answer(answer: Mapping[str, Any] | None, model: str) -> str:
    named = f' data-t="{esc(model)}"'
    if answer is None:
        return f"<td{named}>{words('…')}</td>"
    passed = answer.get("passed")
    text = esc(shorten(str(answer.get("answer", "")), ANSWER_CHARACTERS)) or "(no text)"
    if passed is None:
        return f"<td{named}>{words(text)}</td>"
    said = "passed" if passed else "failed"
    if answer.get("reason"):
        said += f": {answer['reason']}"
    return f"<td{named}>{words(f'{sign(_KINDS[passed], said)} {text}')}</td>"


def comparison_text(
    comparison: Comparison, limit: int = 12, base_unchanged: bool | None = None
) -> list[str]:
    """The table as lines of text.

    Args:
        comparison: The models' answers.
        limit: Most questions shown.
        base_unchanged: As for `comparison_html`.
    """
    models = _ordered(comparison)
    rows = list(_rows(comparison, models))
    if not rows:
        return []
    titles = [f"{m} · {said}" if (said := score(comparison[m])) else m for m in models]
    if models[0] == "base":
        proof, sound = _PROOFS[base_unchanged]
        titles[0] += proof_text(proof, sound=sound)
    table = [
        [shorten(prompt, 120), *(_plain_answer(a) for a in answers)]
        for prompt, answers in rows[:limit]
    ]
    lines = columns(["golden question", *titles], table)
    return lines if len(rows) <= limit else [*lines, left_out_text(len(rows) - limit, "question")]


def _plain_answer(answer: Mapping[str, Any] | None) -> str:
    if answer is None:
        return "…"
    text = shorten(str(answer.get("answer", "")), 160) or "(no text)"
    return _SIGNS[answer.get("passed")] + text


def _ordered(comparison: Comparison) -> list[str]:
    return sorted(comparison, key=lambda model: model != "base")


def _rows(
    comparison: Comparison, models: Sequence[str]
) -> Iterator[tuple[str, list[Mapping[str, Any] | None]]]:
    for index in range(max((len(comparison[m]) for m in models), default=0)):
        answers = [comparison[m][index] if index < len(comparison[m]) else None for m in models]
        prompt = next(str(a.get("prompt", "")) for a in answers if a is not None)
        yield prompt, answers


def comparison_card(
    comparison: Comparison,
    *,
    title: str = "golden questions",
    summary: str = "",
    goal: str = "",
    base_unchanged: bool | None = None,
    warning: str = "",
) -> Bundle:
    """The answers of several models to the golden questions.

    Args:
        comparison: The models' answers.
        title: What was asked, in the head.
        summary: The outcome in a sentence.
        goal: What the tuned model is for.
        base_unchanged: Whether the base was proven to be what was loaded; None is not known.
        warning: That it is not, with the remedy.
    """
    number = max((len(a) for a in comparison.values()), default=0)
    chips = [f"{number} question{'' if number == 1 else 's'}"]
    aim = f"goal: {shorten(goal, 240)}" if goal else ""
    html = card(
        head(title, chips),
        f'<p class="ft-goal">{esc(aim)}</p>' if aim else "",
        note(warning, "warning") if warning else "",
        note(summary) if summary else "",
        comparison_html(comparison, 16_000, base_unchanged),
    )
    plain = [f"{title}  {chips[0]}", *(wrap(aim) if aim else []), ""]
    plain += [*wrap(f"⚠ {warning}"), ""] if warning else []
    plain += [*wrap(summary), ""] if summary else []
    return bundle(html, [*plain, *comparison_text(comparison, base_unchanged=base_unchanged)])
