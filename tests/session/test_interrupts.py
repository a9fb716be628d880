"""What an interrupt ends, and what outlives a kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import ft_magics as ft
from ft_magics import session
from tests.session.conftest import adapter_bytes


def interrupt_when(condition) -> None:
    """What the kernel's stop button does, once the condition holds."""

    def later() -> None:
        while not condition():
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=later, daemon=True).start()


def test_interrupting_a_cell_that_waits_ends_the_waiting_not_the_run(train, front_end):
    run = train("one", wait=False, max_steps=400)
    interrupt_when(lambda: run.monitor.step >= 2)
    with pytest.raises(KeyboardInterrupt):
        session.wait("one")
    assert run.active
    assert run.state == "running"


def test_interrupting_its_own_cell_stops_the_run_and_saves_it(train, front_end):
    interrupt_when(lambda: front_end.handles and front_end.handles[0].thing.monitor.step >= 2)
    with pytest.raises(KeyboardInterrupt):
        train("one", wait=True, max_steps=400)
    run = ft.run("one")
    assert run.state == "stopped"
    assert run.adapter is not None
    assert front_end.handles[0].closed == 1


def test_a_killed_kernel_leaves_a_run_that_goes_on_exactly(train, tiny_folder, ft_home):
    whole = adapter_bytes(train("whole", max_steps=30, eval_steps=5))
    code = """
        import ft_magics as ft
        from ft_magics import session
        class Front:
            can_answer = True
            def show(self, thing):
                return self
            def update(self): pass
            def close(self): pass
            def notice(self, text): pass
            def progress(self, *a): pass
        session.set_front_end(Front())
        run = ft.finetune("one", data="nums", max_steps=30, eval_steps=5, lora_r=4,
                          per_device_train_batch_size=2)
        import os, signal, time
        while run.monitor.step < 12:
            assert run.active, run.monitor.error
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    root = Path(ft.__file__).parents[1]
    env = {**os.environ, "FT_HOME": str(ft_home), "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=env, timeout=300)
    assert done.returncode == -signal.SIGKILL
    assert ft.run("one").state == "interrupted"
    run = session.resume("one").wait(60)
    assert run.state == "finished"
    assert adapter_bytes(run) == whole
    steps = [step for step, _ in run.monitor.train_points]
    assert steps == sorted(set(steps)), "steps taken twice are drawn once"
