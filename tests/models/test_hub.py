from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ft_magics import models
from ft_magics.errors import ModelError
from ft_magics.models import hub
from ft_magics.models.report import Report

from .conftest import COMMIT, REPO, fill_cache, point_at


def fetch(repo: str = REPO, revision: str | None = None, **options: Any) -> Path:
    asked = {"where": f"model {repo}", "weights": True, "code": False, "report": Report(quiet)}
    return hub.download(repo, revision, **{**asked, **options})


def quiet(*_: Any) -> None:
    pass


@pytest.fixture
def dead_end(monkeypatch: pytest.MonkeyPatch, hub_cache: Path) -> Iterator[None]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        point_at(monkeypatch, f"http://127.0.0.1:{server.getsockname()[1]}")
        yield


@pytest.mark.parametrize("name", ["owner/model", "gpt2", "a.b/c_d-e"])
def test_names_of_hub_models(name: str) -> None:
    assert hub.is_hub_id(name)


@pytest.mark.parametrize("name", ["a/b/c", "./model", "~/model", "a b", "", "/model", "..", "."])
def test_paths_are_no_hub_models(name: str) -> None:
    assert not hub.is_hub_id(name)


def test_fetches_what_is_needed_and_tells_how_far_it_is(mini_hub: list[str]) -> None:
    told: list[tuple[str, int, int]] = []
    folder = fetch(report=Report(quiet, lambda *a: told.append(a)))
    assert folder.name == COMMIT
    names = {file.name for file in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert "pytorch_model.bin" not in names and "onnx" not in names
    text, done, total = told[-1]
    assert text == f"downloading {REPO}"
    assert done == total > (folder / "model.safetensors").stat().st_size
    assert hub.cached(REPO, None, weights=True, code=False) is None  # a commit moves no branch
    assert hub.cached(REPO, COMMIT, weights=True, code=False) == folder


def test_a_tokenizer_needs_no_weights(mini_hub: list[str], ft_cache: Path) -> None:
    assert models.load_tokenizer(REPO, notify=quiet).chat_template
    assert not any(path.endswith(".safetensors") for path in mini_hub)
    base = models.load(REPO, notify=quiet)
    assert (base.facts.source, base.facts.name) == ("hub", REPO)
    assert base.facts.revision == COMMIT
    assert any(path.endswith(".safetensors") for path in mini_hub)


def test_a_cached_model_is_used_without_a_question(
    hub_cache: Path, tiny_folder: Path, mini_hub: list[str]
) -> None:
    fill_cache(hub_cache, tiny_folder)
    assert models.load(REPO, notify=quiet).facts.revision == COMMIT
    assert models.load(REPO, revision=COMMIT, notify=quiet).facts.revision == COMMIT
    assert mini_hub == []


def test_a_branch_is_asked_for_and_the_cache_stands_in(hub_cache: Path, tiny_folder: Path) -> None:
    fill_cache(hub_cache, tiny_folder)
    told: list[str] = []
    assert models.load(REPO, revision="main", notify=told.append).facts.revision == COMMIT
    assert "does not answer" in told[0] and "cache" in told[0]


def test_half_a_model_in_the_cache_does_not_count(hub_cache: Path, tiny_folder: Path) -> None:
    snapshot = fill_cache(hub_cache, tiny_folder)
    (snapshot / "model.safetensors").unlink()
    assert hub.cached(REPO, None, weights=False, code=False) == snapshot
    assert hub.cached(REPO, None, weights=True, code=False) is None
    (snapshot / "model.safetensors.index.json").write_text(
        '{"weight_map": {"a": "model-00001-of-00002.safetensors"}}'
    )
    assert hub.cached(REPO, None, weights=True, code=False) is None


def test_code_is_fetched_where_the_user_allowed_it(hub_cache: Path, tiny_folder: Path) -> None:
    snapshot = fill_cache(hub_cache, tiny_folder)
    (snapshot / "config.json").write_text('{"auto_map": {}}')
    assert hub.cached(REPO, None, weights=True, code=False) == snapshot
    assert hub.cached(REPO, None, weights=True, code=True) is None


@pytest.mark.parametrize(
    ("repo", "revision", "said"),
    [
        ("someone/else", None, "no model someone/else"),
        (REPO, "v9", "no revision 'v9'"),
    ],
)
def test_what_the_hub_does_not_have(
    mini_hub: list[str], repo: str, revision: str | None, said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        fetch(repo, revision)


def test_a_hub_that_refuses_is_told_at_once(hub_cache: Path) -> None:
    with pytest.raises(ModelError, match="does not answer") as caught:
        models.load("someone/else", notify=quiet)
    assert caught.value.remedy


@pytest.mark.usefixtures("dead_end")
def test_a_silent_hub_costs_seconds_and_only_once() -> None:
    began = time.monotonic()
    with pytest.raises(ModelError, match="does not answer"):
        fetch()
    assert time.monotonic() - began < 30  # huggingface_hub by itself would wait for ever
    began = time.monotonic()
    with pytest.raises(ModelError, match="a moment ago"):
        fetch()
    assert time.monotonic() - began < 2


def test_a_hub_that_stalls_over_its_list_is_given_up(
    mini_hub: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "LISTING_S", 0.2)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: time.sleep(5))
    with pytest.raises(ModelError, match="the list of files took more than"):
        fetch()


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_asks_nobody(
    mini_hub: list[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        fetch()
    assert mini_hub == []


def test_offline_uses_the_cache(
    hub_cache: Path,
    tiny_folder: Path,
    mini_hub: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    fill_cache(hub_cache, tiny_folder)
    told: list[str] = []
    models.load(REPO, revision="main", notify=told.append)
    assert (told, mini_hub) == ([], [])


def test_a_download_writes_nothing_to_the_screen(
    mini_hub: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    fetch()
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""
