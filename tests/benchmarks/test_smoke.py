"""The quick form of three benchmarks, as a user starts them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def result_of(name: str, file: Path, *flags: str) -> dict:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / name), "--json", str(file), *flags],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(file.read_text())


def test_load_ext_imports_nothing_heavy(tmp_path: Path) -> None:
    result = result_of("load_ext.py", tmp_path / "result.json", "--quick")
    assert result["quick"]
    assert any(remark.endswith("of the heavy ones none") for remark in result["remarks"])


def test_the_gpu_benchmark_runs_through_on_a_tiny_model(tmp_path: Path) -> None:
    result = result_of("gpu.py", tmp_path / "result.json", "--tiny")
    assert not [remark for remark in result["remarks"] if "FAILED" in remark]
    assert {line["what"] for line in result["lines"]} >= {"SFT", "training while prompting"}


def test_reading_and_checking_is_compared_with_datasets(tmp_path: Path) -> None:
    result = result_of("data.py", tmp_path / "result.json", "--quick")
    told = [line["what"] for line in result["lines"]]
    assert told[-2:] == ["time per row at 400", "memory beyond the imports at 400"]
    assert all(line["ours"] > 0 and line["theirs"] > 0 for line in result["lines"])
