"""The package as a whole: light to load, and every public name there."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ft_magics

HEAVY = ("torch", "transformers", "trl", "peft", "ipywidgets", "anywidget", "pandas", "datasets")

LOAD = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.history_manager.enabled = False
before = set(sys.modules)
shell.run_line_magic("load_ext", "ft_magics")
print(" ".join(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def test_load_ext_imports_nothing_heavy() -> None:
    added = set(run_python(LOAD).split())
    assert "ft_magics" in added
    assert not added & {*HEAVY, "numpy", "ruamel", "yaml", "argparse", "safetensors"}


def test_what_is_light_stays_light() -> None:
    """The data, the store, the views and the first words of a session need no heavy library."""
    code = (
        "import sys, ft_magics.session, ft_magics.data, ft_magics.widgets, ft_magics.evaluation\n"
        "import ft_magics.magics.verbs, ft_magics.magics.magics\n"
        f"print(*[m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert run_python(code).split() == []


@pytest.mark.parametrize("name", ft_magics.__all__)
def test_public_names_are_there(name: str) -> None:
    assert getattr(ft_magics, name) is not None
    assert name in dir(ft_magics)


def test_public_names_are_those_of_the_session() -> None:
    from ft_magics import session

    for name in ("finetune", "prompt", "dataset", "golden", "run", "show", "model"):
        assert getattr(ft_magics, name) is getattr(session, name)


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="finetnue"):
        _ = ft_magics.finetnue
