from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from ft_magics.training.control import Control, StopNow


def test_now_outranks_stop_outranks_pause() -> None:
    control = Control()
    assert control.wanted == "run"
    control.pause()
    assert control.wanted == "pause"
    control.stop()
    assert control.wanted == "stop"
    control.now()
    assert control.wanted == "now"
    control.stop()
    control.resume()
    assert control.wanted == "now"


def test_check_leaves_only_for_now() -> None:
    control = Control()
    control.stop()
    control.check()
    control.now()
    with pytest.raises(StopNow):
        control.check()


def test_stop_now_is_no_exception_that_a_library_would_catch() -> None:
    assert not issubclass(StopNow, Exception)


def test_hold_does_nothing_unless_paused() -> None:
    told: list[str] = []
    Control().hold(lambda: told.append("pause"), lambda: told.append("resume"))
    assert not told


@pytest.mark.parametrize(
    ("word", "told"),
    [("resume", ["pause", "resume"]), ("stop", ["pause"]), ("now", ["pause"])],
)
def test_hold_sleeps_until_somebody_speaks(word: str, told: list[str]) -> None:
    control, said, paused = Control(), [], threading.Event()
    control.pause()

    def on_pause() -> None:
        said.append("pause")
        paused.set()

    thread = threading.Thread(target=control.hold, args=(on_pause, lambda: said.append("resume")))
    thread.start()
    assert paused.wait(5)
    assert thread.is_alive()
    getattr(control, word)()
    thread.join(5)

    assert not thread.is_alive()
    assert said == told


def test_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, ft_magics.training, ft_magics.training.control\n"
        "print([m for m in ('torch', 'trl', 'transformers', 'peft', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
