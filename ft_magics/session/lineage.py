"""What an adapter is made of: the key that says «the same run», and what has become stale."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ft_magics.errors import NameUnknown

if TYPE_CHECKING:
    from ft_magics.data import Dataset, GoldenSet
    from ft_magics.session.state import ModelChoice, Session
    from ft_magics.session.work import Task
    from ft_magics.spec import FinetuneSpec
    from ft_magics.store import RunFolder

__all__ = ["library_versions", "parent_facts", "parent_key", "record_of", "run_key", "stale"]

MOST_SYSTEMS = 100
"""System texts of a data set that are kept with a run: more than one is only counted."""

LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate")


def library_versions() -> dict[str, str]:
    """The installed versions a result depends on. Imports none of them."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def run_key(
    spec: FinetuneSpec,
    data: Dataset,
    golden: GoldenSet | None,
    choice: ModelChoice,
    parent: str | None,
) -> str:
    """The hash of all that decides a run's result: rows, settings, parent, base, versions.

    Names of data sets are left out: the rows count, not what they are called.
    """
    settings = asdict(spec)
    for name in ("data", "golden", "after", "model", "model_revision", "dtype"):
        settings.pop(name, None)
    parts = {
        "settings": settings,
        "data": data.sha256,
        "eval": data.eval,
        "golden": golden.sha256 if golden else None,
        "base": choice.to_dict(),
        "parent": parent,
        "versions": library_versions(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def parent_facts(folder: RunFolder | None, step: int | None) -> dict[str, Any] | None:
    """Which adapter a run starts from, as it is kept with the run."""
    if folder is None:
        return None
    return {
        "name": folder.name,
        "version": folder.version,
        "step": step,
        "key": folder.record.get("key"),
    }


def parent_key(task: Task) -> str | None:
    """What of the parent decides the result: its own key, and the step where it is not the best.

    A parent trained anew with the same key is the same adapter, so its version is left out.
    """
    folder = task.parent
    if folder is None:
        return None
    step = task.parent_step
    if step is None and folder.state == "stopped":
        step = folder.record.get("result_step")
    made_of = folder.record.get("key") or f"{folder.name}/{folder.version}"
    return f"{made_of}@{step}"


def stale(session: Session, folder: RunFolder) -> str:
    """What changed since an adapter was made.

    Returns:
        A few words such as `data catgpt changed`; empty when nothing did.
    """
    record = folder.record
    data = record.get("data") or {}
    name = data.get("name")
    if name and not data.get("inline") and name in session.store.set_names("data"):
        try:
            if session.store.load_set("data", name)["sha256"] != data.get("sha256"):
                return f"data {name} changed"
        except NameUnknown:
            return ""
    parent = record.get("parent")
    if parent and parent["name"] in session.store.run_names():
        try:
            newest = session.store.run(parent["name"], 0, with_result=True)
        except NameUnknown:
            return ""
        if newest.record.get("key") != parent.get("key"):
            return f"{parent['name']} was trained anew"
        return f"{parent['name']} is stale" if stale(session, newest) else ""
    return ""


def record_of(
    task: Task, name: str, key: str, *, inline: bool, goal: str | None = None
) -> dict[str, Any]:
    """What is kept about a run before it starts.

    Args:
        task: What is to be done.
        name: What the run is called.
        key: Of its content.
        inline: Its rows stand in its cell.
        goal: What the notebook is for now; else what it was for when the rows were written.
    """
    data, golden = task.data, task.golden
    return {
        "name": name,
        "goal": goal or data.goal,
        "spec": asdict(task.spec),
        "key": key,
        "model": task.choice.to_dict(),
        "data": {
            "name": data.name,
            "sha256": data.sha256,
            "version": data.version,
            "rows": len(data.rows),
            "train_rows": len(task.train_rows),
            "eval_rows": len(task.eval_rows),
            "kind": data.kind,
            "systems": sorted(s for s in data.systems if s)[:MOST_SYSTEMS],
            "inline": inline,
        },
        "golden": {"name": golden.name, "sha256": golden.sha256} if golden else None,
        "parent": parent_facts(task.parent, task.parent_step),
        "versions": library_versions(),
        "dataset": data.to_records(rows=False),
        "goldenset": golden.to_records() if golden else None,
    }
