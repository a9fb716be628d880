from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ft_magics import models


@pytest.fixture
def base(tiny_folder: Path) -> models.Base:
    """A base of this test's own."""
    return models.load(str(tiny_folder), notify=lambda *_: None)


def test_a_shared_tree_has_the_very_same_weights(base: models.Base) -> None:
    tree: Any = models.share(base.model)
    assert tree is not base.model and type(tree) is type(base.model)
    ours, theirs = dict(base.model.named_parameters()), dict(tree.named_parameters())
    assert ours.keys() == theirs.keys()
    assert all(ours[name] is theirs[name] for name in ours)
    assert tree.lm_head.weight is tree.model.embed_tokens.weight
    probe = models.probe_logits(base.model, base.tokenizer)
    assert torch.equal(models.probe_logits(tree, base.tokenizer), probe)


def test_an_adapter_on_one_tree_is_not_on_the_others(base: models.Base) -> None:
    from peft import LoraConfig, get_peft_model

    probe = models.probe_logits(base.model, base.tokenizer)
    counts = models.versions(base.model)
    names = set(dict(base.model.named_modules()))
    tree: Any = models.share(base.model)
    with torch.random.fork_rng(devices=[]):
        tuned = get_peft_model(tree, LoraConfig(r=4, target_modules="all-linear"))
        ids = torch.tensor([base.tokenizer("How do cats sleep?")["input_ids"]])
        optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=0.01)
        for _ in range(3):
            tuned(input_ids=ids, labels=ids).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    assert set(dict(base.model.named_modules())) == names
    assert models.versions(base.model) == counts
    assert torch.equal(models.probe_logits(base.model, base.tokenizer), probe)
    assert not torch.equal(models.probe_logits(tuned.eval(), base.tokenizer), probe)


def test_a_duplicate_is_apart(base: models.Base) -> None:
    copy: Any = models.duplicate(base.model)
    probe = models.probe_logits(base.model, base.tokenizer)
    assert torch.equal(models.probe_logits(copy, base.tokenizer), probe)
    assert copy.lm_head.weight is copy.model.embed_tokens.weight
    ours = {p.data_ptr() for p in base.model.parameters()}
    assert ours.isdisjoint(p.data_ptr() for p in copy.parameters())
    copy.requires_grad_(True)
    with torch.no_grad():
        copy.lm_head.weight.add_(1.0)
    assert not any(p.requires_grad for p in base.model.parameters())
    assert torch.equal(models.probe_logits(base.model, base.tokenizer), probe)


def test_versions_tell_of_a_write(base: models.Base) -> None:
    before = models.versions(base.model)
    tree: Any = models.share(base.model)
    models.probe_logits(tree, base.tokenizer)
    assert models.versions(base.model) == before
    with torch.no_grad():
        tree.model.norm.weight.mul_(1.0)
    assert models.versions(base.model) != before


def test_the_probe_is_one_row_and_repeats(base: models.Base) -> None:
    first = models.probe_logits(base.model, base.tokenizer)
    assert first.shape[0] == 1 and first.shape[2] == base.facts.vocab_size
    assert (first.dtype, first.device.type) == (torch.float32, "cpu")
    assert not first.requires_grad
    assert torch.equal(models.probe_logits(base.model, base.tokenizer), first)
