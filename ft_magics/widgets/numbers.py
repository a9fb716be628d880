"""The numbers of a preference run as a table: what each is, what it says, of which rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.widgets.plain import columns
from ft_magics.widgets.rewards import CHOSEN, REJECTED, sides
from ft_magics.widgets.style import esc, words
from ft_magics.widgets.units import judged_loss, reward

if TYPE_CHECKING:
    from ft_magics.monitor import RunState

__all__ = ["numbers_html", "numbers_text"]

MARGIN, ACCURACY, KL = "rewards/margins", "rewards/accuracies", "kl"

_ROWS = {
    "dpo": ("loss", CHOSEN, REJECTED, MARGIN, ACCURACY),
    "kto": ("loss", CHOSEN, REJECTED, MARGIN, KL),
}
_NAMES = {"loss": "loss", MARGIN: "margin", ACCURACY: "accuracy", KL: "kl"}
_HEADER = ("number", "training", "eval", "what it says")


def _name(state: RunState, number: str) -> str:
    return dict(zip((CHOSEN, REJECTED), sides(state), strict=True)).get(number) or _NAMES[number]


def _meaning(state: RunState, number: str) -> str:
    """What a number is; it stands where there is nothing to say of it yet."""
    chosen, rejected = sides(state)
    return {
        "loss": "what the training lowers",
        CHOSEN: f"how much likelier the {chosen} answers are than at the start",
        REJECTED: f"how much likelier the {rejected} answers are than at the start",
        MARGIN: f"{chosen} less {rejected}: how clearly it prefers",
        ACCURACY: f"in which share of the pairs the {chosen} answer gains on the {rejected} one",
        KL: "how much likelier answers to other questions are than at the start",
    }[number]


def _trained(state: RunState, number: str) -> float | None:
    points = state.train_points if number == "loss" else state.metrics.get(number, ())
    return state.recent(points)


def _held_out(state: RunState, number: str) -> float | None:
    if number == "loss":
        return state.eval_loss
    points = state.eval_metrics.get(number)
    return points[-1][1] if points else None


def _shown(number: str, value: float | None) -> str:
    return (judged_loss if number == "loss" else reward)(value)


def _raw(state: RunState, number: str) -> str:
    points = state.train_points if number == "loss" else state.metrics.get(number, ())
    if not points:
        return ""
    mean, (step, value) = state.recent(points), points[-1]
    return f"mean of the last {state.width(points)} steps: {mean:.6f}; step {step}: {value:.6f}"


def numbers_html(state: RunState, *, live: bool) -> str:
    """The table for a card.

    Args:
        state: The run.
        live: Keeps the column of the held-out rows before they were scored.
    """
    held = live or bool(state.eval_points)
    shown = [name for name in _HEADER if held or name != "eval"]
    head = "".join(f'<th scope="col"{_numeric(name)}>{esc(name)}</th>' for name in shown)
    rows = "".join(_row(state, number, held) for number in _ROWS.get(state.method, ()))
    # While words are still to come, narrow cells keep two lines for them.
    kind = "ft-nums ft-wait" if live else "ft-nums"
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _numeric(name: str) -> str:
    return ' class="ft-num"' if name in ("training", "eval") else ""


def _row(state: RunState, number: str, held: bool) -> str:
    said, meaning = state.words.get(number), _meaning(state, number)
    cells = [
        f'<th scope="row" title="{esc(meaning)}">{esc(_name(state, number))}</th>',
        f'<td class="ft-num" title="{esc(_raw(state, number))}">'
        f"{_shown(number, _trained(state, number))}</td>",
    ]
    if held:
        value = _shown(number, _held_out(state, number))
        cells.append(f'<td class="ft-num" data-t="eval">{value}</td>')
    cells.append(f"<td>{words(esc(said) if said else f'<em>{esc(meaning)}</em>')}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def numbers_text(state: RunState) -> list[str]:
    """The table for a terminal."""
    held = bool(state.eval_points)
    rows = []
    for number in _ROWS.get(state.method, ()):
        row = [_name(state, number), _shown(number, _trained(state, number))]
        row += [_shown(number, _held_out(state, number))] if held else []
        rows.append([*row, state.words.get(number) or _meaning(state, number)])
    return columns([n for n in _HEADER if held or n != "eval"], rows, "lrr" if held else "lr")
