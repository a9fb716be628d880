"""Answers in one batch, whoever asks: also when another cell renews a slot in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ft_magics as ft
from ft_magics.errors import NameUnknown
from ft_magics.session import answering


@pytest.fixture
def renewed(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """Lets each of the first slots be gone when it is asked, as a second asker leaves it."""
    plain = answering.load_slot
    taken: list[str] = []

    def install(times: int) -> list[str]:
        def load_slot(loaded: Any, target: Any) -> str | None:
            slot = plain(loaded, target)
            if slot is not None and len(taken) < times:
                taken.append(slot)
                loaded.server.drop(slot)
            return slot

        monkeypatch.setattr(answering, "load_slot", load_slot)
        return taken

    return install


def by_prompt() -> dict[str, str]:
    return ft.prompt("What is number 1?", ["base", "one"], max_new_tokens=4)


def by_chat() -> str:
    return ft.chat("one", max_new_tokens=4).say("What is number 1?")


def by_comparison() -> set[str]:
    made = ft.prefer("base", "one", prompts=["What is number 1?"], max_new_tokens=4)
    return {made.left, made.right}


@pytest.mark.parametrize("ask", [by_prompt, by_chat, by_comparison])
def test_a_slot_that_was_renewed_is_looked_for_again(
    ask: Callable[[], Any], train: Any, alone: Any, renewed: Any
) -> None:
    train("one", learning_rate=3e-2)
    told = by_prompt()
    taken = renewed(2)
    found = ask()
    assert len(taken) == 2
    assert found in (told, told["one"], set(told.values()))


def test_a_slot_that_is_always_gone_is_told(train: Any, alone: Any, renewed: Any) -> None:
    train("one")
    taken = renewed(100)
    with pytest.raises(NameUnknown, match="no adapter"):
        by_prompt()
    assert len(taken) == answering.TRIES
