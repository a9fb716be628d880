"""Rows of one kind as rows of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from ft_magics.data import Message, Preference, Row, RowFile, Unpaired, write_rows
from ft_magics.data.recast import RECASTS, recast

ASKED = (Message("user", "q"),)


def said(text: str) -> tuple[Message, ...]:
    return (Message("assistant", text, trained=True),)


PAIRS = tuple(Preference(i, ASKED, said(f"good {i}"), said(f"bad {i}")) for i in (1, 2, 5))
LABELLED = tuple(Unpaired(i, ASKED, said(f"a {i}"), i % 2 == 1) for i in range(1, 6))


def test_a_kind_is_itself() -> None:
    assert recast(PAIRS, "preference", "preference") is PAIRS


def test_pairs_give_their_better_answers_to_imitate() -> None:
    made = recast(PAIRS, "preference", "sft")
    assert made == tuple(Row(p.number, (*ASKED, *p.chosen)) for p in PAIRS)
    assert all(row.messages[-1].trained and not row.messages[0].trained for row in made)


def test_pairs_give_two_labelled_answers_each() -> None:
    made = recast(PAIRS, "preference", "unpaired")
    assert [(r.number, r.label, r.completion) for r in made] == [
        (p.number, label, side) for p in PAIRS for label, side in
        ((True, p.chosen), (False, p.rejected))
    ]  # fmt: skip


def test_labelled_answers_give_the_good_ones() -> None:
    made = recast(LABELLED, "unpaired", "sft")
    assert [row.number for row in made] == [1, 3, 5]
    assert all(row.messages[-1].trained for row in made)


@pytest.mark.parametrize(("kind", "to"), sorted(RECASTS))
def test_rows_in_a_file_give_the_same_in_memory_or_not(tmp_path: Path, kind: str, to: str) -> None:
    rows = {"preference": PAIRS, "unpaired": LABELLED}[kind]
    path = tmp_path / "rows.jsonl"
    write_rows(path, rows)
    lazy, held = recast(RowFile(path), kind, to), recast(rows, kind, to)
    assert isinstance(held, tuple) and not isinstance(lazy, tuple)
    assert list(lazy) == list(held)
    assert [lazy[i] for i in range(len(lazy))] == list(held)
    assert list(lazy[1:3]) == list(held[1:3]) and lazy[-1] == held[-1]


@pytest.mark.parametrize(
    ("kind", "to"), [("sft", "preference"), ("sft", "unpaired"), ("unpaired", "preference")]
)
def test_what_is_not_in_the_rows_is_not_made_up(kind: str, to: str) -> None:
    with pytest.raises(KeyError):
        recast(PAIRS, kind, to)
