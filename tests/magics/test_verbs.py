"""Each verb of `%ft` is one call of the session."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ft_magics.errors import FtError, SettingError
from ft_magics.magics.syntax import NOT_YET, VERBS
from ft_magics.magics.verbs import CALLS, run_verb

from .conftest import Calls


@pytest.mark.parametrize(
    ("line", "verb", "args", "named"),
    [
        ("", "workflow", (), {}),
        ("   # what next", "workflow", (), {}),
        ("goal", "goal", (None,), {}),
        ('goal "Only about Ollie"  # x', "goal", ("Only about Ollie",), {}),
        ("goal Don't guess", "goal", ("Don't guess",), {}),
        ("advise", "advise", (None,), {"golden": False, "where": "%ft advise"}),
        ("advise data:catgpt --golden", "advise", ("data:catgpt",),
         {"golden": True, "where": "%ft advise"}),
        ("model", "model", (), {}),
        ("model org/name --dtype float32", "model", ("org/name",),
         {"dtype": "float32", "trust_remote_code": False}),
        ("model x --trust-remote-code", "model", ("x",), {"trust_remote_code": True}),
        ("list", "adapters", (), {}),
        ("show data:catgpt", "show", ("data:catgpt",), {"where": "%ft show"}),
        ("use ollie~1", "use", ("ollie~1",), {"where": "%ft use ollie~1"}),
        ("wait", "wait", (None,), {"timeout_s": None}),
        ("wait ollie --timeout 3", "wait", ("ollie",), {"timeout_s": 3.0}),
        ("stop", "stop", (None,), {"where": "%ft stop"}),
        ("pause ollie", "pause", ("ollie",), {"where": "%ft pause ollie"}),
        ("resume ollie", "resume", ("ollie",), {"where": "%ft resume ollie"}),
        ("evaluate ollie", "evaluate", ("ollie", None, ("base",)), {"where": "%ft evaluate ollie"}),
        ("evaluate ollie --golden g --against base,polly", "evaluate",
         ("ollie", "g", ("base", "polly")), {"where": "%ft evaluate ollie"}),
        ("memory --free", "memory", (), {"free": True}),
        ("import guest ./peft", "import_adapter", ("guest", "./peft"), {"where": "%ft import guest"}),
        ("export ollie", "export", ("ollie", "ollie"), {"where": "%ft export ollie"}),
        ("export ollie~1 out", "export", ("ollie~1", "out"), {"where": "%ft export ollie~1"}),
        ("delete ollie", "delete", ("ollie",), {"where": "%ft delete ollie"}),
        ("rename ollie polly", "rename", ("ollie", "polly"), {"where": "%ft rename ollie"}),
        ("undo", "undo", (), {}),
        ("doctor", "doctor", (), {}),
    ],
)  # fmt: skip
def test_a_verb_is_one_call(
    calls: Calls, line: str, verb: str, args: tuple[Any, ...], named: dict[str, Any]
) -> None:
    calls.results |= {"use": "ollie", "delete": "gone", "rename": "done", "undo": "back"}
    calls.results["export"] = Path("ollie")
    calls.results["import_adapter"] = SimpleNamespace(name="guest", rank=4, bytes=10**6)
    run_verb(line, {})
    assert calls.made == [(verb, args, named)]


def test_few_words_show_without_quotes(calls: Calls) -> None:
    calls.results["undo"] = "ollie is back"
    assert repr(run_verb("undo", {})) == "ollie is back"
    assert "No goal yet" in run_verb("goal", {})
    assert run_verb("wait", {}) == "no run is in progress"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("lst", "%ft: no verb 'lst'. Did you mean 'list'"),
        ("list?", "Did you mean 'list'"),
        ("use", "a name is missing. Write %ft use NAME"),
        ("memory --fre", "Did you mean '--free'"),
        ("wait --timeout soon", "It must be seconds"),
        ("model --dtype float32", "Write %ft model NAME"),
    ],
)
def test_what_is_wrong_is_refused_with_the_nearest(calls: Calls, line: str, what: str) -> None:
    with pytest.raises(SettingError) as refused:
        run_verb(line, {})
    assert what in str(refused.value)
    assert not calls.made


@pytest.mark.parametrize("verb", sorted(NOT_YET))
def test_a_verb_of_a_later_version_says_what_to_use(verb: str) -> None:
    with pytest.raises(FtError, match=rf"{verb} is not here yet\. \w"):
        run_verb(f"{verb} ollie", {})


def test_every_verb_has_its_call_and_its_help(calls: Calls) -> None:
    assert set(CALLS) == set(VERBS)
    for verb in VERBS:
        assert run_verb(f"{verb} --help", {}).startswith(f"%ft {verb}")
    assert not calls.made
