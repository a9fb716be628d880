"""The stylesheet keeps to its own cards, and is small."""

from __future__ import annotations

import re

from ft_magics.widgets import Column, answers_card, message
from ft_magics.widgets.stylesheet import SCOPE, browser_style, style_for

EVERYTHING = (
    "ft-bar ft-plot <table ft-facts ft-list ft-gold <blockquote <pre ft-cols ft-steps "
    "ft-hist ft-found <small ft-pair ft-rows ft-tok ft-duo"
)


def selectors(css: str) -> list[str]:
    css = re.sub(r"@(supports|media|container)[^{]*\{", "", css)
    return [part for rule in re.findall(r"([^{}]+)\{", css) for part in rule.split(",")]


def test_every_rule_is_scoped() -> None:
    found = selectors(style_for(EVERYTHING) + browser_style())
    assert len(found) > 60
    assert not [selector for selector in found if not selector.strip().startswith(f".{SCOPE}")]


def test_braces_are_balanced() -> None:
    css = style_for(EVERYTHING) + browser_style()
    assert css.count("{") == css.count("}")


def test_a_card_carries_only_what_it_uses() -> None:
    assert len(style_for(EVERYTHING)) < 14_500
    assert "ft-plot" not in message("Fine.")["text/html"]
    assert ".ft-cols" in answers_card("How?", [Column("a", "b")])["text/html"]


def test_nothing_moves_and_nothing_is_fetched() -> None:
    css = style_for(EVERYTHING) + browser_style()
    assert not re.search(r"animation|transition|url\(|@import|gradient|shadow", css)
