from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ft_magics import models
from ft_magics.errors import MemoryShort, ModelError, SettingError


def quiet(*_: Any) -> None:
    pass


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may spoil."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


def edit(file: Path, **values: Any) -> None:
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, **values}))


def test_importing_is_light() -> None:
    code = (
        "import sys, ft_magics.models as m; m.BUILT_IN, m.BaseFacts\n"
        "heavy = {'torch', 'transformers', 'peft', 'numpy', 'huggingface_hub', 'psutil'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_base_is_ready_and_frozen(tiny_base: models.Base) -> None:
    assert not tiny_base.model.training
    assert not any(p.requires_grad for p in tiny_base.model.parameters())
    assert tiny_base.model.lm_head.weight is tiny_base.model.model.embed_tokens.weight
    assert tiny_base.tokenizer.pad_token


def test_what_was_loaded_is_told(tiny_base: models.Base, tiny_folder: Path) -> None:
    facts = tiny_base.facts
    weights = (tiny_folder / "model.safetensors").read_bytes()
    template = tiny_base.tokenizer.chat_template
    assert (facts.source, facts.revision) == ("folder", None)
    assert facts.sha256 == hashlib.sha256(weights).hexdigest()
    assert facts.chat_template_sha256 == hashlib.sha256(template.encode()).hexdigest()
    assert facts.parameters == sum(p.numel() for p in tiny_base.model.parameters())
    assert facts.bytes >= facts.parameters * 4
    assert (facts.layers, facts.hidden_size, facts.context_length) == (3, 64, 512)
    assert facts.vocab_size == len(tiny_base.tokenizer)
    assert models.BaseFacts.from_dict(json.loads(json.dumps(facts.to_dict()))) == facts
    assert models.BaseFacts.from_dict({**facts.to_dict(), "from_the_future": 1}) == facts


def test_the_same_files_are_the_same_base(tiny_base: models.Base, folder: Path) -> None:
    assert models.load(str(folder), notify=quiet).facts.fingerprint == tiny_base.facts.fingerprint
    edit(folder / "config.json", rms_norm_eps=1e-5)
    assert models.load(str(folder), notify=quiet).facts.fingerprint != tiny_base.facts.fingerprint


def test_loading_leaves_random_states_alone(tiny_folder: Path) -> None:
    import numpy as np
    import torch

    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    models.load(str(tiny_folder), notify=quiet)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert (np.random.get_state()[1] == before[2]).all()


def test_loading_writes_nothing_to_the_screen(
    tiny_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    models.load(str(tiny_folder), notify=told.append)
    captured = capfd.readouterr()
    assert (captured.out, captured.err, told) == ("", "", [])


def test_the_users_own_loading_still_speaks(
    tiny_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    models.load(str(tiny_folder), notify=quiet)
    assert logging.is_progress_bar_enabled()
    capfd.readouterr()
    AutoModelForCausalLM.from_pretrained(tiny_folder)
    assert "Loading weights" in capfd.readouterr().err


def test_loading_in_inference_mode(tiny_folder: Path) -> None:
    import torch

    with torch.inference_mode():
        base = models.load(str(tiny_folder), notify=quiet)
    assert set(models.versions(base.model)) <= set(range(10))


def test_weights_do_not_hang_on_the_users_file(folder: Path) -> None:
    import torch

    base = models.load(str(folder), notify=quiet)
    before = models.probe_logits(base.model, base.tokenizer)
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(0)
    assert torch.equal(models.probe_logits(base.model, base.tokenizer), before)


def test_other_number_formats(tiny_folder: Path) -> None:
    told: list[str] = []
    facts = models.load(str(tiny_folder), dtype="bfloat16", notify=told.append).facts
    assert facts.dtype == "bfloat16"
    if facts.device == "cpu":
        assert "slower" in told[0]
    with pytest.raises(SettingError, match="float32"):
        models.load(str(tiny_folder), dtype="float33", notify=quiet)


def test_a_missing_chat_template_is_told(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    told: list[str] = []
    base = models.load(str(folder), notify=told.append)
    assert base.facts.chat_template_sha256 == ""
    assert len(told) == 1 and "no chat template" in told[0]


def test_a_tokenizer_without_padding_gets_one(folder: Path) -> None:
    config = json.loads((folder / "tokenizer_config.json").read_text())
    del config["pad_token"]
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = models.load_tokenizer(str(folder), notify=quiet)
    assert tokenizer.pad_token == tokenizer.eos_token


def test_a_tokenizer_larger_than_its_weights_is_told(folder: Path) -> None:
    tokenizer = models.load_tokenizer(str(folder), notify=quiet)
    tokenizer.add_tokens(["<brand-new>"])
    tokenizer.save_pretrained(folder)
    told: list[str] = []
    models.load(str(folder), notify=told.append)
    assert len(told) == 1 and "tokens, its weights" in told[0]


def test_a_tokenizer_needs_no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert models.load_tokenizer(str(folder), notify=quiet).chat_template


def test_weights_that_are_not_all_there(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    tensors = load_file(file)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lack model\.layers\.1\.mlp\.up_proj\.weight"):
        models.load(str(folder), notify=quiet)


def test_weights_of_another_model(folder: Path) -> None:
    edit(folder / "config.json", intermediate_size=100)
    with pytest.raises(ModelError, match=r"another shape|cannot be read"):
        models.load(str(folder), notify=quiet)


def test_weights_that_are_cut_off(folder: Path) -> None:
    with (folder / "model.safetensors").open("r+b") as file:
        file.truncate(1_000_000)
    with pytest.raises(ModelError, match="cut off"):
        models.load(str(folder), notify=quiet)


def test_a_tokenizer_that_cannot_be_read(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="its tokenizer cannot be read"):
        models.load(str(folder), notify=quiet)


def test_too_little_memory(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = models.Device("cpu", "small", False, 10_000_000, 1_000_000)
    monkeypatch.setattr("ft_magics.models.base.device", lambda: small)
    with pytest.raises(MemoryShort, match="are free on cpu"):
        models.load(str(tiny_folder), notify=quiet)


def test_threads_load_side_by_side(tiny_folder: Path) -> None:
    found: list[str] = []

    def load() -> None:
        found.append(models.load(str(tiny_folder), notify=quiet).facts.fingerprint)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and len(set(found)) == 1


def test_code_that_comes_with_a_model_runs_only_by_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = tmp_path / "modules"
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(modules))
    monkeypatch.syspath_prepend(modules)
    (folder / "own_code.py").write_text(
        "from transformers import LlamaConfig, LlamaForCausalLM\n"
        "class OwnConfig(LlamaConfig):\n    model_type = 'own'\n"
        "class OwnModel(LlamaForCausalLM):\n    config_class = OwnConfig\n"
    )
    auto = {"AutoConfig": "own_code.OwnConfig", "AutoModelForCausalLM": "own_code.OwnModel"}
    edit(folder / "config.json", model_type="own", auto_map=auto)
    with pytest.raises(ModelError, match="Python code"):
        models.load(str(folder), notify=quiet)
    assert not modules.exists()
    base = models.load(str(folder), trust_remote_code=True, notify=quiet)
    assert type(base.model).__name__ == "OwnModel"


@pytest.mark.real
def test_the_real_model(real_base: models.Base) -> None:
    facts = real_base.facts
    assert facts.name == "smollm2-135m-q4"
    assert facts.source == "built-in"
    assert facts.sha256 == models.BUILT_IN["smollm2-135m-q4"].sha256  # type: ignore[union-attr]
    assert facts.parameters == 134_515_008
    tokenizer = real_base.tokenizer
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    answer = real_base.model.generate(**prompt, max_new_tokens=12, do_sample=False)
    assert "Paris" in tokenizer.decode(answer[0, prompt["input_ids"].shape[1] :])


@pytest.mark.gpu
def test_on_a_gpu_the_weights_are_on_it(tiny_folder: Path) -> None:
    import torch

    base = models.load(str(tiny_folder), notify=quiet)
    native = torch.cuda.get_device_capability() >= (8, 0)
    assert base.facts.device == "cuda"
    assert base.facts.dtype == ("bfloat16" if native else "float32")
    assert models.device().kind == "cuda"
    assert models.memory_in_use("cuda") >= base.facts.bytes
    tree = models.share(base.model)
    held = models.memory_in_use("cuda")
    assert torch.equal(
        models.probe_logits(tree, base.tokenizer), models.probe_logits(base.model, base.tokenizer)
    )
    assert models.memory_in_use("cuda") - held < base.facts.bytes
