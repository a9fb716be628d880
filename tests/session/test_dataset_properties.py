"""Whatever is typed into a `%%dataset` cell: our error or a data set, and no good row is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ft_magics import session
from ft_magics.data.formats import cell_record
from ft_magics.errors import FtError
from ft_magics.magics.render import bundle
from row_strategies import any_sft_row

from .conftest import Remembers

RELAXED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KEYS = st.sampled_from(
    [
        "user",
        "assistant",
        "system",
        "prompt",
        "completion",
        "chosen",
        "rejected",
        "messages",
        "conversations",
        "label",
        "text",
        "instruction",
        "input",
        "output",
        "history",
        "tools",
        "kto_tag",
        "role",
        "content",
        "from",
        "value",
        "weight",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS | st.text(max_size=4), VALUES, max_size=5)
LINES = st.one_of(
    OBJECTS.map(json.dumps),
    st.text(max_size=40),
    st.sampled_from(
        [
            '{"user": "a"',
            "user: hi",
            "- user: a",
            "user,assistant",
            "[",
            "]",
            "---",
            '"',
            "%%x",
            "\x00",
        ]
    ),
)


@RELAXED
@given(text=st.lists(LINES, max_size=6).map("\n".join) | st.text(max_size=200))
def test_any_cell_gives_a_data_set_or_our_error(front_end: Remembers, text: str) -> None:
    try:
        made = session.dataset("any", text or "#", skip_bad=True, fix=True)
    except FtError as error:
        assert str(error).strip()
    else:
        shown = bundle(made)
        assert shown["text/plain"] and len(shown["text/html"]) < 32_000


@RELAXED
@given(objects=st.lists(OBJECTS, max_size=5))
def test_any_objects_give_a_data_set_or_our_error(front_end: Remembers, objects: list[Any]) -> None:
    try:
        session.dataset("any", objects, eval="1")
    except FtError as error:
        assert str(error).strip()


@RELAXED
@given(
    rows=st.lists(any_sft_row(), min_size=1, max_size=4),
    noise=st.lists(
        st.sampled_from(['{"user": 1}', '{"user": "a", "assistant": }', "oh", "", "# no"])
    ),
    seed=st.randoms(use_true_random=False),
)
def test_no_good_row_is_lost_among_bad_ones(
    front_end: Remembers, rows: list[Any], noise: list[str], seed: Any
) -> None:
    lines = [json.dumps(cell_record(row)) for row in rows]
    mixed = [*lines, *noise]
    seed.shuffle(mixed)
    # The first line tells what the cell is.
    text = "\n".join([lines[0], *mixed])
    made = session.dataset("any", text, skip_bad=True)
    kept = [(row.messages, row.text, row.tools) for row in made.rows]
    for row in rows:
        assert (row.messages, row.text, row.tools) in kept
    assert len(kept) == len(rows) + 1


@pytest.mark.parametrize("name", ["<b>x</b>", "../x", "base", "", "a b"])
def test_names_that_cannot_be_kept(front_end: Remembers, name: str) -> None:
    with pytest.raises(FtError):
        session.dataset(name, '{"user": "a", "assistant": "b"}')
