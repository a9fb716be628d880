"""What is trained on, and what a good answer must show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.widgets.plain import clean, columns, shorten, wrap
from ft_magics.widgets.style import (
    Bundle,
    bundle,
    card,
    esc,
    facts,
    head,
    left_out_text,
    listing,
    sign,
    within,
    words,
)
from ft_magics.widgets.tables import rows_html
from ft_magics.widgets.units import short_hash

if TYPE_CHECKING:
    from ft_magics.data import DataFacts, Finding, GoldenSet

__all__ = ["data_card", "golden_card"]

_EXAMPLE_CHARACTERS = 3_000
_FINDINGS_BYTES = 6_000
_PLAIN_FINDINGS_BYTES = 3_000
_KINDS = {"sft": "question and answer", "preference": "preferences"}


def data_card(facts_: DataFacts) -> Bundle:
    """A data set: how much there is, how it is split, what is trained in a row, what to mend.

    Args:
        facts_: What `data.describe` found.
    """
    chips = [_KINDS.get(facts_.kind, facts_.kind), _number(facts_.rows, "row")]
    if facts_.version > 1:
        chips.append(f"version {facts_.version}")
    rows = _facts(facts_)
    pieces = _merged(facts_.example)
    html = card(
        head(facts_.name, chips),
        facts(rows, left=True, hover={"fingerprint": facts_.sha256}),
        _example(pieces),
        _findings(facts_.findings),
    )
    plain = ["  |  ".join([clean(facts_.name), *chips]), "", *columns([], list(rows.items()))]
    if pieces:
        # Corner brackets: rarely in a text, and as wide as one character.
        shown = "".join(f"⟦{t}⟧" if trained else t for t, trained in pieces)
        plain += [
            "",
            "One row as the model reads it; ⟦trained⟧:",
            "",
            *wrap(shown.rstrip(), indent="  "),
        ]
    told, hidden = within(map(_told, facts_.findings), _PLAIN_FINDINGS_BYTES)
    marks = [_MARKS[f.severity][1] for f in facts_.findings]
    plain += ["", *columns([], list(zip(marks, told, strict=False)))] if told else []
    return bundle(html, [*plain, *([left_out_text(hidden, "finding")] if hidden else [])])


def _number(amount: int, noun: str) -> str:
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def _facts(facts_: DataFacts) -> dict[str, str]:
    rows = {"trained on": _number(facts_.train_rows, "row")}
    if facts_.skipped:
        rows["left out"] = f"{_number(facts_.skipped, 'row')} with problems"
    held = [f"{facts_.eval_rows:,}"] if facts_.eval_rows else []
    rows["eval rows"] = " · ".join([*held, facts_.eval_source]).strip(" ·") or "none"
    if facts_.tokens:
        low, middle, high, most = facts_.tokens
        rows["tokens in a row"] = f"{low} to {most} · median {middle} · 95 % below {high}"
        if facts_.max_length:
            cut = f" · {_number(facts_.cut_rows, 'row')} cut" if facts_.cut_rows else " · none cut"
            rows["longest allowed"] = f"{facts_.max_length:,} tokens{cut}"
        rows["tokens trained"] = f"{facts_.trained_tokens:,}"
    if facts_.system:
        rows["system text"] = shorten(facts_.system, 160)
    rows["fingerprint"] = short_hash(facts_.sha256)
    return rows


def _merged(pieces: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Neighbours that are both trained or both not, as one; cut where a card has no more room."""
    merged: list[tuple[str, bool]] = []
    room = _EXAMPLE_CHARACTERS
    for text, trained in pieces:
        if room <= 0:
            merged.append((" …", False))
            break
        text = clean(text)[:room]
        room -= len(text)
        if merged and merged[-1][1] == trained:
            merged[-1] = (merged[-1][0] + text, trained)
        else:
            merged.append((text, trained))
    return merged


def _example(pieces: Sequence[tuple[str, bool]]) -> str:
    if not pieces:
        return ""
    shown = "".join(f"<mark>{esc(t)}</mark>" if trained else esc(t) for t, trained in pieces)
    return (
        "<p>One row as the model reads it. Only what is <mark>marked</mark> is trained.</p>"
        f'<pre dir="auto">{shown}</pre>'
    )


_MARKS = {"error": ("no", "✕"), "warning": ("hm", "⚠"), "note": ("dim", "·")}


def _told(finding: Finding) -> str:
    """What was found, where and what to do, as sentences."""
    # Some findings name their rows themselves, because there are several.
    where = f"row {finding.row}: " if finding.row and "row" not in finding.text else ""
    return f"{where}{finding.text.rstrip('.')}. {finding.remedy}".strip()


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    told = (f"{sign(_MARKS[f.severity][0], f.severity)} {esc(_told(f))}" for f in findings)
    rows = (f"<tr><td>{words(text)}</td></tr>" for text in told)
    return listing("", rows, _FINDINGS_BYTES, noun="finding")


def golden_card(golden: GoldenSet) -> Bundle:
    """A golden set: each question, and what a good answer must show.

    Args:
        golden: The questions.
    """
    rows = [
        (str(q.number), shorten(q.prompt, 240), _checks(q.checks, q.answer))
        for q in golden.questions
    ]
    chips = [_number(len(rows), "question")]
    if golden.version > 1:
        chips.append(f"version {golden.version}")
    header = ("", "question", "a good answer")
    html = card(head(golden.name, ["golden set", *chips]), rows_html(header, rows))
    plain = ["  |  ".join([clean(golden.name), "golden set", *chips]), ""]
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
    "unknown": lambda v: "says that it does not know" if v else "",
}
