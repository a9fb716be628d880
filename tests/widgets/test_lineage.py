"""The chain of an adapter: one calm line, and a card of its own."""

from __future__ import annotations

from ft_magics.widgets import LIMIT_BYTES, Stage, lineage_card
from ft_magics.widgets.lineage import lineage_html, lineage_text

FIRST = Stage("ollie", "SFT on catgpt, 24 rows", "0123abcd", "catgpt 89ab0123")


def test_the_line_goes_from_the_base_to_the_adapter() -> None:
    assert lineage_text("tiny", [Stage("ollie")]) == ["tiny → ollie"]
    assert lineage_text("tiny", [FIRST, Stage("polite")]) == [
        "tiny → ollie SFT on catgpt, 24 rows → polite"
    ]
    html = lineage_html("tiny", [FIRST, Stage("polite")])
    assert html == (
        "<p>tiny → <strong>ollie</strong> SFT on catgpt, 24 rows → <strong>polite</strong></p>"
    )


def test_what_is_stale_carries_a_sign_and_its_reason() -> None:
    stages = [FIRST, Stage("polite", stale="ollie is stale")]
    assert lineage_text("tiny", stages)[-1].endswith("polite · ⚠ stale: ollie is stale")
    html = lineage_html("tiny", stages)
    assert 'aria-label="warning"' in html and "stale: ollie is stale" in html


def test_of_a_long_chain_the_first_and_the_last_are_named() -> None:
    stages = [Stage(f"s{i}") for i in range(12)]
    assert lineage_text("tiny", stages) == ["tiny → s0 → … → s8 → s9 → s10 → s11"]
    assert "s7" not in lineage_html("tiny", stages)


def test_names_are_text() -> None:
    odd = Stage("a<b>", "SFT on <img src=x>, 1 row", "<i>", "<u>", "<s>", "<q>", "<em>")
    for html in (
        lineage_html("<base>", [odd]),
        lineage_card("<n>", "<base>", "<f>", [odd], [odd])["text/html"],
    ):
        for tag in ("<b>", "<img", "<i>", "<u>", "<s>", "<q>", "<em>", "<base>", "<n>", "<f>"):
            assert tag not in html


def test_the_card_has_a_row_for_each_stage_and_what_was_made_from_it() -> None:
    last = Stage("polite", "DPO on tone, 40 rows", "feed0123", start="ollie, step 84",
                 settings="beta – → 0.1", stale="ollie is stale")  # fmt: skip
    made = lineage_card(
        "polite", "tiny", "12ab34cd", [FIRST, last], [Stage("kind", "KTO on votes, 9 rows")]
    )
    for part in ("fingerprint 12ab34cd", "0123abcd", "catgpt 89ab0123", "the base", "up to date",
                 "ollie, step 84", "beta – → 0.1", "stale: ollie is stale"):  # fmt: skip
        assert part in made["text/html"]
    assert "Made from polite: kind (KTO on votes, 9 rows)." in made["text/plain"]
    assert "Nothing was made" in lineage_card("a", "tiny", "", [FIRST], [])["text/plain"]


def test_a_chain_without_end_stays_small() -> None:
    stages = [Stage("n" * 64, "w" * 100, settings="s" * 200) for _ in range(200)]
    made = lineage_card("x", "tiny", "", stages, stages[:50])
    assert len(made["text/html"].encode()) < LIMIT_BYTES
