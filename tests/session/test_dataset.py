"""Rows from where people have them, kept under a name, and what training then takes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ft_magics import session
from ft_magics.data import RowFile
from ft_magics.errors import DataError, FtError, SettingError

from .conftest import Remembers

WORDS = ["red", "green", "blue", "black", "white", "brown", "pink", "gold", "grey", "teal"]


def pairs(count: int, first: int = 0) -> list[dict[str, str]]:
    return [
        {
            "user": f"Which colour is the {WORDS[i % 10]} {i}?",
            "assistant": f"It is {WORDS[i % 10]}, {i}.",
        }
        for i in range(first, first + count)
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def numbers(made: Any) -> list[int]:
    return [row.number for row in made.rows]


def test_a_file_is_kept_by_its_name_not_its_path(front_end: Remembers, tmp_path: Path) -> None:
    made = session.dataset("faq", str(write(tmp_path / "rows.jsonl", pairs(3))))
    assert (len(made.rows), made.origin, made.source) == (3, "rows.jsonl", "")
    assert str(tmp_path) not in json.dumps(made.to_records())
    assert session.dataset("faq") == made
    assert session.dataset("again", source=tmp_path / "rows.jsonl").sha256 == made.sha256


def test_fields_are_renamed_rows_chosen_and_mixed(front_end: Remembers, tmp_path: Path) -> None:
    rows = [{"q": row["user"], "a": row["assistant"]} for row in pairs(20)]
    file = str(write(tmp_path / "rows.jsonl", rows))
    made = session.dataset("faq", file, map="user=q,assistant=a", limit=5)
    assert numbers(made) == [1, 2, 3, 4, 5]
    mixed = session.dataset("faq", file, map={"user": "q", "assistant": "a"}, limit=5, shuffle=7)
    again = session.dataset("faq", file, map="user=q,assistant=a", limit="5", shuffle="7")
    assert numbers(mixed) == numbers(again) != [1, 2, 3, 4, 5] and len(mixed.rows) == 5
    with pytest.raises(SettingError, match="--map names 'answer', which no row has"):
        session.dataset("faq", file, map="user=q,assistant=answer")
    for wrong in ({"limit": 0}, {"limit": "few"}, {"shuffle": "x"}, {"fix": "everything"}):
        with pytest.raises(SettingError):
            session.dataset("faq", file, **wrong)


def test_append_goes_on_counting(front_end: Remembers) -> None:
    session.dataset("faq", pairs(2), system="s")
    made = session.dataset("faq", pairs(3, 5), append=True)
    assert numbers(made) == [1, 2, 3, 4, 5] and made.system == "s" and made.version == 2
    other = session.dataset("faq", pairs(1, 9), append=True, system="t")
    assert other.system is None
    assert [row.system for row in other.rows] == ["s"] * 5 + ["t"]
    assert other.systems == {"s", "t"}
    with pytest.raises(DataError, match="a preference row among SFT rows"):
        session.dataset("faq", [{"prompt": "a", "chosen": "b", "rejected": "c"}], append=True)
    assert session.dataset("new", pairs(2), append=True).version == 1


def test_bad_rows_change_nothing(front_end: Remembers, tmp_path: Path) -> None:
    before = session.dataset("faq", pairs(2))
    bad = [*pairs(3), {"user": "x", "assistant": ""}]
    with pytest.raises(DataError, match="row 4: the answer is empty"):
        session.dataset("faq", str(write(tmp_path / "rows.jsonl", bad)))
    assert session.dataset("faq") == before
    assert not any((session.current().store.home / "tmp").iterdir())
    made = session.dataset("faq", str(tmp_path / "rows.jsonl"), skip_bad=True)
    assert made.skipped == 1 and made.findings[0].rows == (4,)


def test_an_interrupt_changes_nothing(
    front_end: Remembers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = session.dataset("faq", pairs(2))
    file = write(tmp_path / "rows.jsonl", pairs(1200))

    def interrupted(text: str, done: int, total: int) -> None:
        if text.startswith("reading") and 0 < done < total:
            raise KeyboardInterrupt

    monkeypatch.setattr(front_end, "progress", interrupted)
    with pytest.raises(FtError, match="interrupted"):
        session.dataset("faq", str(file))
    assert session.dataset("faq") == before
    assert not any((session.current().store.home / "tmp").iterdir())


def test_repairs_are_told_and_the_source_stays(front_end: Remembers) -> None:
    text = '{"user": "a ", "assistant": "b"}\n{"user": "c", "assistant": "d"}\n' * 2
    made = session.dataset("faq", text, fix=True)
    assert [row.messages[0].content for row in made.rows] == ["a", "c"]
    assert made.source == text
    assert {change["fix"] for change in made.changes} == {"white-space", "duplicates"}
    assert not {f.check for f in made.findings} & {"white-space", "duplicates", "duplicate"}
    assert session.dataset("faq").changes == made.changes
    only = session.dataset("faq", text, fix="white-space")
    assert len(only.rows) == 4


def test_many_rows_are_read_from_their_file(
    front_end: Remembers, train: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ft_magics.session.state.IN_MEMORY", 10)
    made = session.dataset("many", pairs(60), system="s")
    assert isinstance(made.rows, RowFile)
    held = made.split()
    assert [len(part) for part in held] == [54, 6]
    assert session.dataset("many", pairs(60), system="s").sha256 == made.sha256
    assert len(made.to_pandas()) == 60
    run = train("one", data="many")
    assert run.state == "finished" and run.folder.record["data"]["train_rows"] == 54
    assert list(RowFile(run.folder.path / "rows.jsonl")) == list(made.rows)
    assert session.workflow().steps[1].detail.endswith("64 rows")


def test_golden_questions_are_taken_out_of_training(
    front_end: Remembers, train: Callable[..., Any]
) -> None:
    session.golden("faq", [{"prompt": "which colour is the RED 0", "contains": "red"}])
    made = session.dataset("faq", pairs(4))
    [found] = [f for f in made.findings if "golden" in f.check]
    assert found.rows == (1,) and found.severity == "warning"
    run = train("one", data="faq")
    assert run.folder.record["data"]["train_rows"] == 3
    told = [event.text for event in run.folder.events() if hasattr(event, "text")]
    assert "Row 1 is a golden question: taken out of training" in told
    kept = train("two", data="faq", train_on_golden=True)
    assert kept.folder.record["data"]["train_rows"] == 4
    session.golden("faq", [{"prompt": row["user"]} for row in pairs(4)])
    assert any("rows 1-4 of the data set faq ask" in text for text in front_end.notices)
    with pytest.raises(SettingError, match="every row is a golden question"):
        train("three", data="faq")


def test_rows_of_the_named_eval_set_are_told(front_end: Remembers) -> None:
    session.dataset("exam", pairs(3))
    made = session.dataset("faq", pairs(6), eval="exam")
    [found] = [f for f in made.findings if f.check == "eval-row-overlap"]
    assert found.rows == (1, 2, 3)


def test_the_goal_goes_with_the_rows(front_end: Remembers) -> None:
    session.goal("Only colours")
    assert session.dataset("faq", pairs(2)).goal == "Only colours"


def test_deep_asks_the_base(front_end: Remembers, monkeypatch: pytest.MonkeyPatch) -> None:
    made = session.dataset("faq", pairs(10), deep=True)
    # The tiny model is surprised by everything alike.
    assert not {f.check for f in made.findings} & {"surprising", "already-known"}
    loaded = session.current().load(session.current().choice())

    def losses(slot: None, encoded: list[Any]) -> list[float]:
        return [9.0 if encoded[0].number == 4 else 2.0 + encoded[0].number / 100]

    monkeypatch.setattr(loaded.server, "answer_loss", losses)
    made = session.dataset("faq", pairs(10), deep=True)
    [found] = [f for f in made.findings if f.check == "surprising"]
    assert found.rows == (4,) and "loss 9.00" in found.examples[0].text


def test_variables_and_tables(front_end: Remembers) -> None:
    pandas = pytest.importorskip("pandas")
    import datasets

    plain = session.dataset("a", pairs(4))
    assert session.dataset("b", pandas.DataFrame(pairs(4))).sha256 == plain.sha256
    assert session.dataset("c", datasets.Dataset.from_list(pairs(4))).sha256 == plain.sha256
    assert session.dataset("d", iter(pairs(4))).sha256 == plain.sha256
