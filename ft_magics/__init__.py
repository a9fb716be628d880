"""Fine-tuning in a notebook: `%load_ext ft_magics`, or `import ft_magics as ft` for plain Python.

Nothing heavy is imported: every public name is fetched when it is first used.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ft_magics.errors import (
        AdapterError,
        DataError,
        FtError,
        MemoryShort,
        ModelError,
        NameUnknown,
        RunError,
        SettingError,
    )
    from ft_magics.session.adapters import (
        adapters,
        delete,
        export,
        import_adapter,
        rename,
        undo,
        use,
    )
    from ft_magics.session.advise import advise
    from ft_magics.session.ancestry import lineage
    from ft_magics.session.chat import chat
    from ft_magics.session.control import stop
    from ft_magics.session.dataset import dataset
    from ft_magics.session.evaluate import evaluate
    from ft_magics.session.finetune import finetune, run, runs, wait
    from ft_magics.session.golden import golden
    from ft_magics.session.model import goal, model
    from ft_magics.session.prefer import prefer
    from ft_magics.session.prompt import ask, prompt
    from ft_magics.session.rows import export_rows
    from ft_magics.session.show import show
    from ft_magics.session.vote import edit, vote

    __version__: str

__all__ = [
    "AdapterError",
    "DataError",
    "FtError",
    "MemoryShort",
    "ModelError",
    "NameUnknown",
    "RunError",
    "SettingError",
    "__version__",
    "adapters",
    "advise",
    "ask",
    "chat",
    "dataset",
    "delete",
    "edit",
    "evaluate",
    "export",
    "export_rows",
    "finetune",
    "goal",
    "golden",
    "import_adapter",
    "lineage",
    "load_ipython_extension",
    "model",
    "prefer",
    "prompt",
    "rename",
    "run",
    "runs",
    "show",
    "stop",
    "undo",
    "unload_ipython_extension",
    "use",
    "vote",
    "wait",
]


def __getattr__(name: str) -> Any:
    """Fetch a public name on its first use (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("ft-magics")
    if name not in __all__:
        raise AttributeError(f"module 'ft_magics' has no attribute '{name}'")
    if name[0].isupper():
        return getattr(importlib.import_module("ft_magics.errors"), name)
    # With the extension loaded, the way to the session goes through it: it brings the live cards.
    port = sys.modules.get("ft_magics.magics.port")
    session = port.session() if port else importlib.import_module("ft_magics.session")
    return getattr(session, name)


def __dir__() -> list[str]:
    """The public names, for Tab."""
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext ft_magics`.

    Args:
        shell: The IPython shell.
    """
    from ft_magics import magics

    magics.load_ipython_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext ft_magics`: everything is taken back. Runs in progress go on."""
    from ft_magics import magics

    magics.unload_ipython_extension(shell)
