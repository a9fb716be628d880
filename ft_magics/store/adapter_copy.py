"""An adapter that was made elsewhere, copied so that nothing of it can run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from ft_magics.errors import AdapterError
from ft_magics.store.runs import write_record

__all__ = ["copier"]

# A pickle can run any program when it is read; checkpoints of other trainers stay behind too.
_TAKEN_ALONG = ("*.json", "*.safetensors", "*.jinja", "*.md", "*.txt", "*.model")


def copier(name: str, source: Path) -> Callable[[Path], None]:
    """What fills the folder of an imported adapter.

    Args:
        name: What it is called from now on.
        source: Where it lies. Pickles and subfolders are not taken along.

    Raises:
        AdapterError: There are no weights in safetensors format.
    """
    if not any(source.glob("*.safetensors")):
        raise AdapterError(
            str(source),
            "it holds no *.safetensors",
            "Name the folder that PEFT saved; pickled weights (.bin) are not taken.",
        )

    def write(staging: Path) -> None:
        imported = {"name": name, "imported": True, "imported_from": source.absolute().name}
        write_record(staging, imported)
        (staging / "adapter").mkdir()
        for path in sorted(p for pattern in _TAKEN_ALONG for p in source.glob(pattern)):
            shutil.copyfile(path, staging / "adapter" / path.name)

    return write
