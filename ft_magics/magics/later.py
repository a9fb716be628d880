"""What has its seat and is not here yet: verbs and flags, each with what to use until then."""

from __future__ import annotations

__all__ = ["FLAGS_NOT_YET", "NOT_YET"]

NOT_YET: dict[str, str] = {
    "compare": "Use %%prompt A B, or %ft evaluate A --against B.",
    "dashboard": "Use %ft show NAME for a run's card.",
    "serve": "Use %ft export NAME FOLDER, and load the folder with PEFT.",
    "monitor": "Use %ft show NAME for a run's card.",
    "draft": "Write the rows in a %%dataset cell.",
    "script": "Use %%finetune NAME --plan for every setting of the run.",
    "step": "Use %%finetune NAME --max-steps 1.",
}
"""Verbs that have their seat, and what to use until they take it."""

FLAGS_NOT_YET: dict[str, str] = {
    "on": "Leave it out: the run takes this kernel's device.",
}
"""Flags that are to come, and what to do until then."""
