"""The package as others see it."""

from __future__ import annotations

import subprocess
import sys

import ft_magics.data as data


def test_all_is_there() -> None:
    assert all(hasattr(data, name) for name in data.__all__)


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, ft_magics.data as d;"
        "heavy = {'torch', 'transformers', 'IPython', 'pandas', 'datasets', 'jinja2', 'ftfy'};"
        "found = {*heavy, 'numpy', 'rensa', 'rapidfuzz', 'phonenumbers'} & set(sys.modules);"
        "d.make_dataset('a', [{'user': 'a', 'assistant': 'b'}]);"
        "found |= heavy & set(sys.modules);"
        "sys.exit(', '.join(found) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
