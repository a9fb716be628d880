"""A training run: the curve, its figures, the verdict in words, and what the model answers now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ft_magics.widgets.comparison import Comparison, comparison_html, comparison_text
from ft_magics.widgets.curve import curve_html, text_curve
from ft_magics.widgets.lineage import Stage, lineage_html, lineage_text
from ft_magics.widgets.numbers import numbers_html, numbers_text
from ft_magics.widgets.plain import WIDTH, clean, display_width, shorten, wrap
from ft_magics.widgets.rewards import rewards_html, rewards_text
from ft_magics.widgets.style import (
    LIMIT_BYTES,
    Bundle,
    bundle,
    card,
    esc,
    facts,
    head,
    note,
    weight,
)
from ft_magics.widgets.units import NONE, count, duration, loss, percent, rate, size

if TYPE_CHECKING:
    from ft_magics.monitor import RunState

__all__ = ["standing", "training_card"]

# Room for the golden table is what the rest leaves, but never less than a few rows.
_LEAST_TABLE_BYTES = 1_500
_GOLDEN_LINES = 6
# Of a preference run, which has two curves and a table besides.
_FEW_GOLDEN_LINES, _LOW_CURVE = 2, 7
_NOTICES = 3
_GOAL_CHARACTERS = 240

_SPOILT = (
    "After this run the base in memory is not the base that was loaded. %ft memory --free, or a "
    "kernel restart, loads it anew; then train again."
)


def training_card(
    state: RunState,
    *,
    live: bool = False,
    comparison: Comparison | None = None,
    lineage: tuple[str, Sequence[Stage]] | None = None,
) -> Bundle:
    """A run, while it trains or for good.

    Args:
        state: The run, live or replayed.
        live: Shows time, rate, memory and progress too, and keeps the place of what is still to
            come. What stays in a notebook shows only what repeats from run to run.
        comparison: Answers to the golden questions; the run's own (`state.golden`) unless given.
        lineage: The base, and the stages from it to this run.

    Returns:
        HTML of at most about 30 kB together with its text.
    """
    answers = comparison if comparison is not None else dict(state.golden or {})
    plain = _plain(state, answers, live, lineage)
    parts = [
        head(state.name, state.chips, standing(state, live=live)),
        f'<p class="ft-goal">{esc(_goal(state))}</p>' if state.goal else "",
        _progress(state) if live else "",
        note(_SPOILT, "error") if state.base_unchanged is False else "",
        *_body(state, live),
        _verdict(state, live),
        *(f"<p>{esc(text)}</p>" for text in _notices(state, live)),
        lineage_html(*lineage) if lineage else "",
    ]
    spent = weight(card(*parts)) + weight("\n".join(plain)) + 1_600  # the table's style and frame
    room = max(_LEAST_TABLE_BYTES, LIMIT_BYTES - spent)
    table = comparison_html(answers, room, state.base_unchanged)
    return bundle(card(*parts, table), plain)


def standing(state: RunState, *, live: bool) -> str:
    """Where the run is, in a few words: `step 120 of 200 · 1 min 10 s left`.

    Args:
        state: The run.
        live: Whether time may be told.
    """
    step, total = state.step, state.total_steps
    at = f"step {step} of {total}" if total else f"step {step}"
    if state.state in ("queued", "running") and state.phase:
        return state.phase
    if state.state == "running":
        if not step:
            return "starting"
        left = f" · {duration(state.eta_s)} left" if live and state.eta_s is not None else ""
        return at + left
    if state.state == "queued":
        return "queued"
    if state.state == "finished":
        return f"finished · {step} step{'' if step == 1 else 's'}"
    return f"{state.state} at {at}" if step else state.state


def _progress(state: RunState) -> str:
    share = min(100.0, 100 * state.step / state.total_steps) if state.total_steps else 0.0
    return (
        f'<div class="ft-bar" role="progressbar" aria-label="steps" aria-valuemin="0" '
        f'aria-valuemax="{state.total_steps or 1}" aria-valuenow="{state.step}">'
        f'<i style="width:{share:.1f}%"></i></div>'
    )


def _body(state: RunState, live: bool) -> list[str]:
    """The curve with its figures; of preferences both rewards too, and each number's words."""
    figures = facts(_figures(state, live), hover=_raw_values(state))
    curve = curve_html(state, still=not live)
    if state.method == "sft":
        return ['<div class="ft-body">', curve, figures, "</div>"]
    return [
        f'<div class="ft-body ft-duo">{curve}{rewards_html(state, still=not live)}</div>',
        f'<div class="ft-body">{numbers_html(state, live=live)}{figures}</div>',
    ]


