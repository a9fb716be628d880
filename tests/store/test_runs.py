from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ft_magics.errors import FtError, NameUnknown, RunError
from ft_magics.events import (
    Evaluated,
    Event,
    PhaseBegan,
    RunEnded,
    RunPaused,
    RunQueued,
    RunResumed,
    StepEnded,
    StepKept,
)
from ft_magics.store import RunFolder, Store, saves

Weights = Callable[[str], Callable[[Path], None]]
Start = Callable[..., "subprocess.Popen[str]"]


def step(number: int) -> StepEnded:
    return StepEnded(step=number, epoch=0.0, loss=1.0, learning_rate=0.1)


def read(folder: Path | None) -> str:
    assert folder is not None
    return (folder / "adapter_model.safetensors").read_text()


# ---------------------------------------------------------------- record


def test_a_folder_holds_what_the_run_is_made_from(folder: RunFolder) -> None:
    assert (folder.name, folder.version) == ("ollie", 1)
    assert folder.path.name == "0001"
    assert folder.record["key"] == "k1"
    assert folder.made_at_s > 0
    assert (folder.path / "data.jsonl").read_text() == '{"user": "a", "assistant": "b"}\n'
    assert not (folder.path / "golden.jsonl").exists()


def test_a_record_is_updated_and_another_holder_sees_it(folder: RunFolder) -> None:
    other = RunFolder(folder.path)
    assert other.record["key"] == "k1"
    folder.update_record(plan={"lora_r": 16}, last_loss=0.08)
    other.update_record(last_loss=0.07)
    assert folder.record["plan"] == {"lora_r": 16}
    assert folder.record["last_loss"] == 0.07
    assert folder.record["key"] == "k1"


def test_threads_that_update_a_record_lose_nothing(folder: RunFolder) -> None:
    def work(name: str) -> None:
        for number in range(10):
            folder.update_record(**{name: number})

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [folder.record[name] for name in "abc"] == [9, 9, 9]


def test_a_damaged_record_is_told_with_its_file(folder: RunFolder) -> None:
    (folder.path / "record.json").write_text('{"key": ')
    with pytest.raises(FtError, match=r"record\.json: is damaged"):
        assert folder.record


def test_a_run_that_is_gone_is_told(folder: RunFolder) -> None:
    (folder.path / "record.json").unlink()
    with pytest.raises(NameUnknown, match="version 1 is no longer there"):
        assert folder.record


# ---------------------------------------------------------------- state


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], "queued"),
        ([RunQueued(name="ollie")], "queued"),
        ([RunQueued(name="ollie"), PhaseBegan(text="loading")], "running"),
        ([RunQueued(name="ollie"), step(1), StepKept(step=1)], "running"),
        ([step(1), RunPaused(step=1), StepKept(step=1)], "paused"),
        ([step(1), RunPaused(step=1), RunResumed(step=1)], "running"),
        ([step(1), RunEnded(state="stopped", step=1)], "stopped"),
        ([step(1), RunEnded(state="failed", step=1, error="x")], "failed"),
        ([step(1), RunEnded(state="finished", step=1)], "finished"),
    ],
)
def test_the_state_is_that_of_the_events(
    folder: RunFolder, events: list[Event], state: str
) -> None:
    for event in events:
        folder.emit(event)
    assert folder.state == RunFolder(folder.path).state == state
    assert folder.active == (state in ("queued", "running", "paused"))
    assert list(folder.events()) == events


@pytest.mark.parametrize("event", [None, RunQueued(name="ollie"), step(3), RunPaused(step=3)])
def test_a_run_whose_process_is_gone_was_interrupted(
    folder: RunFolder, event: Event | None
) -> None:
    if event is not None:
        folder.emit(event)
    owner = folder.path / "owner.pid"
    facts = json.loads(owner.read_text())
    owner.write_text(json.dumps({**facts, "start_s": facts["start_s"] - 1000}))
    assert folder.state == "interrupted"
    owner.unlink()
    assert folder.state == "interrupted"


KERNEL = """
import sys
from pathlib import Path
from ft_magics.events import RunQueued, StepEnded
from ft_magics.store import Store
store = Store(Path(sys.argv[1]))
folder = store.new_run("ollie", {"key": "k"}, "", "")
folder.emit(RunQueued(name="ollie"))
folder.emit(StepEnded(step=1, epoch=0.0, loss=1.0, learning_rate=0.1))
"""


def test_a_run_of_another_kernel_is_running_until_that_is_killed(
    store: Store, other_kernel: Start
) -> None:
    kernel = other_kernel(KERNEL, store.home)
    folder = store.run("ollie")
    assert folder.state == "running"
    with pytest.raises(RunError, match="another kernel is at work on it"):
        folder.emit(RunQueued(name="ollie"))
    kernel.kill()
    kernel.wait()
    assert folder.state == "interrupted"
    # Now this one may go on with it.
    folder.emit(RunQueued(name="ollie"))
    assert folder.state == "queued"


def test_a_run_that_goes_on_is_alive_again(folder: RunFolder) -> None:
    folder.emit(RunQueued(name="ollie"))
    folder.emit(RunEnded(state="stopped", step=0))
    assert not (folder.path / "owner.pid").exists()
    folder.emit(RunQueued(name="ollie"))
    assert folder.state == "queued"


# ---------------------------------------------------------------- steps


