"""The conventions of CONTRIBUTING.md that a machine can hold."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*(ROOT / "ft_magics").rglob("*.py"), *(ROOT / "scripts").glob("*.py")])
PACKAGES = sorted(path.parent for path in (ROOT / "ft_magics").rglob("__init__.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, from its `def`; its docstring is not counted."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    text = function.body[0]
    return lines - ((text.end_lineno or 0) - text.lineno + 1)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, functions)]
    assert not [node.name for node in found if code_lines(node) > 40]


@pytest.mark.parametrize("package", PACKAGES, ids=name)
def test_each_package_lists_its_public_names(package: Path) -> None:
    module = importlib.import_module(name(package).replace("/", "."))
    assert len(set(module.__all__)) == len(module.__all__)
    assert not [public for public in module.__all__ if not hasattr(module, public)]


def test_the_constraints_pin_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {
        re.split(r"[<>=\[]", requirement)[0].lower()
        for requirement in [
            *project["dependencies"],
            *extras["lab"],
            *extras["dev"],
            *extras["test"],
        ]
    } - {"ft-magics"}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.split("==")[0].lower() for line in lines if not line.startswith("#")}
    assert wanted <= pinned
    assert all("==" in line for line in lines if not line.startswith("#"))


def test_packages_are_tested_where_they_are() -> None:
    """Every folder of tests is the folder of what it tests."""
    known = {path.name for path in (ROOT / "ft_magics").iterdir()}
    known |= {"scripts", "browser", "notebooks", "benchmarks", "fixtures"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} <= known
