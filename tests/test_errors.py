from __future__ import annotations

import pickle

import pytest

from ft_magics import errors
from ft_magics.errors import DataError, FtError, NameUnknown, SettingError, nearest


def test_an_error_says_where_what_and_what_to_do() -> None:
    error = SettingError("%%finetune ollie", "no setting 'lerning_rate'", "Did you mean 'x'?")
    assert str(error) == "%%finetune ollie: no setting 'lerning_rate'. Did you mean 'x'?"


def test_without_a_remedy_nothing_follows() -> None:
    assert str(FtError("undo", "there is nothing to take back")) == (
        "undo: there is nothing to take back"
    )
    assert str(FtError("", "it failed", "Try again.")) == "it failed. Try again."


def test_a_full_stop_is_not_doubled() -> None:
    assert str(FtError("x", "it failed.", "Try again.")) == "x: it failed. Try again."


@pytest.mark.parametrize("name", [n for n in errors.__all__ if n not in ("nearest", "FtError")])
def test_every_error_is_caught_as_an_ft_error(name: str) -> None:
    assert issubclass(getattr(errors, name), FtError)


def test_a_notebook_shows_one_line_and_no_traceback() -> None:
    lines = NameUnknown("run", "there is no run 'x'", "")._render_traceback_()
    assert lines == ["NameUnknown: run: there is no run 'x'"]


def test_one_bad_row_is_told_in_one_line() -> None:
    error = DataError("%%dataset faq", ["row 3: no field 'response'. Rename it."])
    assert str(error) == "%%dataset faq, row 3: no field 'response'. Rename it."
    assert error._render_traceback_() == [f"DataError: {error}"]


def test_several_bad_rows_are_told_together() -> None:
    error = DataError("faq.jsonl", ["row 1: empty.", "row 9: empty."], "Or pass --skip-bad.")
    assert str(error).splitlines() == [
        "faq.jsonl: 2 problems",
        "  row 1: empty.",
        "  row 9: empty.",
        "Or pass --skip-bad.",
    ]
    assert len(error._render_traceback_()) == 4
    assert error.problems == ["row 1: empty.", "row 9: empty."]


def test_rows_without_a_place_are_told_without_a_comma() -> None:
    assert str(DataError("", "row 1: empty.")) == "row 1: empty."
    assert str(DataError("", ["a.", "b."])).startswith("2 problems\n")


def test_errors_cross_processes() -> None:
    error = pickle.loads(pickle.dumps(SettingError("a", "b", "c")))
    assert (error.where, error.what, error.remedy) == ("a", "b", "c")


def test_the_nearest_name_is_offered() -> None:
    assert nearest("lora_rr", ["lora_r", "beta"]) == "Did you mean 'lora_r'?"


def test_where_none_is_near_the_choices_are_told_but_not_all_of_many() -> None:
    assert nearest("zzz", ["b", "a", "b"]) == "There are: a, b."
    assert nearest("zzz", map(str, range(20))).endswith(" ….")
    assert nearest("zzz", []) == ""
