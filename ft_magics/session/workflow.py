"""The seven steps, with ticks for this notebook, and the next cell to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.errors import NameUnknown
from ft_magics.session.model import golden_questions
from ft_magics.session.objects import Step, Workflow
from ft_magics.session.state import current

if TYPE_CHECKING:
    from ft_magics.session.state import Session
    from ft_magics.store import RunFolder

__all__ = ["workflow"]


def workflow() -> Workflow:
    """Where this notebook stands: read from what is kept, so it is right after a restart too."""
    session = current()
    store = session.store
    goal = store.get("goal")
    sets, golden = store.set_names("data"), store.set_names("golden")
    runs = store.run_names()
    made = _results(session)
    tested = [f for f in made if f.record.get("evaluation") or _asked(f)]
    exported = store.get("exported")
    rows = sum(store.load_set("data", name)["count"] for name in sets)
    formatted = bool(sets or runs)
    newest = made[-1].name if made else ""
    chosen = _strategy(session)
    waiting = session.active()
    trained = newest or (f"{waiting[-1].name} is {waiting[-1].state}" if waiting else "")
    steps = [
        Step("goal", bool(goal), str(goal or "say in one sentence what it should do")),
        Step("data", bool(sets or runs), f"{', '.join(sets)}: {rows} rows" if sets else ""),
        Step("format", formatted, "checked, kept as JSONL" if formatted else ""),
        Step("strategy", bool(chosen), chosen),
        Step("train", bool(made), trained),
        Step("test", bool(tested), f"golden questions: {', '.join(golden)}" if golden else ""),
        Step("deploy", bool(exported), f"{exported} exported" if exported else ""),
    ]
    return Workflow(steps, _next_cell(steps, sets, golden, newest, str(goal or "")))


def _results(session: Session) -> list[RunFolder]:
    found = []
    for name in session.store.run_names():
        try:
            found.append(session.store.run(name, 0, with_result=True))
        except NameUnknown:
            continue
    return sorted(found, key=lambda f: f.made_at_s)


def _asked(folder: RunFolder) -> bool:
    return bool(folder.record.get("golden")) and folder.adapter is not None


def _strategy(session: Session) -> str:
    """The strategy of the newest run, in words."""
    names = session.store.run_names()
    if not names:
        return ""
    newest = max((session.store.run(n) for n in names), key=lambda f: f.made_at_s)
    plan = newest.record.get("plan") or newest.record.get("spec") or {}
    if plan.get("strategy") == "full":
        return "every weight"
    return f"LoRA, rank {plan.get('lora_r')}"


def _next_cell(
    steps: list[Step], sets: list[str], golden: list[str], newest: str, goal: str
) -> str:
    done = {step.title: step.done for step in steps}
    name = sets[-1] if sets else "catgpt"
    if not done["goal"]:
        return '%ft goal "answers questions about my cat"'
    if not done["data"]:
        return (
            f'%%dataset {name} --system "You are CatGPT."\n'
            '{"user": "How do cats sleep?", "assistant": "Ollie sleeps 12 hours a day."}'
        )
    if not golden:
        return (
            _golden_cell(goal, name)
            or f'%%golden {name}\n{{"prompt": "Where does Ollie sleep?", "contains": "box"}}'
        )
    if not done["train"]:
        return f"%%finetune my-{name} --data {name}\nepochs: 6"
    if not done["test"]:
        return f"%ft evaluate {newest}"
    if not done["deploy"]:
        return f"%ft export {newest} ./{newest}"
    return f"%%prompt base {newest}\nAsk something new."


def _golden_cell(goal: str, name: str) -> str:
    """Golden questions for the rules that the goal names; empty if it names none."""
    from ft_magics import evaluation

    reading = evaluation.read_goal(goal)
    if not any(rule.checks for rule in reading.rules):
        return ""
    rows = current().dataset(name, "") if name in current().store.set_names("data") else None
    return evaluation.golden_cell(reading, name, golden_questions(current(), rows))
