from __future__ import annotations

import threading
from pathlib import Path

from ft_magics.events import (
    Evaluated,
    GoldenAnswered,
    Notice,
    RunEnded,
    RunPaused,
    RunQueued,
    StepEnded,
    StepKept,
)
from ft_magics.store.event_log import BLOCK_BYTES, EventLog


def step(number: int) -> StepEnded:
    return StepEnded(step=number, epoch=0.0, loss=1.0, learning_rate=0.1, at_s=1.0)


def test_events_come_back_in_order(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    assert list(log) == []
    assert log.last_state() is None
    assert log.written_s() == 0.0
    events = [RunQueued(name="ollie"), step(1), StepKept(step=1)]
    for event in events:
        log.append(event)
    assert list(log) == events
    assert list(EventLog(log.path)) == events
    assert log.written_s() > 0


def test_a_line_cut_off_by_a_crash_is_left_out_and_the_next_is_not_lost(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.append(step(1))
    log.append(step(2))
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[:-20])
    assert list(log) == [step(1)]
    assert log.last_state() == "running"
    log.append(step(3))
    assert list(log) == [step(1), step(3)]


def test_a_cut_through_a_character_is_no_error(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.append(step(1))
    log.append(Notice(text="ü" * 10))
    whole = log.path.read_bytes()
    cut = whole.rindex("ü".encode()) + 1
    log.path.write_bytes(whole[:cut])
    assert list(log) == [step(1)]
    assert log.last_state() == "running"


def test_text_may_hold_any_character(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    text = "a\nb\r\n\u2028 \x85 \ud83d 🐈"
    answer = {"prompt": text, "answer": text, "passed": None, "reason": ""}
    event = GoldenAnswered(step=1, model="base", answers=(answer,))
    log.append(event)
    assert list(log) == [event]


def test_the_state_is_found_from_the_end_past_what_does_not_change_it(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.append(RunQueued(name="ollie"))
    assert log.last_state() == "queued"
    log.append(RunPaused(step=3))
    log.append(StepKept(step=3))
    log.append(Evaluated(step=3, eval_loss=1.0))
    log.append(Notice(text="x" * 3 * BLOCK_BYTES))
    assert log.last_state() == "paused"
    log.append(RunEnded(state="stopped", step=3))
    assert log.last_state() == "stopped"


def test_lines_that_cross_blocks_are_read_whole(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.append(RunEnded(state="failed", step=0, error="e" * (BLOCK_BYTES - 60)))
    for _ in range(BLOCK_BYTES // 50):
        log.append(StepKept(step=1))
    assert log.last_state() == "failed"


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")

    def work(first: int) -> None:
        for number in range(first, first + 50):
            log.append(step(number))

    threads = [threading.Thread(target=work, args=(n * 100,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [event.step for event in log if isinstance(event, StepEnded)]
    assert sorted(found) == sorted(n * 100 + i for n in range(4) for i in range(50))
