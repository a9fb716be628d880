"""What all tests share: the models, made once a session, and a home of their own for each test.

The tiny model has the real tokenizer and chat template, so that what is tested of a prompt or of
labels holds for the real one; its weights are random, from a fixed seed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ft_magics.models import Base

REAL_MODEL = "smollm2-135m-q4"


def pytest_configure(config: pytest.Config) -> None:
    """Settings that must stand before torch or a kernel of a notebook test starts."""
    os.environ.pop("FT_WAIT", None)
    os.environ["FT_HOME"] = tempfile.mkdtemp(prefix="ft_home_")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Two threads that spin while they wait are slower than one on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Clean up behind the notebooks that nbval ran."""
    shutil.rmtree(os.environ["FT_HOME"], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the GPU tests where there is no GPU; torch is asked only if there are any."""
    on_gpu = [item for item in items if item.get_closest_marker("gpu")]
    if not on_gpu:
        return
    import torch

    if not torch.cuda.is_available():
        for item in on_gpu:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


def _quiet(*_: Any) -> None:
    """Notices and progress of a model that loads say nothing a test would miss."""


@pytest.fixture(autouse=True)
def ft_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for this test's runs and data sets."""
    home = tmp_path / "ft_home"
    monkeypatch.setenv("FT_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """The tokenizer of SmolLM2-135M-Instruct, with its chat template."""
    from ft_magics import models

    return models.load_tokenizer(REAL_MODEL, notify=_quiet)


@pytest.fixture(scope="session")
def tiny_folder(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a llama of 3 layers, hidden size 64, and the real tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("models") / "tiny"
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_base(tiny_folder: Path) -> Base:
    """The tiny model, loaded as a base."""
    from ft_magics import models

    return models.load(str(tiny_folder), notify=_quiet)


@pytest.fixture(scope="session")
def real_base() -> Base:
    """SmolLM2-135M-Instruct; only for tests marked `real`."""
    from ft_magics import models

    return models.load(REAL_MODEL, notify=_quiet)