def _figures(state: RunState, live: bool) -> dict[str, str]:
    """Names and values beside the curve; all names from the start, so that nothing moves.

    The table of a preference run's numbers has its losses.
    """
    rows = {} if state.method != "sft" else _losses(state, live)
    epochs = f"{state.epochs:g}" if state.epochs else NONE
    if live:
        rows["epoch"] = f"{state.epoch:.1f} of {epochs}" if state.step else NONE
        rows["tokens/s"] = count(state.tokens_per_s)
        rows["learning rate"] = rate(state.learning_rate)
        rows["memory"] = size(state.memory_bytes)
    else:
        rows["epochs"] = epochs
    share = percent(state.trainable_parameters, state.total_parameters)
    rows["trained"] = f"{count(state.trainable_parameters)} · {share}" if share else NONE
    return rows


def _losses(state: RunState, live: bool) -> dict[str, str]:
    rows = {"loss": loss(state.loss)}
    if live or state.eval_points:
        rows["eval loss"] = loss(state.eval_loss) + _direction(state)
    if not live and state.eval_points and state.best_step is not None:
        best = dict(state.eval_points).get(state.best_step)
        if best is not None and state.best_step != state.eval_points[-1][0]:
            rows["best eval loss"] = loss(best)
    return rows


def _direction(state: RunState) -> str:
    """An arrow when the last look at the eval rows was worse than the best one before it."""
    values = [value for _, value in state.eval_points]
    return " ↑" if len(values) > 1 and values[-1] > min(values[:-1]) else ""


def _raw_values(state: RunState) -> Mapping[str, str]:
    raw = {
        "trained": f"{state.trainable_parameters:,} of {state.total_parameters:,} parameters"
        if state.total_parameters
        else "",
    }
    for name, value in (("loss", state.loss), ("eval loss", state.eval_loss)):
        raw[name] = "" if value is None else f"{value:.6f}"
    return raw


def _words(state: RunState, live: bool) -> tuple[str, str]:
    """What is said about the run, and how serious it is."""
    if state.state == "failed":
        return state.error or "The run failed.", "error"
    if live and not state.step and state.state in ("queued", "running"):
        text = state.phase or ("Waits for its turn." if state.state == "queued" else "Starting.")
        return text[:1].upper() + text[1:], "note"
    early = "Too early to say how it goes." if live else ""
    worrying = state.worrying or state.overfit_since is not None
    return state.verdict or early, "warning" if worrying else "note"


def _verdict(state: RunState, live: bool) -> str:
    text, severity = _words(state, live)
    return note(text, severity, tall=live) if text or live else ""


def _notices(state: RunState, live: bool) -> list[str]:
    """The newest notices; only facts are kept, because another machine gives other notes."""
    told = [n.text for n in state.notices if live or n.severity == "fact"]
    return told[-_NOTICES:]


def _plain(
    state: RunState,
    answers: Comparison,
    live: bool,
    lineage: tuple[str, Sequence[Stage]] | None,
) -> list[str]:
    lines = _plain_head(state, live)
    lines += ["", *wrap(f"✕ {_SPOILT}")] if state.base_unchanged is False else []
    alone = state.method == "sft"
    curve = text_curve(state, WIDTH) if alone else text_curve(state, WIDTH, _LOW_CURVE)
    lines += ["", *curve.split("\n"), ""]
    if not alone:
        lines += [*rewards_text(state, WIDTH).split("\n"), "", *numbers_text(state), ""]
    lines += wrap("   ".join(f"{name} {value}" for name, value in _figures(state, live).items()))
    text, severity = _words(state, live)
    if text:
        lines += ["", *wrap({"warning": "⚠ ", "error": "✕ "}.get(severity, "") + text)]
    lines += [line for text in _notices(state, live) for line in wrap(text)]
    lines += lineage_text(*lineage) if lineage else []
    most = _GOLDEN_LINES if alone else _FEW_GOLDEN_LINES
    table = comparison_text(answers, most, state.base_unchanged)
    return [*lines, *([""] if table else []), *table]


def _goal(state: RunState) -> str:
    return f"goal: {shorten(state.goal, _GOAL_CHARACTERS)}"


def _plain_head(state: RunState, live: bool) -> list[str]:
    status = standing(state, live=live)
    left = clean("  |  ".join([state.name, *state.chips]))
    room = WIDTH - display_width(left) - display_width(status)
    goal = wrap(_goal(state)) if state.goal else []
    return [*([left + " " * room + status] if room > 1 else [*wrap(left), status]), *goal]
