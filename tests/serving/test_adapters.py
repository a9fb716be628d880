"""An adapter that must not be used is refused with the reason, before a weight is used."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ft_magics.errors import AdapterError
from ft_magics.models import Base
from ft_magics.serving import Server
from ft_magics.serving.adapters import AdapterFiles, check_base, check_finite

Save = Callable[..., Path]
WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
A_KEY = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"
B_KEY = A_KEY.replace("lora_A", "lora_B")


def test_a_pickle_is_never_read(server: Server, save_adapter: Save) -> None:
    folder = save_adapter()
    (folder / WEIGHTS).rename(folder / "adapter_model.bin")
    with pytest.raises(AdapterError, match=r"can run any program.*safe_serialization"):
        server.load("bad", folder)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (WEIGHTS, b"not safetensors", "damaged"),
        (CONFIG, b"{", "not JSON"),
        (CONFIG, b"[]", "not a JSON object"),
        ("ft_magics.json", b"{", "not JSON"),
        (WEIGHTS, None, "no adapter_model.safetensors"),
        (CONFIG, None, "no adapter_config.json"),
    ],
)
def test_a_broken_folder(
    server: Server, save_adapter: Save, name: str, content: bytes | None, words: str
) -> None:
    folder = save_adapter()
    (folder / name).unlink(missing_ok=True)
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(AdapterError, match=words):
        server.load("bad", folder)


def test_the_fingerprint_decides_and_names_only_hint(
    server: Server, save_adapter: Save, tiny_base: Base, edit_config: Callable[..., Path]
) -> None:
    folder = edit_config(save_adapter(), base_model_name_or_path="acme/other-7b")
    assert "names the base acme/other-7b" in server.load("a", folder).note
    origin = {"base_fingerprint": tiny_base.facts.fingerprint, "base_name": "other"}
    (folder / "ft_magics.json").write_text(json.dumps(origin))
    assert server.load("a", folder).note == ""
    origin = {"base_fingerprint": "0123456789abcdef", "base_name": "acme/other-7b"}
    (folder / "ft_magics.json").write_text(json.dumps(origin))
    with pytest.raises(AdapterError, match=r"fingerprint 0123456789ab.*%ft model acme/other-7b"):
        server.load("a", folder)


@pytest.mark.parametrize(
    ("theirs", "noted"),
    [
        ("HuggingFaceTB/SmolLM2-135M-Instruct", False),
        ("somewhere/models/smollm2-135m/", False),
        ("", False),
        ("acme/other-7b", True),
    ],
)
def test_names_of_one_base(tiny_base: Base, theirs: str, noted: bool) -> None:
    facts = dataclasses.replace(tiny_base.facts, name="smollm2-135m", asked="smollm2-135m")
    config = {"peft_type": "LORA", "base_model_name_or_path": theirs}
    assert bool(check_base(AdapterFiles("a", config, {}, {}), facts)) == noted


def test_finite_weights_pass_even_where_their_sum_is_large() -> None:
    check_finite({"big": torch.full((4096,), 6e4, dtype=torch.float16)}, "a")
    check_finite({"big": torch.full((64,), 3e38)}, "a")
    check_finite({}, "a")


def test_a_file_that_is_rewritten_later_changes_nothing(
    server: Server, save_adapter: Save, prompt: list[int]
) -> None:
    folder = save_adapter()
    server.load("a", folder)
    server.use("a")
    before = server.logits(prompt)
    size = (folder / WEIGHTS).stat().st_size
    with (folder / WEIGHTS).open("r+b") as file:
        file.write(b"\xff" * size)
    assert torch.equal(server.logits(prompt), before)
