"""From what the session returns to what a notebook shows: one card for each kind of object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ft_magics.magics import port

__all__ = ["CARDS", "bundle"]

Bundle = dict[str, Any]


def bundle(thing: Any, *, live: bool = False) -> Bundle:
    """The mime bundle of a session object.

    Args:
        thing: Anything the session returns.
        live: Also show what does not repeat: time, rate, memory.

    Returns:
        `text/html` and `text/plain`; only the short repr for what has no card.
    """
    for cls in type(thing).__mro__:
        card = CARDS.get(cls.__name__)
        if card is not None:
            return card(thing, live)
    return {"text/plain": repr(thing)}


def _run(run: Any, live: bool) -> Bundle:
    from ft_magics.widgets import training_card

    # A finished run shows nothing that differs from run to run, whoever asks.
    return training_card(run.monitor, live=live and run.active, comparison=None)


def _answers(answers: Any, live: bool) -> Bundle:
    from ft_magics.widgets import Column, answers_card

    columns = [
        Column(c.title, c.text, c.note, streaming=c.state != "done", passed=c.passed)
        for c in answers.columns
    ]
    return answers_card(answers.question, columns)


def _dataset(dataset: Any, live: bool) -> Bundle:
    from ft_magics.widgets import data_card

    return data_card(port.session().describe(dataset))


def _golden(golden: Any, live: bool) -> Bundle:
    from ft_magics.widgets import golden_card

    return golden_card(golden)


def _model(facts: Any, live: bool) -> Bundle:
    from ft_magics.widgets import model_card

    return model_card(facts.to_dict())


def _workflow(workflow: Any, live: bool) -> Bundle:
    from ft_magics.widgets import Step, workflow_card

    steps = [Step(s.title, s.done, s.detail) for s in workflow.steps]
    return workflow_card(steps, workflow.next_cell)


def _lines(lines: Any, live: bool) -> Bundle:
    from ft_magics.widgets import table_card

    return table_card(lines.title, lines.header, lines.rows, note=lines.note)


def _evaluation(evaluation: Any, live: bool) -> Bundle:
    from ft_magics.widgets import comparison_card

    title = f"golden questions · {evaluation.golden}"
    return comparison_card(evaluation.answers, title=title, summary=evaluation.summary)


def _adapters(table: Any, live: bool) -> Bundle:
    from ft_magics.widgets import table_card

    if not table:
        note = "Nothing is trained yet. A cell that begins with %%finetune NAME changes that."
        return table_card("Adapters", (), [], note=note)
    header = ("", "name", "base", "rank", "size", "trained", "data", "loss", "state")
    rows = [
        (
            "in use" if a.in_use else "",
            a.name + (f" (~1 … ~{a.versions})" if a.versions else ""),
            a.base,
            "–" if a.rank is None else str(a.rank),
            f"{a.bytes / 1e6:.1f} MB" if a.bytes else "–",
            f"{a.share:.1%}" if a.share else "–",
            f"{a.data} {a.data_sha256[:8]}".strip(),
            "–" if a.last_loss is None else f"{a.last_loss:.3g}",
            f"{a.state}, stale: {a.stale}" if a.stale else a.state,
        )
        for a in table
    ]
    return table_card("Adapters", header, rows, align="lllrrrlrl")


def _plan(view: Any, live: bool) -> Bundle:
    from ft_magics.widgets import table_card

    values = view.plan.to_dict()
    reasons = values.pop("reasons", {})
    rows = [
        (name, _shown(value), reasons.get(name, ""))
        for name, value in values.items()
        if value is not None and not name.startswith("memory")
    ]
    needed, free = values.get("memory_bytes"), values.get("memory_free_bytes")
    if needed and free:
        rows.append(("memory", f"{needed / 1e9:.2f} GB", f"{free / 1e9:.1f} GB are free"))
    note = f"{view.rows} rows, {view.eval_rows} held out or golden. Nothing was trained."
    return table_card(f"Plan of {view.name}", ("setting", "value", "why"), rows, note=note)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


CARDS: dict[str, Callable[[Any, bool], Bundle]] = {
    "Run": _run,
    "Answers": _answers,
    "Dataset": _dataset,
    "GoldenSet": _golden,
    "BaseFacts": _model,
    "Workflow": _workflow,
    "Lines": _lines,
    "Evaluation": _evaluation,
    "AdapterTable": _adapters,
    "PlanView": _plan,
}
"""By class name, so that no layer above needs to be imported to look one up."""
