"""A goal, an advice and a plan as HTML and text."""

from __future__ import annotations

from ft_magics.widgets import LIMIT_BYTES, AdviceParts, advice_card
from ft_magics.widgets.style import weight

PARTS = AdviceParts(
    "Advice",
    ["catgpt", "21 rows"],
    "answers <i>well</i>",
    "Fine-tuning fits.",
    reasons=[("fine-tuning", "A form is learned.", "LIMA"), ("a prompt", "It is short.", "GPT-3; LIMA")],
    settings=[("lora_r", "16", "enough", "LoRA"), ("seed", "42", "any", ""), ("x", "1", "y", "LIMA")],
    rows=[("one sentence", "checked")],
    notes=["a <b>note</b>"],
    cells={"The next cell:": '%%finetune a\n{"user": "<script>"}', "Nothing:": ""},
)  # fmt: skip


def test_everything_is_told_in_order_with_numbered_sources() -> None:
    made = advice_card(PARTS)
    lines = made["text/plain"].split("\n")
    assert lines[:4] == ["Advice  |  catgpt  |  21 rows", "goal: answers <i>well</i>", "",
                         "Fine-tuning fits."]  # fmt: skip
    text = made["text/plain"]
    for words in ("A form is learned. [1]", "It is short. [2, 1]", "enough [3]", "y [1]",
                  "one sentence  checked", "[1] LIMA\n[2] GPT-3\n[3] LoRA",
                  '    {"user": "<script>"}'):  # fmt: skip
        assert words in text, words
    assert "Nothing:" not in text and "any [" not in text
    order = [
        text.index(w) for w in ("speaks for", "setting", "one sentence", "note", "next", "LIMA\n")
    ]
    assert order == sorted(order)


def test_html_escapes_what_users_wrote() -> None:
    html = advice_card(PARTS)["text/html"]
    assert not any(tag in html for tag in ("<script", "<b>", "<i>"))
    for words in ("A form is learned. [1]", "[1] LIMA<br>[2] GPT-3<br>[3] LoRA", "<blockquote>"):
        assert words in html, words


def test_what_is_empty_is_left_out() -> None:
    made = advice_card(AdviceParts("Goal"))
    assert made["text/plain"] == "Goal"
    assert not any(tag in made["text/html"] for tag in ("<table", "<p>", "<pre", "<blockquote"))


def test_a_card_stays_small() -> None:
    long = AdviceParts(
        "Advice",
        goal="g" * 9_000,
        reasons=[("a prompt", "r" * 200, "s")] * 100,
        cells={"The next cell:": "c" * 50_000},
    )
    made = advice_card(long)
    assert weight(made["text/html"]) <= LIMIT_BYTES
    assert made["text/plain"].endswith("[1] s") and "…" in made["text/plain"]
