"""The errors a user can meet.

    FtError
    ├── SettingError    a setting's name or value
    ├── DataError       rows of a data set or golden set; all bad rows in one error
    ├── NameUnknown     no data set, run, adapter … of that name
    ├── ModelError      a base model that cannot be found, read or trusted
    ├── AdapterError    an adapter that does not fit its base, or must not be loaded
    ├── RunError        a training run that cannot start, or that failed
    └── MemoryShort     the device has too little memory for what was asked

Each says where, what and what to do, and shows as one line in a notebook: IPython calls
`_render_traceback_` in place of its own traceback, and the cell still fails.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AdapterError",
    "DataError",
    "FtError",
    "MemoryShort",
    "ModelError",
    "NameUnknown",
    "RunError",
    "SettingError",
    "nearest",
]


class FtError(Exception):
    """Where something went wrong, what it is, and the remedy.

    Args:
        where: The cell, setting, file or row, as the user wrote it: `%%finetune ollie`.
        what: What is wrong, without a full stop.
        remedy: What to do about it, as a full sentence; may be empty.
    """

    def __init__(self, where: str, what: str, remedy: str = "") -> None:
        super().__init__(where, what, remedy)
        self.where = where
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head.rstrip('.')}. {self.remedy}".rstrip() if self.remedy else head

    def _render_traceback_(self) -> list[str]:
        """One line instead of a traceback. IPython wants a list of strings and no exception."""
        return [f"{type(self).__name__}: {self}"]


class SettingError(FtError):
    """A setting's name or value is refused."""


class DataError(FtError):
    """Rows that cannot be used, all of them at once.

    Args:
        where: The cell or file.
        problems: One `row 3: what is wrong. What to do.` for each bad row.
        remedy: What helps with all of them.
    """

    def __init__(self, where: str, problems: Iterable[str] | str, remedy: str = "") -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__(where, "; ".join(p.rstrip(".") for p in self.problems), remedy)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            text = f"{self.where}, {self.problems[0]}" if self.where else self.problems[0]
            return f"{text} {self.remedy}".rstrip()
        count = f"{len(self.problems)} problems"
        lines = [
            f"{self.where}: {count}" if self.where else count,
            *(f"  {p}" for p in self.problems),
        ]
        return "\n".join([*lines, *([self.remedy] if self.remedy else [])])

    def _render_traceback_(self) -> list[str]:
        return f"{type(self).__name__}: {self}".splitlines()


class NameUnknown(FtError):
    """Nothing of that name is kept here."""


class ModelError(FtError):
    """A base model that cannot be found, read or trusted."""


class AdapterError(FtError):
    """An adapter that does not fit, or must not be loaded."""


class RunError(FtError):
    """A training run that cannot start, or that failed."""


class MemoryShort(FtError):
    """Too little memory on the device for what was asked."""


def nearest(name: str, choices: Iterable[str]) -> str:
    """The remedy for a mistyped name: `Did you mean 'lora_r'?`, or the choices if none is near.

    Args:
        name: What was typed.
        choices: What would have been right.

    Returns:
        A full sentence; empty when there is nothing to choose from.
    """
    known = sorted(set(choices))
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    if not known:
        return ""
    shown = ", ".join(known[:12])
    return f"There are: {shown}{' …' if len(known) > 12 else ''}."
