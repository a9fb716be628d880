"""A goal, an advice and a plan as cards."""

from __future__ import annotations

from typing import Any

__all__ = ["advice_bundle", "goal_bundle", "plan_bundle"]

Bundle = dict[str, Any]

_WAYS = {"finetune": "training", "prompt": "a prompt", "retrieval": "retrieval"}
_NEXT = "The next cell:"


def goal_bundle(goal: Any, live: bool) -> Bundle:
    """A goal: what of it can be checked, and the golden questions that would."""
    from ft_magics.widgets import AdviceParts, advice_card

    reading = goal.reading
    quoted = reading.example.replace('"', '\\"')
    rows = [
        (f"✓ {rule.meaning}" if rule.checks else f"· {rule.meaning}", _how(rule))
        for rule in reading.rules
    ]
    parts = AdviceParts(
        "Goal",
        verdict=reading.hint or str(goal),
        severity="warning" if reading.hint else "note",
        goal=str(goal) if reading.hint else "",
        rows=rows,
        cells={"For example:": f'%ft goal "{quoted}"'}
        if reading.hint
        else {"Golden questions would check it:": goal.golden_cell},
    )
    return advice_card(parts)


def _how(rule: Any) -> str:
    checks = ", ".join(rule.checks)
    return f"{'checked by ' + checks if checks else 'not checked'}. {rule.note}".strip()


def advice_bundle(view: Any, live: bool) -> Bundle:
    """An advice: the verdict, the reasons, the settings, time and memory, the next cell."""
    from ft_magics.widgets import AdviceParts, advice_card

    chips = [view.data, f"{view.rows:,} row{'' if view.rows == 1 else 's'}", view.base]
    parts = AdviceParts(
        "Advice",
        [chip for chip in chips if chip] if view.data else (),
        view.goal,
        view.sentence,
        "note",
        [(_WAYS[way], text, source) for way, text, source in view.reasons],
        _settings(view),
        notes=[text for text in (view.problem, _hint(view)) if text],
        cells={_NEXT: view.next_cell} if view.next_cell else {},
    )
    return advice_card(parts)


def plan_bundle(view: Any, live: bool) -> Bundle:
    """A plan: every setting, steps, time, and memory against what is free."""
    from ft_magics.widgets import AdviceParts, advice_card

    rows = f"{view.rows} row{'' if view.rows == 1 else 's'}"
    parts = AdviceParts(
        f"Plan of {view.name}",
        [rows, f"{view.plan.total_steps} steps"],
        view.goal,
        settings=_settings(view),
        notes=[f"{rows}, {view.eval_rows} held out or golden. Nothing was trained."],
    )
    return advice_card(parts)


def _rounded(seconds: float) -> float:
    """Two digits that count: an estimate has no more."""
    return float(f"{seconds:.1e}")


def _hint(view: Any) -> str:
    if not view.hint:
        return ""
    return f"About the goal: {view.hint}" if view.goal else view.hint


def _settings(view: Any) -> list[tuple[str, str, str, str]]:
    """The settings, and what the run takes."""
    from ft_magics.widgets.units import duration, size

    lines = [(line.name, line.value, line.why, line.source) for line in view.table]
    plan, time = view.plan, view.estimate
    if plan is None:
        return lines
    per_step = plan.per_device_train_batch_size * plan.gradient_accumulation_steps
    lines.append(
        ("steps", f"{plan.total_steps:,}", f"of {per_step} row{'s' * (per_step > 1)} each", "")
    )
    if time is not None:
        low, about, high = map(_rounded, (time.low_s, time.seconds, time.high_s))
        words = f"between {duration(low)} and {duration(high)}: {time.how}"
        lines.append(("time", f"about {duration(about)}", words, time.source))
    free = f"beside the base; {size(plan.memory_free_bytes)} are free"
    return [*lines, ("memory", f"about {size(plan.memory_bytes)}", free, plan.sources["memory"])]
