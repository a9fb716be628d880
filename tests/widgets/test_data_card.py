"""Cards of data sets and golden sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ft_magics.data import DataFacts, Row, make_golden
from ft_magics.data.encoding import TokenPiece
from ft_magics.data.findings import Example, finding
from ft_magics.data.fixes import DiffLine
from ft_magics.widgets import LIMIT_BYTES, data_card, golden_card
from ft_magics.widgets.style import weight

HURT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def size(made: dict[str, str]) -> int:
    return weight(made["text/html"]) + weight(made["text/plain"])


def test_the_numbers_of_a_data_set(data_facts: DataFacts) -> None:
    text = data_card(data_facts)["text/plain"]
    for part in (
        "catgpt  |  question and answer  |  24 rows  |  cats.jsonl",
        "goal: Only answers about Ollie",
        "38 to 596",
        "golden set catgpt",
        "left out         1 row",
        "1,612",
        "max_length 512: 1 row is longer · 84 answer tokens lost",
        "You are CatGPT.",
        "and 21 more rows",
    ):
        assert part in text


def test_what_is_held_out_is_named(data_facts: DataFacts) -> None:
    facts = replace(data_facts, held=(3, 9, 10), eval_rows=3, eval_source="3 rows held out")
    made = data_card(facts)
    assert "3 rows held out: rows 3 and 9-10" in made["text/plain"]
    assert "3 rows held out: rows 3 and 9-10" in made["text/html"]
    assert made["text/html"].count(">eval</small>") == 3


def test_a_sample_is_said_to_be_one(data_facts: DataFacts) -> None:
    facts = replace(data_facts, rows=9000, measured=2000, sampled=True)
    text = data_card(facts)["text/plain"]
    assert "from 2,000 rows, spread evenly over all" in text
    assert "about 1,612" in text


def test_the_first_rows_are_there_and_can_be_found_by_the_browser(data_facts: DataFacts) -> None:
    html = data_card(data_facts)["text/html"]
    assert 'data-ft-rows="catgpt-01234567"' in html
    assert [f'data-n="{i}"' in html for i in range(1, 12)] == [True] * 10 + [False]
    assert "The first 10 of 24 rows." in html


def test_the_verdict_follows_the_worst_finding(data_facts: DataFacts) -> None:
    told = [finding(n, n, [3], "something is wrong", "") for n in ("note", "warning", "error")]
    clean = replace(data_facts, skipped=0)
    words = [data_card(replace(clean, findings=tuple(told[:i])))["text/plain"] for i in (1, 2, 3)]
    assert "Nothing was found that would spoil the training." in words[0]
    assert "⚠ Nothing stops the training; 1 warning is worth a look before it." in words[1]
    assert "✕ 1 error: its rows cannot be trained on as they are; 1 warning" in words[2]


def test_rows_that_were_left_out_do_not_stop_the_training(data_facts: DataFacts) -> None:
    told = [finding(n, s, [3], "so", "") for n, s in (("bad-row", "error"), ("email", "warning"))]
    facts = replace(data_facts, skipped=1, findings=tuple(told))
    shown = " ".join(data_card(facts)["text/plain"].split())
    assert (
        "⚠ Nothing stops the training; 1 row was left out, and 1 warning is worth a look" in shown
    )


def test_without_a_tokenizer_tokens_are_not_told(data_facts: DataFacts) -> None:
    facts = replace(data_facts, tokens=None, histogram=None, measured=0, example=())
    made = data_card(facts)
    assert "tokens" not in made["text/plain"] and "One row" not in made["text/plain"]
    assert "<svg" not in made["text/html"]


def test_what_was_mended_is_shown(data_facts: DataFacts) -> None:
    lines = (
        DiffLine(2, "row", "row 2: white-space"),
        DiffLine(2, "removed", "b·· <b>"),
        DiffLine(2, "added", "b"),
    )
    made = data_card(replace(data_facts, changes=lines))
    assert "b·· &lt;b&gt;" in made["text/html"] and "b·· <b>" in made["text/plain"]


def test_a_data_card_stays_small(
    data_facts: DataFacts, make_row: Callable[..., Row], make_piece: Callable[..., TokenPiece]
) -> None:
    found = tuple(
        finding(
            f"check-{i}",
            "warning",
            range(i, 900, 3),
            'no field "response" <here> ' * 4,
            "Rename it. " * 4,
            examples=[Example(i, '"quoted" <b>' * 90, 1, "a question") for i in (1, 2)],
            fix="name",
        )
        for i in range(60)
    )
    facts = replace(
        data_facts,
        findings=found,
        example=tuple(make_piece(f'say "<{i}>" ', "trained") for i in range(320)),
        first=tuple(make_row(i, '"q" <q> ' * 800, '"a"\n' * 4000) for i in range(1, 11)),
        goal="g " * 900,
        system='"s" ' * 900,
    )
    made = data_card(facts)
    assert size(made) <= LIMIT_BYTES
    assert "more findings" in made["text/html"] and "more findings" in made["text/plain"]
    assert 'data-n="1"' in made["text/html"]
    few = data_card(replace(facts, findings=found[:12]))
    assert size(few) <= LIMIT_BYTES
    assert few["text/html"].count("<strong>No field") == 12


def test_the_same_facts_give_the_same_card(data_facts: DataFacts) -> None:
    assert data_card(data_facts) == data_card(replace(data_facts))


def test_html_in_any_field_is_text(
    data_facts: DataFacts, make_row: Callable[..., Row], make_piece: Callable[..., TokenPiece]
) -> None:
    found = finding(HURT, "error", [1], HURT, HURT, examples=[Example(1, HURT, 1, HURT)], fix=HURT)
    facts = replace(
        data_facts,
        name=HURT,
        origin=HURT,
        goal=HURT,
        system=HURT,
        eval_source=HURT,
        findings=(found,),
        example=(make_piece(HURT, "trained"), make_piece(HURT, "control"), make_piece(HURT)),
        first=(make_row(1, HURT, HURT),),
        changes=(DiffLine(1, "removed", HURT),),
    )
    html = data_card(facts)["text/html"]
    assert "<script" not in html and "src=x" not in html.replace("&lt;img src=x", "")
    assert html.count("&lt;script&gt;") >= 12


def test_a_golden_set_tells_its_checks_in_words() -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": "where does he nap?", "contains": "box"},
        {"prompt": "phone?", "unknown": True},
        {"prompt": "hm?"},
    ]
    text = golden_card(make_golden("catgpt", rows))["text/plain"]
    assert "contains “box”" in text
    assert "says that it does not know" in text
    assert "for looking" in text
