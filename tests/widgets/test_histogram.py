"""The histogram of token lengths."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from ft_magics.data import DataFacts
from ft_magics.data.lengths import Histogram
from ft_magics.widgets.histogram import histogram_html, histogram_text, length_words


def test_bars_beyond_the_limit_are_outlined(data_facts: DataFacts) -> None:
    html = histogram_html(data_facts)
    kept, beyond = (re.search(f'class="{kind}" d="([^"]*)"', html) for kind in "hk")
    assert kept is not None and beyond is not None
    assert (kept[1].count("M"), beyond[1].count("M")) == (2, 1)
    assert 'title="1 to 64 tokens: 14"' in html and 'title="577 to 640 tokens: 1"' in html


def test_the_labels_say_what_is_lost(data_facts: DataFacts) -> None:
    html = histogram_html(data_facts)
    for words in ("max_length 512", "⚠ 1 row is longer · 84 answer tokens lost", "median 52",
                  "640 tokens", "14 rows"):  # fmt: skip
        assert f'data-t="{words}"' in html


def test_a_limit_far_away_is_told_in_words(data_facts: DataFacts) -> None:
    facts = replace(data_facts, max_length=4096, cut_rows=0, lost_tokens=0)
    html = histogram_html(facts)
    assert 'data-t="max_length 4,096 →"' in html and 'data-t="every row fits"' in html
    assert 'class="b"' not in html and 'class="k"' not in html


def test_a_limit_before_all_rows_points_to_where_it_is(data_facts: DataFacts) -> None:
    bars = Histogram(4, (0, 3, 1), start=15_000)
    html = histogram_html(replace(data_facts, histogram=bars, max_length=512))
    assert 'style="left:0%" data-t="← max_length 512"' in html


def test_the_picture_for_pages_without_style_is_whole(data_facts: DataFacts) -> None:
    (code,) = re.findall(r"base64,([^\"]+)", histogram_html(data_facts))
    root = ElementTree.fromstring(base64.b64decode(code))
    texts = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert "max_length 512" in texts and "median 52" in texts


def test_in_words(data_facts: DataFacts) -> None:
    assert length_words(data_facts) == (
        "Tokens in 24 rows: 38 to 596, half of them up to 52; "
        "1 row is longer · 84 answer tokens lost"
    )
    assert length_words(replace(data_facts, tokens=None)) == ""


def test_as_text_the_line_stands_between_the_bars(data_facts: DataFacts) -> None:
    lines = histogram_text(data_facts, 60)
    assert lines[0].lstrip().startswith("1 to 64") and lines[0].endswith("█ 14")
    (line,) = [i for i, text in enumerate(lines) if "max_length 512" in text]
    assert lines[line - 1].endswith("449 to 512") and "513 to 576" in lines[line + 1]
    assert max(map(len, lines)) <= 60


def test_as_text_many_bars_are_joined(data_facts: DataFacts) -> None:
    bars = Histogram(8, tuple(range(40)), rest=5, start=80)
    lines = histogram_text(replace(data_facts, histogram=bars, max_length=None))
    assert len(lines) <= 13 and lines[-1].lstrip().startswith("above 400")
    assert sum(int(line.split()[-1]) for line in lines) == sum(range(40)) + 5


@pytest.mark.parametrize("counts", [(1,), (1, 1), (0, 0, 2), (5000, 1, 0, 0, 1)])
def test_few_and_uneven_rows_can_be_drawn(data_facts: DataFacts, counts: tuple[int, ...]) -> None:
    facts = replace(data_facts, histogram=Histogram(4, counts), max_length=None)
    drawn = re.search('class="h" d="([^"]*)"', histogram_html(facts))
    assert drawn is not None and drawn[1].count("M") == sum(map(bool, counts))
    assert len(histogram_text(facts)) >= 1
