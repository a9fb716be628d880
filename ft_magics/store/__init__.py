"""What is kept on disk: data sets, golden sets, runs and their adapters. No database server.

    .ft/
    ├── .gitignore           "*": a home says by itself that it is not for version control
    ├── state.json           goal, model, adapter in use
    ├── journal.json         what `undo` can take back
    ├── trash/               what was deleted, for a while
    ├── data/NAME/0003/      versions of a data set: set.json, and its rows in rows.jsonl
    ├── golden/NAME/0003.json  versions of a golden set
    ├── judgements/NAME.jsonl  what was judged to make a data set: added to, never rewritten
    └── runs/NAME/0003/      versions of a run
        ├── record.json      spec, plan, base, data, parent, versions of libraries
        ├── data.jsonl       the rows as they were written; golden.jsonl likewise
        ├── rows.jsonl       the rows in normal form
        ├── events.jsonl     all that happened, one event a line
        ├── owner.pid        the process that is at work on it
        ├── steps/000084/    adapters of kept steps, in PEFT's layout
        ├── checkpoints/     what a resume needs; the newest only
        ├── adapter/         what the name means
        └── README.md        the model card

Everything is whole or not there: files and folders are written beside their place and renamed.
Several kernels may share a home.
"""

from __future__ import annotations

from ft_magics.store.home import find_home, forgets_disk
from ft_magics.store.runs import RunFolder
from ft_magics.store.store import Store

__all__ = ["RunFolder", "Store", "find_home", "forgets_disk"]
