"""Tab on our lines, in IPython's completer and through a kernel's `do_complete`."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from ft_magics.errors import FtError
from ft_magics.magics.completion import BUILT_IN, complete
from ft_magics.magics.syntax import VERBS

from .conftest import Calls


def offered(before: str, above: str = "") -> list[str]:
    return [text for text, _ in complete(above, before)[1]]


@pytest.fixture(autouse=True)
def kept(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are kept here."""
    names = {
        "data": ["catgpt", "dogs"],
        "golden": ["catgpt"],
        "adapter": ["ollie", "polly"],
        "model": ["base", "ollie", "polly"],
    }
    monkeypatch.setattr(calls, "names", names.__getitem__, raising=False)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("%ft ", list(VERBS)),
        ("%ft ev", ["evaluate"]),
        ("x = %ft un", ["undo"]),
        ("%ft use o", ["ollie"]),
        ("%ft show ", ["ollie", "polly", "catgpt", "dogs"]),
        ("%ft show", []),
        ("%ft memory --f", ["--free"]),
        ("%ft evaluate ollie --golden ", ["catgpt"]),
        ("%ft evaluate ollie --against b", ["base"]),
        ("%ft model smollm2-135m-", ["smollm2-135m-q4"]),
        ("%ft model x --dtype b", ["bfloat16"]),
        ("%ft help fi", ["finetune"]),
        ("%ft nosuch ", []),
        ("%%finetune ollie --learn", ["--learning-rate"]),
        ("%%finetune ollie --learning_r", ["--learning-rate"]),
        ("%%finetune ollie --lr 3 --learn", []),
        ("%%finetune ollie --data ", ["catgpt", "dogs"]),
        ("%%finetune ollie --data=d", ["dogs"]),
        ("%%finetune polite --after p", ["polly"]),
        ("%%finetune ollie --strategy q", ["qlora"]),
        ("%%finetune ollie --wait --fr", ["--fresh"]),
        ("%%prompt base o", ["ollie"]),
        ("%prompt b", ["base"]),
        ("%%dataset c --eval n", ["none"]),
        ("%%dataset c --sk", ["--skip-bad"]),
        ("%%golden cat", ["catgpt"]),
        ("print('%ft ev", []),
        ("%matplotlib in", []),
    ],
)
def test_what_may_stand_at_the_cursor(before: str, expected: list[str]) -> None:
    assert offered(before) == expected


def test_settings_in_the_body() -> None:
    head = "# c\n%%finetune ollie\nepochs: 3"
    assert offered("learning", head) == ["learning_rate: "]
    assert offered("strategy: ", head) == ["auto", "lora", "qlora", "full"]
    assert offered("data: d", head) == ["dogs"]
    assert offered("learning", f"{head}\n---") == []
    assert offered("learning", '%%finetune o\n{"user": "a"}') == []
    assert offered("learning", "%%prompt ollie") == []
    assert offered("%ft ev", "%%prompt ollie") == []


def test_a_home_that_cannot_be_read_keeps_tab_quiet(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(kind: str) -> list[str]:
        raise FtError("", "no")

    monkeypatch.setattr(calls, "names", fail, raising=False)
    assert offered("%ft use ") == []


def test_the_built_in_names_are_those_of_the_models() -> None:
    from ft_magics.models.builtin import BUILT_IN as known

    assert set(BUILT_IN) == set(known)


@pytest.mark.parametrize("use_jedi", [True, False])
def test_ipythons_completer_offers_ours_alone(shell: InteractiveShell, use_jedi: bool) -> None:
    shell.Completer.use_jedi = use_jedi
    for cell, start, texts in (
        ("# c\n%%finetune ollie --strat", 21, ["--strategy"]),
        ("%%finetune ollie\nlearning_r", 17, ["learning_rate: "]),
        ("%ft ev", 4, ["evaluate"]),
        ("%ft use ", 8, ["base", "ollie", "polly"]),
    ):
        with provisionalcompleter():
            found = list(shell.Completer.completions(cell, len(cell)))
        assert [(c.start, c.end, c.text) for c in found][:3] == [
            (start, len(cell), text) for text in texts
        ]


def test_other_cells_complete_as_ever(shell: InteractiveShell) -> None:
    shell.user_ns["longvariable"] = 1
    with provisionalcompleter():
        assert "longvariable" in [c.text for c in shell.Completer.completions("longv", 5)]
