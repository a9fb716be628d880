"""Rows in normal form."""

from __future__ import annotations

import json

from ft_magics.data import Message, Preference, Row
from ft_magics.data.rows import with_system

ASK, SAY = Message("user", "a"), Message("assistant", "b", trained=True)
SYSTEM = Message("system", "s")


def test_to_json_and_back() -> None:
    for row in (Row(3, (SYSTEM, ASK, SAY)), Preference(4, (ASK,), (SAY,), (SAY,))):
        assert type(row).from_record(json.loads(json.dumps(row.to_record()))) == row


def test_the_system_text_of_a_row() -> None:
    assert Row(1, (ASK, SAY)).system is None
    assert Row(1, (SYSTEM, ASK, SAY)).system == "s"
    assert Preference(1, (SYSTEM, ASK), (SAY,), (SAY,)).system == "s"


def test_a_row_keeps_its_own_system_text() -> None:
    assert with_system((ASK,), "s") == (SYSTEM, ASK)
    assert with_system((SYSTEM, ASK), "t") == (SYSTEM, ASK)
    assert with_system((ASK,), None) == (ASK,)
    assert with_system((ASK,), "") == (Message("system", ""), ASK)
