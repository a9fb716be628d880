"""The split, the hash, and the way to disk and back."""

from __future__ import annotations

import dataclasses
import json

import pytest

from ft_magics.data import Dataset, make_dataset

PAIRS = [{"user": f"q{i}", "assistant": f"a{i}"} for i in range(200)]
PREFERENCES = [{"prompt": f"q{i}", "chosen": f"a{i}", "rejected": "no"} for i in range(60)]


@pytest.mark.parametrize(
    ("rows", "wanted", "held"),
    [
        (49, None, 0),
        (50, None, 5),
        (200, None, 20),
        (10, "10%", 1),
        (2, "90%", 1),
        (1, "50%", 0),
        (200, "25%", 50),
        (60, "7", 7),
        (60, "none", 0),
        (60, "other", 0),
    ],
)
def test_how_many_are_held_out(rows: int, wanted: str | None, held: int) -> None:
    made = make_dataset("faq", PAIRS[:rows], eval=wanted)
    train, scored = made.split()
    assert (len(train), len(scored)) == (rows - held, held)
    numbers = [row.number for row in train], [row.number for row in scored]
    assert numbers == (sorted(numbers[0]), sorted(numbers[1]))
    assert sorted(numbers[0] + numbers[1]) == list(range(1, rows + 1))


def test_the_split_repeats_is_spread_and_stays() -> None:
    made = make_dataset("faq", PAIRS)
    assert made.split() == make_dataset("other", PAIRS).split()
    held = {row.messages for row in made.split()[1]}
    numbers = [row.number for row in made.split()[1]]
    assert numbers[0] < 60 and numbers[-1] > 140
    more = make_dataset("faq", [*PAIRS[:100], {"user": "new", "assistant": "row"}, *PAIRS[100:]])
    assert len(held & {row.messages for row in more.split()[1]}) >= 19


def test_the_hash_is_of_what_is_trained() -> None:
    text = "\n".join(map(json.dumps, PAIRS[:3]))
    made = make_dataset("faq", text)
    assert made.sha256 == make_dataset("other", PAIRS[:3], eval="1").sha256
    assert made.sha256 == make_dataset("faq", "# note\n" + text.replace("\n", ",\n\n")).sha256
    for other in (
        make_dataset("faq", PAIRS[:4]),
        make_dataset("faq", PAIRS[2::-1]),
        make_dataset("faq", PAIRS[:3], system="s"),
        make_dataset("faq", text.replace("q1", "q1 ")),
    ):
        assert other.sha256 != made.sha256
    assert len(made.sha256) == 64


def test_systems() -> None:
    rows = [PAIRS[0], {**PAIRS[1], "system": "own"}]
    assert make_dataset("faq", rows).systems == {None, "own"}
    assert make_dataset("faq", rows, system="all").systems == {"all", "own"}


@pytest.mark.parametrize("rows", [PAIRS, PREFERENCES], ids=["sft", "preference"])
def test_to_disk_and_back(rows: list[dict[str, str]]) -> None:
    odd = [*rows, {**rows[0], "id": "é🐱\u2028"}, {**rows[1], "user": None, "prompt": None}]
    made = make_dataset("faq", odd, system="s", eval="10%", skip_bad=True)
    made = dataclasses.replace(made, version=3)
    record = json.loads(json.dumps(made.to_records()))
    back = Dataset.from_records(record)
    assert back == made and back.sha256 == made.sha256 and back.findings
    assert back.split() == made.split()


def test_to_pandas() -> None:
    pytest.importorskip("pandas")
    table = make_dataset("faq", PAIRS[:2]).to_pandas()
    assert list(table.columns) == ["row", "system", "user", "assistant"]
    assert table.loc[1, "assistant"] == "a1"
    table = make_dataset("faq", PREFERENCES[:2]).to_pandas()
    assert table.loc[0, "chosen"] == "a0" and table.loc[0, "prompt"] == "q0"
    turns = [{"role": r, "content": "x"} for r in ("user", "assistant") * 2]
    table = make_dataset("faq", [{"messages": turns}]).to_pandas()
    assert table.loc[0, "messages"] == turns


def test_repr_is_short() -> None:
    assert repr(make_dataset("faq", PAIRS)) == "Dataset('faq', sft, 200 rows)"
