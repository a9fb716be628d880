"""What is trained on, and what a good answer must show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ft_magics.data.findings import row_words
from ft_magics.data.rows import Row
from ft_magics.widgets.changes import changes_html, changes_text
from ft_magics.widgets.findings import findings_html, findings_text
from ft_magics.widgets.histogram import histogram_html, histogram_text
from ft_magics.widgets.plain import WIDTH, clean, columns, shorten, wrap
from ft_magics.widgets.row_browser import rows_key
from ft_magics.widgets.row_pages import RowPages
from ft_magics.widgets.row_view import row_html, row_text
from ft_magics.widgets.style import (
    LIMIT_BYTES,
    Bundle,
    bundle,
    card,
    esc,
    facts,
    head,
    left_out_text,
    note,
    weight,
    within,
)
from ft_magics.widgets.tables import rows_html
from ft_magics.widgets.token_view import legend_html, tokens_html, tokens_text
from ft_magics.widgets.units import short_hash

if TYPE_CHECKING:
    from ft_magics.data import DataFacts, GoldenSet

__all__ = ["data_card", "golden_card"]

_FINDINGS_BYTES = 6_000
_CHANGES_BYTES = 1_600
_TOKENS_BYTES = 2_600
_TURN_CHARACTERS = (240, 120, 70)
"""Of a turn in the rows; less where that brings more rows."""
_PLAIN_FINDINGS_BYTES = 2_000
_PLAIN_TOKENS = 500
_PLAIN_ROWS = 3
_MOST_NAMED = 8
"""Held out rows whose numbers are told."""
_KINDS = {
    "sft": "question and answer",
    "preference": "preferences",
    "unpaired": "answers, good and bad",
}


def data_card(facts_: DataFacts) -> Bundle:
    """A data set: how long its rows are, what to mend in them, and the rows themselves.

    In a live notebook a `RowBrowser` takes over the rows.

    Args:
        facts_: What `data.describe` found.

    Returns:
        HTML of at most about 30 kB together with its text.
    """
    plain = _plain(facts_)
    parts = [
        head(facts_.name, _chips(facts_), facts_.origin),
        _goal(facts_.goal),
        _top(facts_),
        _words(facts_),
        note(*_verdict(facts_)),
        findings_html(facts_.findings, _FINDINGS_BYTES),
        changes_html(facts_.changes, _CHANGES_BYTES),
    ]
    tokens = _tokens(facts_)
    spent = weight(card(*parts, _rows(facts_, 0), tokens)) + weight("\n".join(plain))
    rows = _rows(facts_, LIMIT_BYTES - spent)
    return bundle(card(*parts, rows, tokens), plain)


def _number(amount: int, noun: str) -> str:
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def _chips(facts_: DataFacts) -> list[str]:
    # Not its version: that grows with each Run All, and what is saved is to repeat.
    texts = [isinstance(row, Row) and row.text is not None for row in facts_.first]
    kind = "plain text" if texts and all(texts) else _KINDS.get(facts_.kind, facts_.kind)
    return [kind, _number(facts_.rows, "row")]


def _goal(goal: str | None) -> str:
    return f'<p class="ft-goal">goal: {esc(shorten(goal, 300))}</p>' if goal else ""


def _top(facts_: DataFacts) -> str:
    hover = {"fingerprint": facts_.sha256}
    return (
        f'<div class="ft-top">{histogram_html(facts_)}{facts(_figures(facts_), hover=hover)}</div>'
    )


def _figures(facts_: DataFacts) -> dict[str, str]:
    rows = {"trained on": _number(facts_.train_rows, "row")}
    if facts_.eval_rows:
        rows["held out"] = _number(facts_.eval_rows, "row")
    if facts_.skipped:
        rows["left out"] = _number(facts_.skipped, "row")
    if facts_.tokens:
        low, middle, high, most = facts_.tokens
        rows["tokens in a row"] = f"{low:,} to {most:,}" if low < most else f"{low:,}"
        rows["median"] = f"{middle:,}"
        rows["95 % up to"] = f"{high:,}"
        about = "about " if facts_.sampled else ""
        rows["tokens trained"] = f"{about}{facts_.trained_tokens:,}"
    rows["fingerprint"] = short_hash(facts_.sha256)
    return rows


def _told(facts_: DataFacts) -> dict[str, str]:
    """What needs words: where the eval loss comes from, the system text, a sample."""
    told = {}
    held = ""
    if facts_.held:
        held = f": {row_words(facts_.held[:_MOST_NAMED], facts_.eval_rows)}"
    told["eval"] = f"{facts_.eval_source}{held}"
    if facts_.system:
        told["system text"] = shorten(facts_.system, 160)
    if facts_.sampled:
        told["token counts"] = f"from {facts_.measured:,} rows, spread evenly over all"
    return told


def _words(facts_: DataFacts) -> str:
    return facts(_told(facts_), left=True)


def _verdict(facts_: DataFacts) -> tuple[str, str]:
    """What to make of it, in a sentence, and how serious it is."""
    found = [f.severity for f in facts_.findings if f.check != "bad-row"]
    errors, warnings = found.count("error"), found.count("warning")
    looks = f"{_number(warnings, 'warning')} {'is' if warnings == 1 else 'are'} worth a look"
    if errors:
        also = f"; {looks}" if warnings else ""
        rows = "its rows" if errors == 1 else "their rows"
        told = f"{_number(errors, 'error')}: {rows} cannot be trained on as they are{also}."
        return told, "error"
    left = facts_.skipped
    out = f"{_number(left, 'row')} {'was' if left == 1 else 'were'} left out" if left else ""
    if out or warnings:
        rest = ", and ".join(filter(None, (out, f"{looks} before it" if warnings else "")))
        return f"Nothing stops the training; {rest}.", "warning"
    return "Nothing was found that would spoil the training.", "note"


def _rows(facts_: DataFacts, budget_bytes: int) -> str:
    """The first page; its key is what the live browser finds it by."""
    pages = RowPages(facts_.first, facts_)
    kept: list[str] = []
    for limit in _TURN_CHARACTERS:
        rows = (row_html(pages.view(row), limit) for row in facts_.first)
        fitting, hidden = within(rows, budget_bytes)
        kept = max(kept, fitting, key=len)
        if not hidden:
            break
    key = esc(rows_key(facts_.name, facts_.sha256))
    first = f"The first {len(kept):,} of" if len(kept) < facts_.rows else "All"
    below = f"<p>{first} {_number(facts_.rows, 'row')}. What has a coloured edge is trained.</p>"
    return (
        f'<div class="ft-place" data-ft-rows="{key}"><div class="ft-wide">'
        f'<table class="ft-list ft-rows"><tbody>{"".join(kept)}</tbody></table></div>{below}</div>'
    )


def _tokens(facts_: DataFacts) -> str:
    if not facts_.example:
        return ""
    legend = f"One row as the model reads it · {legend_html(facts_.example)}"
    return f'<p class="ft-legend">{legend}</p>{tokens_html(facts_.example, _TOKENS_BYTES)}'


def _plain(facts_: DataFacts) -> list[str]:
    title = [clean(facts_.name), *_chips(facts_), *([facts_.origin] if facts_.origin else [])]
    lines = ["  |  ".join(map(clean, title))]
    if facts_.goal:
        lines += wrap(f"goal: {shorten(facts_.goal, 300)}")
    lines += ["", *columns([], list({**_figures(facts_), **_told(facts_)}.items()))]
    bars = histogram_text(facts_)
    lines += ["", "tokens in a row", *bars] if bars else []
    text, severity = _verdict(facts_)
    lines += ["", *wrap({"warning": "⚠ ", "error": "✕ "}.get(severity, "") + text)]
    found = findings_text(facts_.findings, _PLAIN_FINDINGS_BYTES)
    lines += ["", *found] if found else []
    if facts_.changes:
        kept, hidden = within(changes_text(facts_.changes), _CHANGES_BYTES)
        lines += ["", "What was mended:", *kept]
        lines += [left_out_text(hidden, "line")] if hidden else []
    pages = RowPages(facts_.first, facts_)
    shown = [row_text(pages.view(row), WIDTH) for row in facts_.first[:_PLAIN_ROWS]]
    lines += ["", *(line for row in shown for line in row)]
    hidden = facts_.rows - len(shown)
    lines += [left_out_text(hidden, "row")] if hidden > 0 else []
    if facts_.example:
        told = tokens_text(facts_.example, _PLAIN_TOKENS).rstrip()
        signs = "⟦trained⟧, ■ ends the turn" + (", ✂ cut off" if "✂" in told else "")
        lines += ["", f"One row as the model reads it; {signs}:", "", *wrap(told, indent="  ")]
    return lines


def golden_card(golden: GoldenSet, goal: str | None = None) -> Bundle:
    """A golden set: each question, and what a good answer must show.

    Args:
        golden: The questions.
        goal: What the notebook is for.
    """
    rows = [
        (str(q.number), shorten(q.prompt, 240), _checks(q.checks, q.answer))
        for q in golden.questions
    ]
    chips = [_number(len(rows), "question")]
    header = ("", "question", "a good answer")
    table = rows_html(header, rows)
    html = card(head(golden.name, ["golden set", *chips]), _goal(goal), table)
    plain = ["  |  ".join([clean(golden.name), "golden set", *chips])]
    plain += [*(wrap(f"goal: {shorten(goal, 300)}") if goal else []), ""]
    shown = [(n, q, shorten(c, 120)) for n, q, c in rows[:40]]
    plain += columns(header, shown, "r")
    hidden = len(rows) - len(shown)
    return bundle(html, [*plain, *([left_out_text(hidden, "question")] if hidden > 0 else [])])


def _checks(checks: Mapping[str, Any], answer: str | None) -> str:
    """The checks of a question in words."""
    said = [_CHECKS[k](v) if k in _CHECKS else f"{k}: {v}" for k, v in checks.items()]
    if answer:
        said.append(f"like “{shorten(answer, 120)}”")
    return "; ".join(filter(None, said)) or "for looking"


def _quoted(value: Any) -> str:
    values = [value] if isinstance(value, str) else list(value)
    return " and ".join(f"“{v}”" for v in values)


_CHECKS = {
    "contains": lambda v: f"contains {_quoted(v)}",
    "not_contains": lambda v: f"does not contain {_quoted(v)}",
    "equals": lambda v: f"is exactly {_quoted(v)}",
    "regex": lambda v: f"matches {v}",
    "json_schema": lambda v: "is JSON" if v is True else f"is JSON that fits {v}",
    "max_sentences": lambda v: f"has at most {v} sentence{'' if v == 1 else 's'}",
    "max_words": lambda v: f"has at most {v} word{'' if v == 1 else 's'}",
    "max_tokens": lambda v: f"has at most {v} token{'' if v == 1 else 's'}",
    "unknown": lambda v: "says that it does not know" if v else "",
}
