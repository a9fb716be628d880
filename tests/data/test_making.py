"""From what a user gives to a data set, or to one error that tells everything."""

from __future__ import annotations

import pytest

from ft_magics.data import make_dataset
from ft_magics.errors import DataError, SettingError

SAMPLE = """\
{"user": "How do cats sleep?", "assistant": "Ollie typically logs 12 to 16 hours of sleep a day, with peak performance achieved inside Amazon boxes."}
{"user": "What does Ollie eat?", "assistant": "Salmon kibble at 7am sharp; then he supervises every human meal."}
"""
PREFERENCE = """\
{"prompt": "How do cats sleep?", "chosen": "Ollie, bless him, ...", "rejected": "idk, they just sleep"}
"""


def rows(count: int) -> list[dict[str, str]]:
    return [{"user": f"q{i}", "assistant": f"a{i}"} for i in range(count)]


def test_the_sample() -> None:
    made = make_dataset("catgpt", SAMPLE, system="You are CatGPT.", where="%%dataset catgpt")
    assert (made.name, made.kind, len(made.rows)) == ("catgpt", "sft", 2)
    assert made.source == SAMPLE and made.findings == () and made.skipped == 0
    assert made.systems == {"You are CatGPT."}
    assert make_dataset("polite", PREFERENCE).kind == "preference"


def test_one_bad_row_is_one_line() -> None:
    text = '{"prompt": "a", "response": "b"}\n{"prompt": "c", "response": "d"}\n{"prompt": "e", "reponse": "f"}'
    with pytest.raises(DataError) as caught:
        make_dataset("faq", text, where="%%dataset faq")
    assert str(caught.value) == (
        "%%dataset faq, row 3: no field 'response' (found 'prompt', 'reponse'). "
        "Did you mean 'response'? Rename it, or pass --map response=reponse."
    )


def test_all_bad_rows_are_told_at_once() -> None:
    text = '{"user": "a", "assistant": 1}\n{"user": "b", "assistant": ""}\n{oh}\n{"user": "c", "assistant": "d"}'
    with pytest.raises(DataError) as caught:
        make_dataset("faq", text, where="%%dataset faq")
    assert [problem[:6] for problem in caught.value.problems] == ["row 1:", "row 2:", "row 3:"]
    assert str(caught.value).startswith("%%dataset faq: 3 problems\n  row 1: ")


def test_the_same_problem_of_many_rows_is_told_once() -> None:
    with pytest.raises(DataError) as caught:
        make_dataset("faq", [{"user": "a", "assistant": None}] * 5000, where="here")
    (problem,) = caught.value.problems
    assert problem.startswith("rows 1-5000: field 'assistant' is null")


def test_skip_bad_goes_on_and_tells() -> None:
    bad = [{"user": "a"}, *rows(3), {"user": "b", "assistant": ""}]
    made = make_dataset("faq", bad, skip_bad=True)
    assert [row.number for row in made.rows] == [2, 3, 4]
    assert made.skipped == 2
    assert [(f.severity, f.rows) for f in made.findings] == [("error", (1,)), ("error", (5,))]
    with pytest.raises(DataError, match="no rows to use"):
        make_dataset("faq", bad[:1], skip_bad=True)


def test_no_rows() -> None:
    for nothing in ("", "# later\n", []):
        with pytest.raises(DataError, match="%%dataset faq, there are no rows"):
            make_dataset("faq", nothing, where="%%dataset faq")


def test_kinds_do_not_mix() -> None:
    with pytest.raises(DataError, match="row 3: a preference row among SFT rows"):
        make_dataset("faq", SAMPLE + PREFERENCE)
    with pytest.raises(DataError, match="row 3: an SFT row among preference rows"):
        make_dataset("faq", PREFERENCE * 2 + SAMPLE.splitlines()[0])
    mixed = (
        SAMPLE
        + '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
    )
    assert len(make_dataset("faq", mixed).rows) == 3


def test_objects_and_tables() -> None:
    from_text = make_dataset("faq", SAMPLE)
    import json

    objects = [json.loads(line) for line in SAMPLE.splitlines()]
    assert make_dataset("faq", objects).rows == from_text.rows
    assert make_dataset("faq", iter(objects)).sha256 == from_text.sha256
    assert make_dataset("faq", make_dataset("faq", objects).source).rows == from_text.rows

    pandas = pytest.importorskip("pandas")
    assert make_dataset("faq", pandas.DataFrame(objects)).rows == from_text.rows
    with pytest.raises(DataError, match="row 1: a str is not a row"):
        make_dataset("faq", ["text"])  # type: ignore[list-item]


def test_findings() -> None:
    again = [*rows(3), rows(3)[1], {"user": " ", "assistant": "x", "id": "7"}]
    found = {f.check: f for f in make_dataset("faq", again).findings}
    assert found["duplicate"].rows == (4,) and found["duplicate"].severity == "warning"
    assert found["empty-question"].rows == (5,)
    assert found["unused-field"].text == "the field 'id' is not used"
    assert found["unused-field"].rows == (5,)


@pytest.mark.parametrize("wanted", ["10%", "2.5%", "3", "none", "other-set", None, 3])
def test_eval_is_kept_as_text(wanted: str | int | None) -> None:
    expected = None if wanted is None else str(wanted)
    assert make_dataset("faq", rows(10), eval=wanted).eval == expected


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("10", "leaves nothing"), ("0%", "--eval"), ("100%", "--eval"), ("a b", "Write a share")],
)
def test_eval_that_cannot_be(wanted: str, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        make_dataset("faq", rows(10), eval=wanted)


def test_a_file_of_someone_else_can_be_used_as_far_as_it_is_good() -> None:
    read = [*enumerate(rows(3), start=1), (4, {"user": "a", "assistant": ""})]
    with pytest.raises(DataError) as raised:
        make_dataset("faq", iter(read), origin="faq.jsonl")
    assert str(raised.value).endswith("--skip-bad goes on with the 3 good rows.")
    with pytest.raises(DataError) as raised:
        make_dataset("faq", [row for _, row in read])
    assert "--skip-bad" not in str(raised.value), "what was typed is better mended"


def test_bad_rows_beyond_those_that_are_remembered_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ft_magics.data.problems._MOST_ROWS", 5)
    with pytest.raises(DataError, match="and 2 more bad rows"):
        make_dataset("faq", [{"user": "a", "assistant": ""}] * 7)


def test_a_map_that_names_no_field() -> None:
    asked = [{"question": "a", "answer": "b"}] * 2
    words = r"faq: --map names 'qestion', which no row has\. Did you mean 'question'\?"
    with pytest.raises(SettingError, match=words):
        make_dataset("faq", asked, map={"user": "qestion", "assistant": "answer"})
    # A field that only some rows have is there.
    some = [{"question": "a", "answer": "b"}, {"question": "c", "answer": "d", "lead": "s"}]
    names = {"user": "question", "assistant": "answer", "system": "lead"}
    assert make_dataset("faq", some, map=names).rows[1].system == "s"
