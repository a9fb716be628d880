"""`%%dataset` and rows that lie elsewhere: each flag of the line, and the cell rewritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from ft_magics import session
from ft_magics.errors import FtError, SettingError

from .conftest import Calls

ROW = '{"user": "a", "assistant": "b"}'


def run(shell: InteractiveShell, cell: str) -> Any:
    result = shell.run_cell(cell)
    assert result.success, result.error_in_exec
    return result.result


def refused(shell: InteractiveShell, cell: str) -> FtError:
    result = shell.run_cell(cell)
    error = result.error_in_exec or result.error_before_exec
    assert isinstance(error, FtError), error
    return error


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--from rows.jsonl", {"source": "rows.jsonl"}),
        ("--from org/name --split train[:10] --subset en",
         {"source": "org/name", "split": "train[:10]", "subset": "en"}),
        ("--from rows.csv --map user=question,assistant=answer",
         {"source": "rows.csv", "map": "user=question,assistant=answer"}),
        ("--from rows.csv --limit 10 --shuffle", {"source": "rows.csv", "limit": "10", "shuffle": True}),
        ("--from rows.csv --shuffle 7 --append",
         {"source": "rows.csv", "shuffle": "7", "append": True}),
        ("--from rows.csv --fix --skip-bad", {"source": "rows.csv", "fix": True, "skip_bad": True}),
        ("--from rows.csv --fix all", {"source": "rows.csv", "fix": "all"}),
        ("--from rows.csv --fix duplicates,encoding --deep",
         {"source": "rows.csv", "fix": "duplicates,encoding", "deep": True}),
    ],
)  # fmt: skip
def test_each_flag_reaches_the_session(
    shell: InteractiveShell, calls: Calls, line: str, said: dict[str, Any]
) -> None:
    run(shell, f"%dataset faq {line}")
    assert calls.made == [("dataset", ("faq", None), {"where": "%%dataset faq", **said})]


def test_a_repair_is_not_taken_for_a_name(shell: InteractiveShell, calls: Calls) -> None:
    run(shell, f"%%dataset --fix faq\n{ROW}")
    [(_, args, named)] = calls.made
    assert args[0] == "faq" and named["fix"] is True


def test_variables_of_the_notebook(
    shell: InteractiveShell, calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"user": "a", "assistant": "b"}]
    shell.user_ns["mine"] = rows
    run(shell, "%dataset faq --from mine")
    run(shell, "%dataset faq --from $mine")
    assert [named["source"] for _, _, named in calls.made] == [rows, rows]
    Path("mine").write_text("x")
    assert "is a variable and a file" in str(refused(shell, "%dataset faq --from mine"))
    run(shell, "%dataset faq --from ./mine")
    assert calls.made[-1][2]["source"] == "./mine"


def test_rows_below_and_elsewhere_are_refused(shell: InteractiveShell) -> None:
    error = refused(shell, f"%%dataset faq --from rows.jsonl\n{ROW}")
    assert "there are rows here and a source" in str(error)


def test_the_cell_gets_the_repaired_rows(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        shell, "set_next_input", lambda text, replace=False: put.append((text, replace))
    )
    run(
        shell,
        '%%dataset faq --system "Be kind." --fix --rewrite --eval none\n'
        '{"user": "a ", "assistant": "b"}\n{"user": "c", "assistant": "d\\u200b"}',
    )
    assert put == [
        (
            '%%dataset faq --system "Be kind." --eval none\n'
            '{"user": "a", "assistant": "b"}\n{"user": "c", "assistant": "d"}',
            True,
        )
    ]
    assert [row.messages[-1].content for row in session.dataset("faq").rows] == ["b", "d"]


def test_only_rows_of_a_cell_can_be_written_back(shell: InteractiveShell, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(ROW)
    error = refused(shell, f"%dataset faq --from {tmp_path}/rows.jsonl --fix --rewrite")
    assert isinstance(error, SettingError) and "%ft export data:faq" in str(error)


def test_export_of_rows(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(shell, f'%%dataset faq --system "s"\n{ROW}')
    told = run(shell, "%ft export data:faq --format alpaca")
    assert str(told) == "the rows of faq are in faq.jsonl, as alpaca"
    assert Path("faq.jsonl").read_text() == (
        '{"instruction": "a", "input": "", "system": "s", "output": "b"}\n'
    )
    run(shell, "%ft export data:faq --format alpaca")
    error = refused(shell, "%ft export data:faq --format openai")
    assert "faq.jsonl is there already and holds something else" in str(error)
    run(shell, "%ft export data:faq --format openai --overwrite")
    error = refused(shell, "%ft export data:faq faq.csv")
    assert "rows are written as JSONL. Name it faq.jsonl" in str(error)
    run(shell, "%ft export data:faq other.jsonl")
    error = refused(shell, "%ft export data:faq .")
    assert str(error).endswith(". is a folder. Name a file in it: faq.jsonl.")
    assert Path("other.jsonl").read_text().startswith('{"messages": [{"role": "system"')
    run(shell, "%dataset back --from other.jsonl")
    assert session.dataset("back").rows[0].messages[1:] == session.dataset("faq").rows[0].messages