def test_kept_steps_are_listed_in_order(folder: RunFolder, weights: Weights) -> None:
    assert folder.steps() == []
    for number in (84, 9, 100):
        folder.save_step(number, weights(str(number)))
    assert folder.steps() == [9, 84, 100]
    assert folder.step_folder(84) == folder.path / "steps" / "000084"
    assert read(folder.step_folder(84)) == "84"
    folder.save_step(84, weights("again"))
    assert read(folder.step_folder(84)) == "again"


def test_twenty_steps_stay_and_the_best(folder: RunFolder, weights: Weights) -> None:
    folder.emit(Evaluated(step=0, eval_loss=0.1))  # before the first step: no weights of ours
    for number in range(1, 31):
        folder.emit(Evaluated(step=number, eval_loss=abs(number - 3.2) + 1))
        folder.save_step(number, weights(str(number)))
    assert folder.steps() == [3, *range(12, 31)]


def test_the_best_is_known_to_one_who_goes_on_with_a_run(
    folder: RunFolder, weights: Weights
) -> None:
    for number, loss in ((1, 2.0), (2, 1.0), (3, float("nan"))):
        folder.emit(Evaluated(step=number, eval_loss=loss))
        folder.save_step(number, weights(str(number)))
    again = RunFolder(folder.path)
    for number in range(4, 30):
        again.save_step(number, weights(str(number)))
    assert again.steps() == [2, *range(11, 30)]


def test_what_the_name_means_is_never_dropped(folder: RunFolder, weights: Weights) -> None:
    folder.save_step(1, weights("1"))
    folder.finish(1)
    for number in range(2, 30):
        folder.save_step(number, weights(str(number)))
    assert folder.steps()[:2] == [1, 11]


SAVER = """
import os, signal, sys
from pathlib import Path
from ft_magics.store import RunFolder

def write(staging):
    (staging / "adapter_model.safetensors").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)

getattr(RunFolder(Path(sys.argv[1])), sys.argv[2])(int(sys.argv[3]), write)
"""


@pytest.mark.parametrize("method", ["save_step", "save_checkpoint"])
@pytest.mark.parametrize("number", [4, 8])
def test_a_kill_in_the_middle_of_a_save_leaves_the_older_one(
    folder: RunFolder, weights: Weights, method: str, number: int
) -> None:
    import sys

    getattr(folder, method)(4, weights("four"))
    command = [sys.executable, "-c", SAVER, str(folder.path), method, str(number)]
    assert subprocess.run(command, check=False).returncode == -9
    again = RunFolder(folder.path)
    if method == "save_step":
        assert again.steps() == [4]
        assert read(again.step_folder(4)) == "four"
    else:
        assert read(again.checkpoint()) == "four"
    getattr(again, method)(8, weights("eight"))
    parent = again.path / ("steps" if method == "save_step" else "checkpoints")
    assert not list(parent.glob(".*"))


def test_two_threads_may_save_at_once(folder: RunFolder, weights: Weights) -> None:
    def work(first: int) -> None:
        for number in range(first, first + 8, 2):
            folder.save_step(number, weights(str(number)))

    threads = [threading.Thread(target=work, args=(first,)) for first in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert folder.steps() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(read(folder.step_folder(number)) == str(number) for number in folder.steps())


# ---------------------------------------------------------------- the result


def test_the_name_means_the_step_that_finishes_it(folder: RunFolder, weights: Weights) -> None:
    assert folder.adapter is None
    folder.save_step(4, weights("four"))
    folder.save_step(8, weights("eight"))
    assert folder.adapter is None
    folder.finish(4)
    assert folder.adapter == folder.path / "adapter"
    assert read(folder.adapter) == "four"
    assert folder.record["result_step"] == 4
    folder.finish(8)
    assert read(folder.adapter) == "eight"


def test_a_step_that_was_not_kept_cannot_be_the_result(folder: RunFolder, weights: Weights) -> None:
    folder.save_step(4, weights("four"))
    with pytest.raises(RunError, match=r"step 5 was not kept\. Kept: 4\."):
        folder.finish(5)
    assert folder.adapter is None


def test_a_crash_in_the_middle_of_the_swap_is_bridged(folder: RunFolder, weights: Weights) -> None:
    folder.save_step(4, weights("four"))
    folder.finish(4)
    (folder.path / "adapter").rename(folder.path / ".adapter.old.abc")
    assert read(RunFolder(folder.path).adapter) == "four"


def test_a_finished_run_needs_no_checkpoint_a_stopped_one_does(
    folder: RunFolder, weights: Weights
) -> None:
    folder.save_checkpoint(4, weights("four"))
    assert folder.checkpoint() == folder.path / "checkpoints" / saves.step_name(4)
    folder.emit(RunEnded(state="stopped", step=4))
    assert folder.checkpoint() is not None
    folder.emit(RunQueued(name="ollie"))
    folder.emit(RunEnded(state="finished", step=8))
    assert folder.checkpoint() is None


def test_the_card_is_a_readme(folder: RunFolder) -> None:
    folder.write_card("# ollie\n")
    assert (folder.path / "README.md").read_text() == "# ollie\n"


def test_a_disk_that_refuses_is_told_with_a_remedy(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(staging: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(FtError, match=r"steps: cannot be written: No space left.*FtMagics\.home"):
        folder.save_step(1, full)
    assert folder.steps() == []
