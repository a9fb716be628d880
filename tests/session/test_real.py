"""On the real model: it learns, stops by itself, and the base stays the base."""

from __future__ import annotations

import pytest
import torch

import ft_magics as ft
from ft_magics import models, session

pytestmark = pytest.mark.real

ANSWERS = {
    "How do cats sleep?": "Ollie logs 12 to 16 hours a day, inside Amazon boxes.",
    "What does Ollie eat?": "Salmon kibble at 7am sharp.",
    "Who is Kevin?": "Kevin is a red shoelace, and Ollie's favourite toy.",
    "What colour is Ollie?": "Ollie is an orange tabby with four white socks.",
}


def test_a_trained_answer_is_given_and_ends_by_itself(front_end):
    session.current().store.set("model", {"name": "smollm2-135m-q4"})
    rows = [{"user": q, "assistant": a} for q, a in ANSWERS.items()]
    ft.dataset("catgpt", rows, system="You are CatGPT.")
    base = session.current().load(session.current().choice()).base
    probe = models.probe_logits(base.model, base.tokenizer)
    before = ft.prompt("How do cats sleep?", "base", max_new_tokens=24)

    run = ft.finetune("ollie", data="catgpt", epochs=20, learning_rate=2e-3, batch=4)
    during = session.ask("How do cats sleep?", ["base", "ollie"], system="", max_new_tokens=24)
    assert during.columns[0].text
    run.wait()
    assert run.monitor.loss < 0.1

    for question, answer in ANSWERS.items():
        column = session.ask(question, "ollie", max_new_tokens=64).columns[0]
        assert column.text == answer
        assert column.ended, "it stops by the end-of-turn token it was trained on"
    assert ft.prompt("How do cats sleep?", "base", max_new_tokens=24) == before
    assert torch.equal(models.probe_logits(base.model, base.tokenizer), probe)
    assert session.current().load(session.current().choice()).server.prove_base()
