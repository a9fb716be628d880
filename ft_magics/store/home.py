"""Where things are kept: the folder `.ft` beside the notebook, or where the user says."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["find_home", "forgets_disk"]

FOLDER = ".ft"


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was deleted under the process
        return None


# Taken once: a home must not move when the user changes the working directory later.
_AT_LOAD = _working_folder()


def find_home(explicit: str | None = None) -> Path:
    """The folder where everything is kept. It is not made here.

    Args:
        explicit: The folder itself, as `%config FtMagics.home` names it.

    Returns:
        An absolute path: `explicit`, else FT_HOME, else `.ft` beside the notebook (the folder of
        JPY_SESSION_NAME, else the working directory when this module was loaded).
    """
    named = explicit or os.environ.get("FT_HOME")
    if named:
        return Path(named).expanduser().absolute()
    return _notebook_folder() / FOLDER


def _notebook_folder() -> Path:
    name = os.environ.get("JPY_SESSION_NAME", "")
    # Some servers put a path relative to their own root there, or an id: neither says where.
    folder = Path(name).parent
    if Path(name).is_absolute() and folder.is_dir():
        return folder
    return _AT_LOAD or Path.cwd()


def forgets_disk(home: Path | None = None) -> str | None:
    """What to tell the user on a machine whose disk is lost when its session ends.

    Args:
        home: Where things are kept; a mounted drive is not lost.

    Returns:
        A sentence or two; None on other machines.
    """
    if home is not None and home.is_relative_to("/content/drive"):
        return None
    env = os.environ
    for service, is_here, remedy in _FORGETFUL:
        if is_here(env):
            return (
                f"{service} forgets its disk when the session ends, and the adapters with it. "
                f"{remedy}"
            )
    return None


def _on_colab(env: Mapping[str, str]) -> bool:
    return "COLAB_RELEASE_TAG" in env or "google.colab" in sys.modules


def _on_kaggle(env: Mapping[str, str]) -> bool:
    return "KAGGLE_KERNEL_RUN_TYPE" in env


def _on_binder(env: Mapping[str, str]) -> bool:
    return any(name in env for name in ("BINDER_LAUNCH_HOST", "BINDER_SERVICE_HOST"))


_FORGETFUL = (
    (
        "Colab",
        _on_colab,
        "Mount your Drive and say %config FtMagics.home = '/content/drive/MyDrive/ft'.",
    ),
    ("Kaggle", _on_kaggle, "Turn on persistence of files, or take them away with %ft export."),
    ("Binder", _on_binder, "Take them away with %ft export."),
)
