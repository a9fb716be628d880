"""Python ends while something is still computed: no abort, and no long wait."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import itertools, threading, time
from ft_magics.leaving import computing, halt, resting

def begun(work):
    going = threading.Event()
    threading.Thread(target=work, args=(going,), daemon=True).start()
    going.wait()
"""
WORKS = """
def work(going):
    with computing(), computing():
        for piece in itertools.count():
            time.sleep(0.2)
            print("made", piece, flush=True)
            going.set()
            halt()
begun(work)
"""
RESTS = """
def work(going):
    with computing(), resting():
        going.set()
        threading.Event().wait()
begun(work)
import atexit, ft_magics.leaving
began = time.monotonic()
# What is registered before is called after.
atexit.unregister(ft_magics.leaving._end)
atexit.register(lambda: print("waited", time.monotonic() - began > 2))
atexit.register(ft_magics.leaving._end)
"""
SESSION = """
import sys, time
from ft_magics import session

class Sits:
    can_answer = True
    def show(self, thing): return self
    def update(self): pass
    def close(self): pass
    def notice(self, text): pass
    def progress(self, text, done_bytes, total_bytes): pass

session.set_front_end(Sits())
session.current().store.set("model", {"name": sys.argv[1]})
pairs = [{"prompt": f"q {i}", "chosen": "kind " * 9, "rejected": "rude"} for i in range(8)]
session.dataset("pairs", pairs)
"""
TRAINS = """
run = session.finetune("polite", data="pairs", max_steps=100_000)
while run.monitor.step < 3:
    time.sleep(0.01)
"""
COMPARES = """
session.finetune("polite", data="pairs", max_steps=1, wait=True)
session.prefer("base", "polite", ["q"] , max_new_tokens=400, temperature=1.0)
time.sleep(0.1)
"""


def ended(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )


def test_the_piece_in_progress_is_ended_and_no_other_begun() -> None:
    done = ended(BEGIN + WORKS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() in (["made 0"], ["made 0", "made 1"])


def test_what_rests_is_not_waited_for() -> None:
    done = ended(BEGIN + RESTS)
    assert (done.returncode, done.stdout) == (0, "waited False\n"), done.stderr


@pytest.mark.parametrize("program", [TRAINS, COMPARES], ids=["a run", "a comparison"])
def test_a_script_may_end_while_it_goes_on(program: str, tiny_folder: Path) -> None:
    done = ended(SESSION + program, str(tiny_folder))
    assert done.returncode == 0, done.stderr
