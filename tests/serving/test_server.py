"""The server keeps adapters, swaps them, and proves that the base is the base."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor

from ft_magics import models
from ft_magics.errors import AdapterError, NameUnknown
from ft_magics.models import Base
from ft_magics.serving import Server
from ft_magics.spec import GenerateSpec

Save = Callable[..., Path]


def test_the_base_is_bit_identical_whatever_is_loaded(
    tiny_base: Base, server: Server, save_adapter: Save, prompt: list[int]
) -> None:
    with torch.no_grad():
        plain = tiny_base.model(torch.tensor([prompt])).logits[0]
    server.load("ollie", save_adapter())
    server.use("ollie")
    assert not torch.equal(server.logits(prompt), plain)
    server.use(None)
    assert torch.equal(server.logits(prompt), plain)
    assert server.prove_base()


def test_a_write_to_the_base_is_found(tiny_base: Base) -> None:
    base = Base(
        models.duplicate(tiny_base.model), tiny_base.tokenizer, tiny_base.facts, tiny_base.folder
    )
    server = Server(base)
    assert server.prove_base()
    weight = base.model.get_parameter("model.layers.1.mlp.up_proj.weight")
    kept = weight.detach().clone()
    with torch.no_grad():
        weight.mul_(1.5)
    assert not server.prove_base()
    with torch.no_grad():
        weight.copy_(kept)
    assert not server.prove_base(), "the version counter tells a write that was taken back too"


def test_a_write_past_the_version_counter_is_found(tiny_base: Base) -> None:
    base = Base(
        models.duplicate(tiny_base.model), tiny_base.tokenizer, tiny_base.facts, tiny_base.folder
    )
    server = Server(base)
    weight = base.model.get_parameter("model.layers.1.mlp.up_proj.weight")
    kept = weight.detach().clone()
    weight.data.mul_(1.5)
    assert server.base_change() == "model.layers.1.mlp.up_proj.weight was written"
    weight.data.copy_(kept)
    assert not server.base_change(), "nothing counts such writes, so one that was undone is none"
    weight.data[3, 5] += 1
    assert not server.base_change(), "a single number is hardly seen by the quick look"
    assert not server.prove_base()
    weight.data.copy_(kept)
    assert server.base_change(), "answers since may have come from other weights: told ever after"


def test_a_swapped_forward_is_found_by_the_probe(tiny_base: Base) -> None:
    base = Base(
        models.duplicate(tiny_base.model), tiny_base.tokenizer, tiny_base.facts, tiny_base.folder
    )
    server = Server(base)
    layer = server._tree.get_submodule("model.layers.1.mlp")
    forward = layer.forward
    layer.forward = lambda x: forward(x) * 1.01
    assert not server.base_change()
    assert server.base_change(whole=True) == "a probe is answered differently"


def test_assign_takes_a_runs_weights_and_replaces_those_in_use(
    server: Server,
    save_adapter: Save,
    tensors_of: Callable[[Path], dict[str, Tensor]],
    peft_logits: Callable[..., Tensor],
    prompt: list[int],
) -> None:
    first, second = save_adapter(seed=1), save_adapter(seed=2)
    config = json.loads((first / "adapter_config.json").read_text())
    server.assign("run", tensors_of(first), config)
    server.use("run")
    assert torch.equal(server.logits(prompt), peft_logits(first))
    server.assign("run", tensors_of(second), config)
    assert torch.equal(server.logits(prompt), peft_logits(second))


def test_the_config_object_of_a_peft_model_can_be_assigned(tiny_base: Base, server: Server) -> None:
    """A run hands over `config.to_dict()`, whose target_modules is a set."""
    tuned = get_peft_model(
        models.share(tiny_base.model), LoraConfig(r=2, target_modules="all-linear")
    )
    tensors = {
        name.replace(".default", ""): p.detach().clone()
        for name, p in tuned.named_parameters()
        if "lora_" in name
    }
    facts = server.assign("run", tensors, tuned.peft_config["default"].to_dict())
    assert facts.quick
    assert facts.parameters == sum(t.numel() for t in tensors.values())


def test_swap_costs_the_same_with_two_and_with_many(server: Server, save_adapter: Save) -> None:
    folder = save_adapter()

    def swap_s() -> float:
        names = server.slots()
        times = []
        for i in range(300):
            start = time.perf_counter()
            server.use(names[i % len(names)])
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    for i in range(2):
        server.load(f"a{i}", folder)
    two = swap_s()
    for i in range(2, 32):
        server.load(f"a{i}", folder)
    assert swap_s() < 20 * two + 1e-5, "a swap must not walk slots or layers"


def test_slots_have_names_facts_and_an_end(server: Server, save_adapter: Save) -> None:
    facts = server.load("ollie", save_adapter(r=4, lora_alpha=16))
    server.use("ollie")
    assert server.slots() == ["ollie"]
    assert server.facts("ollie") is facts
    assert (facts.rank, facts.alpha) == (4, 16)
    assert facts.bytes == facts.parameters * 4
    server.drop("ollie")
    assert server.active is None
    with pytest.raises(NameUnknown):
        server.facts("ollie")
    server.load("ollie", save_adapter())
    with pytest.raises(NameUnknown, match="Did you mean 'ollie'"):
        server.use("olie")


def test_a_refused_adapter_leaves_the_one_before(
    server: Server, save_adapter: Save, tmp_path: Path, prompt: list[int]
) -> None:
    server.load("ollie", save_adapter())
    server.use("ollie")
    before = server.logits(prompt)
    with pytest.raises(AdapterError):
        server.load("ollie", tmp_path)
    assert torch.equal(server.logits(prompt), before)


def test_answers_beside_training_on_the_same_storage(
    tiny_base: Base, server: Server, save_adapter: Save, prompt: list[int]
) -> None:
    """A LoRA run on a sibling tree, in another thread, changes no answer, and is not changed."""
    settings = GenerateSpec(max_new_tokens=12)
    server.load("ollie", save_adapter())
    alone = server.generate([None, "ollie"], [prompt, prompt], settings)

    def train(steps: int) -> Tensor:
        torch.manual_seed(0)
        tree = get_peft_model(
            models.share(tiny_base.model), LoraConfig(r=4, target_modules=["q_proj"])
        )
        weights = [p for p in tree.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=1e-2)
        ids = torch.tensor([prompt])
        for _ in range(steps):
            tree(ids, labels=ids).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        return torch.cat([p.detach().flatten() for p in weights])

    by_itself = train(15)
    results: list[Tensor] = []
    thread = threading.Thread(target=lambda: results.append(train(15)))
    thread.start()
    while thread.is_alive():
        assert server.generate([None, "ollie"], [prompt, prompt], settings) == alone
    thread.join()
    assert torch.equal(results[0], by_itself)
    assert server.prove_base()


def test_two_threads_use_two_adapters_at_once(
    server: Server, save_adapter: Save, prompt: list[int]
) -> None:
    settings = GenerateSpec(max_new_tokens=10)
    for seed in (1, 2):
        server.load(f"a{seed}", save_adapter(seed=seed))
    alone = {slot: server.generate([slot], [prompt], settings) for slot in ("a1", "a2", None)}
    assert len({answers[0].text for answers in alone.values()}) == 3
    wrong: list[str | None] = []

    def ask(slot: str | None) -> None:
        for _ in range(6):
            if server.generate([slot], [prompt], settings) != alone[slot]:
                wrong.append(slot)

    threads = [threading.Thread(target=ask, args=(slot,)) for slot in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_answer_keeps_the_weights_it_began_with(
    server: Server,
    save_adapter: Save,
    tensors_of: Callable[[Path], dict[str, Tensor]],
    prompt: list[int],
) -> None:
    first, second = save_adapter(seed=1), save_adapter(seed=2)
    config = json.loads((first / "adapter_config.json").read_text())
    settings = GenerateSpec(max_new_tokens=12)
    server.load("run", first)
    before = server.generate(["run"], [prompt], settings)

    def replace(_column: int, _piece: str) -> None:
        server.assign("run", tensors_of(second), config)

    assert server.generate(["run"], [prompt], settings, on_piece=replace) == before
    assert server.generate(["run"], [prompt], settings) != before


@pytest.mark.real
def test_the_real_model_with_an_adapter_of_20_mb(
    real_base: Base, tmp_path: Path, prompt: list[int]
) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear")
        tuned = get_peft_model(models.share(real_base.model), config).eval()
        with torch.no_grad():
            for name, parameter in tuned.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(std=0.02)
    tuned.save_pretrained(tmp_path)
    server = Server(real_base)
    facts = server.load("ollie", tmp_path)
    assert facts.quick
    assert 19e6 < facts.bytes < 20e6
    with torch.no_grad():
        expected = tuned(torch.tensor([prompt])).logits[0]
    server.use("ollie")
    assert torch.equal(server.logits(prompt), expected)
    settings = GenerateSpec(max_new_tokens=8)
    single = [server.generate([slot], [prompt], settings)[0] for slot in (None, "ollie")]
    assert server.generate([None, "ollie"], [prompt, prompt], settings) == single
    assert server.prove_base()


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_on_a_gpu(
    tiny_base: Base, save_adapter: Save, prompt: list[int], dtype: torch.dtype
) -> None:
    model = models.duplicate(tiny_base.model).to("cuda", dtype)
    server = Server(Base(model, tiny_base.tokenizer, tiny_base.facts, tiny_base.folder))
    state = torch.cuda.get_rng_state()
    for slot, config in {"quick": {}, "dora": {"use_dora": True}}.items():
        folder = save_adapter(**config)
        assert server.load(slot, folder).quick is (slot == "quick")
        server.use(slot)
        tuned = PeftModel.from_pretrained(models.duplicate(model), folder).eval()
        with torch.no_grad():
            expected = tuned(torch.tensor([prompt], device="cuda")).logits[0]
        assert torch.equal(server.logits(prompt), expected)
    server.load("other", save_adapter(seed=5))
    for temperature in (0.0, 0.8):
        settings = GenerateSpec(max_new_tokens=8, temperature=temperature)
        columns = [None, "quick", "other", "dora"]
        answers = server.generate(columns, [prompt] * 4, settings)
        assert len({answer.text for answer in answers}) == 4
        assert answers[3] == server.generate(["dora"], [prompt], settings)[0]
    assert server.prove_base()
    assert torch.equal(torch.cuda.get_rng_state(), state)
