"""The log of judgements: added to, never rewritten, whole but for a line that a crash cut off."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from ft_magics.store.judgements import Judgements


def test_entries_come_back_in_their_order(tmp_path: Path) -> None:
    log = Judgements(tmp_path, "votes")
    entries = [{"how": "vote", "text": "ein\nBrief\u2028ü \ud800"}, {"how": "tie"}]
    for entry in entries:
        log.append(entry)
    assert list(Judgements(tmp_path, "votes")) == entries
    assert (tmp_path / "judgements" / "votes.jsonl").read_bytes().count(b"\n") == 2


def test_nothing_is_there_before_the_first(tmp_path: Path) -> None:
    assert list(Judgements(tmp_path, "votes")) == []
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path) -> None:
    log = Judgements(tmp_path, "votes")
    log.append({"row": 1})
    with log.path.open("ab") as file:
        file.write(b'{"row": 2, "te')
    assert list(log) == [{"row": 1}]
    log.append({"row": 3})
    assert list(log) == [{"row": 1}, {"row": 3}]


def test_what_stood_there_stays_byte_for_byte(tmp_path: Path) -> None:
    log = Judgements(tmp_path, "votes")
    log.append({"row": 1})
    before = log.path.read_bytes()
    log.append({"row": 2})
    assert log.path.read_bytes().startswith(before)


def test_each_set_has_its_own(tmp_path: Path) -> None:
    Judgements(tmp_path, "votes").append({"row": 1})
    assert list(Judgements(tmp_path, "preferences")) == []


def test_threads_do_not_cut_each_other(tmp_path: Path) -> None:
    def write(at: int) -> None:
        log = Judgements(tmp_path, "votes")
        for i in range(20):
            log.append({"thread": at, "i": i, "text": "x" * 3000})

    threads = [threading.Thread(target=write, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = list(Judgements(tmp_path, "votes"))
    assert len(entries) == 80
    assert [e["i"] for e in entries if e["thread"] == 2] == list(range(20))


def test_it_survives_its_process(
    tmp_path: Path, other_kernel: Callable[..., subprocess.Popen[str]]
) -> None:
    code = (
        "from ft_magics.store.judgements import Judgements\n"
        f"log = Judgements({str(tmp_path)!r}, 'votes')\n"
        "log.append({'row': 1})\n"
    )
    kernel = other_kernel(code)
    kernel.kill()
    kernel.wait()
    assert list(Judgements(tmp_path, "votes")) == [{"row": 1}]
