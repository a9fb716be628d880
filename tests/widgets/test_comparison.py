"""Golden questions side by side."""

from __future__ import annotations

from typing import Any

from ft_magics.widgets import comparison_card
from ft_magics.widgets.comparison import score


def answer(text: str, passed: bool | None, prompt: str = "Why?") -> dict[str, Any]:
    return {"prompt": prompt, "answer": text, "passed": passed, "reason": ""}


def test_only_checked_answers_count() -> None:
    assert score([answer("a", True), answer("b", False), answer("c", None)]) == "1 of 2"
    assert score([answer("c", None)]) == ""


def test_base_stands_first_and_missing_answers_keep_their_place() -> None:
    made = comparison_card(
        {"ollie": [answer("x", True)], "base": [answer("y", False), answer("z", None, "Who?")]},
        summary="base 0 of 1, ollie 1 of 1",
    )
    text = made["text/plain"]
    assert text.index("base · 0 of 1") < text.index("ollie · 1 of 1")
    assert "Who?" in text
    assert "…" in text
    assert "2 questions" in text


def test_without_answers_there_is_no_table() -> None:
    assert "<table" not in comparison_card({})["text/html"]


def test_the_base_says_whether_it_was_proven() -> None:
    answers = {model: [{"prompt": "Why?", "answer": "So.", "passed": None, "reason": ""}]
               for model in ("ollie", "base")}  # fmt: skip
    said = {known: comparison_card(answers, base_unchanged=known) for known in (True, False, None)}
    assert "base · unchanged since it was loaded" in said[True]["text/plain"]
    assert "base · ⚠ not the base that was loaded" in said[False]["text/plain"]
    for word in ("unchanged", "not the base"):
        assert word not in said[None]["text/html"] + said[None]["text/plain"]
    alone = comparison_card({"ollie": answers["ollie"]}, base_unchanged=True)
    assert "unchanged" not in alone["text/html"], "only the base is proven"
    warned = comparison_card(answers, base_unchanged=False, warning="Was <written>.")
    assert "⚠ Was <written>." in warned["text/plain"] and "<written>" not in warned["text/html"]
