"""A real kernel: who can answer, displays that are updated, Tab, in the messages it sends."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

# A thing that changes like a run, drawn by the real front end; its thread outlives its cell.
THING = """
import threading, time
from ft_magics.magics import port
from ft_magics.session.objects import Answers, Column
front_end = port.session().current().front_end
answers = Answers("Why?", None, [Column("ollie", state="waiting")])
handle = front_end.show(answers)
def work():
    for piece in ("In ", "a ", "box."):
        go.wait(20)
        answers.columns[0].text += piece
        handle.update()
        time.sleep(0.4)
    answers.columns[0].state = "done"
    handle.close()
go = threading.Event()
thread = threading.Thread(target=work)
thread.start()
"""


class Client:
    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def run(self, code: str, *, can_answer: bool, until: Any = None) -> list[dict[str, Any]]:
        """The messages of a cell; `until` waits for one that comes after its end."""
        message_id = self.client.execute(code, allow_stdin=can_answer)
        found: list[dict[str, Any]] = []
        idle = False
        while not (idle and (until is None or any(until(m) for m in found))):
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            found.append(message)
            content = message["content"]
            idle = idle or content.get("execution_state") == "idle"
        return [m for m in found if m["msg_type"] not in ("status", "execute_input")]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    home: Path = tmp_path_factory.mktemp("kernel")
    env = {**os.environ, "FT_HOME": str(home / "ft"), "IPYTHONDIR": str(home / "ipython")}
    manager, client = start_new_kernel(kernel_name="python3", env=env)
    made = Client(client)
    made.run("%load_ext ft_magics", can_answer=True)
    yield made
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def text(message: dict[str, Any]) -> str:
    return str(message["content"]["data"]["text/plain"])


def test_a_live_card_is_updated_in_its_own_cell_also_after_its_end(client: Client) -> None:
    def last(message: dict[str, Any]) -> bool:
        return message["msg_type"] == "update_display_data" and "box." in text(message)

    found = client.run(f"{THING}\ngo.set()\nanswers", can_answer=True, until=last)
    # One display and its updates; the result of the cell is that display.
    assert [m["msg_type"] for m in found[:1]] == ["display_data"]
    assert {m["msg_type"] for m in found[1:]} == {"update_display_data"}
    ids = {m["content"]["transient"]["display_id"] for m in found}
    assert len(ids) == 1
    client.run("thread.join()", can_answer=True)


def test_a_cell_that_waits_displays_once(client: Client) -> None:
    found = client.run(f"{THING}\ngo.set()\nthread.join()\nanswers", can_answer=False)
    [message] = found
    assert message["msg_type"] == "display_data"
    assert message["content"]["transient"] == {}
    assert "In a box." in text(message)


def test_a_capture_elsewhere_takes_nothing_of_ours(client: Client) -> None:
    def last(message: dict[str, Any]) -> bool:
        return message["msg_type"] == "update_display_data" and "box." in text(message)

    first = client.client.execute(f"{THING}\nNone", allow_stdin=True)
    client.run(
        "%%capture caught\nimport time\ngo.set()\nthread.join()\ntime.sleep(0.5)", can_answer=True
    )
    found = client.run("len(caught.outputs)", can_answer=True)
    assert text(found[-1]) == "0"
    assert first


def test_errors_are_one_line_and_fail_the_cell(client: Client) -> None:
    [error] = client.run("# c\n%%finetune ollie --fersh", can_answer=True)
    assert error["msg_type"] == "error"
    assert error["content"]["ename"] == "SettingError"
    assert len(error["content"]["traceback"]) == 1


def test_tab_through_the_kernel(client: Client) -> None:
    for code, texts in (
        ("# c\n%%finetune ollie --strat", ["--strategy"]),
        ("%%finetune ollie\nlearning_r", ["learning_rate: "]),
        ("%ft ev", ["evaluate"]),
    ):
        client.client.complete(code, len(code))
        content: dict[str, Any] = {}
        while "matches" not in content:
            try:
                content = client.client.get_shell_msg(timeout=30)["content"]
            except queue.Empty:
                pytest.fail("the kernel did not answer")
        assert content["matches"] == texts
        assert code[content["cursor_start"] : content["cursor_end"]] == code.split()[-1]
