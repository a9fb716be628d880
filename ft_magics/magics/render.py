"""From what the session returns to what a notebook shows: one card for each kind of object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ft_magics.magics import port
from ft_magics.magics.advice import advice_bundle, goal_bundle, plan_bundle
from ft_magics.magics.chats import chat_bundle
from ft_magics.magics.judging import kept_bundle, preferring_bundle
from ft_magics.magics.lineages import drawn, lineage_bundle

__all__ = ["CARDS", "attend", "bundle"]

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


def attend(part: str, *what: Any) -> None:
    """What is saved is a card; where somebody can answer, a live part of it can be used, too."""
    mount = getattr(port.session().current().front_end, "attend", None)
    if mount is not None:
        mount(part, *what)


def _run(run: Any, live: bool) -> Bundle:
    from ft_magics.widgets import training_card

    # A finished run shows nothing that differs from run to run, whoever asks.
    return training_card(run.monitor, live=live and run.active, comparison=None, lineage=drawn(run))


def _answers(answers: Any, live: bool) -> Bundle:
    from ft_magics.widgets import Column, answers_card, answers_key

    columns = [
        Column(
            c.title,
            c.text,
            c.note,
            streaming=c.state != "done",
            passed=c.passed,
            proof=c.proof,
            sound=c.sound,
        )
        for c in answers.columns
    ]
    key = answers_key(answers.question, answers.system, columns)
    if key and not live:
        attend("judge", answers, key)
    return answers_card(answers.question, columns, key, answers.warning)


def _dataset(dataset: Any, live: bool) -> Bundle:
    from ft_magics.widgets import data_card

    session = port.session()
    facts = session.describe(dataset)
    # The card is what is saved; where somebody can answer, its rows can be paged through too.
    browse = getattr(session.current().front_end, "browse", None)
    if browse is not None:
        browse(dataset, facts)
    return data_card(facts)


def _row_tokens(view: Any, live: bool) -> Bundle:
    from ft_magics.widgets import RowView, row_card

    return row_card(view.name, RowView(view.row, view.findings), view.sides)


def _some_rows(view: Any, live: bool) -> Bundle:
    from ft_magics.widgets import RowView, rows_card

    views = [
        RowView(row, tuple(f for f in view.findings if row.number in f.rows)) for row in view.rows
    ]
    return rows_card(view.name, views, view.note)


def _golden(golden: Any, live: bool) -> Bundle:
    from ft_magics.widgets import golden_card

    return golden_card(golden, port.session().goal())


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
    return comparison_card(
        evaluation.answers,
        title=title,
        summary=evaluation.summary,
        goal=evaluation.goal,
        base_unchanged=evaluation.base_unchanged,
        warning=evaluation.warning,
    )


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


CARDS: dict[str, Callable[[Any, bool], Bundle]] = {
    "Run": _run,
    "Answers": _answers,
    "Chat": chat_bundle,
    "Kept": kept_bundle,
    "Preferring": preferring_bundle,
    "Dataset": _dataset,
    "RowTokens": _row_tokens,
    "SomeRows": _some_rows,
    "GoldenSet": _golden,
    "BaseFacts": _model,
    "Workflow": _workflow,
    "Lineage": lineage_bundle,
    "Lines": _lines,
    "Evaluation": _evaluation,
    "AdapterTable": _adapters,
    "Goal": goal_bundle,
    "AdviceView": advice_bundle,
    "PlanView": plan_bundle,
}
"""By class name, so that no layer above needs to be imported to look one up."""
