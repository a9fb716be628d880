"""Cards that are updated in place, and drawn once where nobody can answer."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from typing import Any

import pytest
from traitlets import HasTraits, Int, Unicode

from ft_magics.magics import live
from ft_magics.magics.live import LiveFrontEnd, Throttle


class Publisher:
    def __init__(self) -> None:
        self.sent: list[tuple[str, bool, bool, str]] = []

    def publish(self, data: dict[str, str], **keys: Any) -> None:
        transient = keys.get("transient") or {}
        name = threading.current_thread().name
        assert name  # a name says who drew, when a test fails
        self.sent.append(
            (
                data["text/plain"],
                keys.get("update", False),
                "display_id" in transient,
                transient.get("display_id", ""),
            )
        )

    @property
    def texts(self) -> list[str]:
        return [text for text, *_ in self.sent]


class Kernel:
    """A kernel's shell, as far as the front end looks at it."""

    kernel = object()

    def __init__(self, *, can_answer: bool) -> None:
        self.display_pub = Publisher()
        self.parent: dict[str, Any] = {"content": {"allow_stdin": can_answer}}

    def get_parent(self) -> dict[str, Any]:
        return self.parent


class Monitor(HasTraits):
    step = Int()
    state = Unicode("running")


class Run:
    def __init__(self) -> None:
        self.monitor = Monitor()
        self.active = True
        self.ended: list[Any] = []

    def when_ended(self, callback: Any) -> None:
        self.ended.append(callback)


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def bundle(thing: Any, *, live: bool = False) -> dict[str, str]:
        return {"text/plain": f"{'live' if live else 'still'} {thing.monitor.step}"}

    monkeypatch.setattr(live, "bundle", bundle)


def until(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_live_card_is_one_display_updated_in_place() -> None:
    shell, run = Kernel(can_answer=True), Run()
    card = LiveFrontEnd(shell).show(run)
    thread = threading.Thread(target=lambda: setattr(run.monitor, "step", 1))
    thread.start()
    thread.join()
    until(lambda: "live 1" in shell.display_pub.texts)
    run.monitor.step = 2
    card.close()
    card.close()
    run.monitor.step = 3
    card.update()
    time.sleep(2 * live.INTERVAL_S)
    sent = shell.display_pub.sent
    assert [sent[0][0], sent[-1][0]] == ["live 0", "still 2"]
    assert [update for _, update, _, _ in sent] == [False] + [True] * (len(sent) - 1)
    assert len({identity for *_, identity in sent}) == 1
    assert all(has_id for _, _, has_id, _ in sent)


def test_many_changes_are_few_drawings_and_the_last_is_drawn() -> None:
    times: list[float] = []
    seen: list[int] = []
    state = {"step": 0}

    def draw() -> None:
        times.append(time.monotonic())
        seen.append(state["step"])

    throttle = Throttle(draw, interval_s=0.1)
    for step in range(200):
        state["step"] = step
        throttle.ask()
        time.sleep(0.002)
    until(lambda: seen and seen[-1] == 199)
    assert all(b - a > 0.09 for a, b in itertools.pairwise(times))
    throttle.close()
    throttle.ask()
    drawings = len(seen)
    time.sleep(0.2)
    assert len(seen) == drawings


def test_drawing_never_happens_in_the_thread_that_changes() -> None:
    drawers = []
    throttle = Throttle(lambda: drawers.append(threading.current_thread()), interval_s=0.0)
    throttle.ask()
    until(lambda: drawers)
    assert drawers[0] is not threading.current_thread()


def test_where_nobody_can_answer_it_is_drawn_once() -> None:
    shell, run = Kernel(can_answer=False), Run()
    front_end = LiveFrontEnd(shell)
    front_end.begin_cell()
    card = front_end.show(run)
    run.monitor.step = 5
    card.update()
    assert shell.display_pub.sent == []
    run.active = False
    # The result of the cell, the end of the run and the end of the cell come in any order.
    assert front_end.take_over(run)
    card.close()
    front_end.end_cell()
    assert shell.display_pub.sent == [("still 5", False, False, "")]


def test_the_end_of_the_cell_draws_what_is_over() -> None:
    """The training thread may be late: the output of the cell is still open here."""
    shell, over, going = Kernel(can_answer=False), Run(), Run()
    front_end = LiveFrontEnd(shell)
    front_end.begin_cell()
    front_end.show(over)
    front_end.show(going)
    over.active = False
    front_end.end_cell()
    assert shell.display_pub.texts == ["still 0"]


def test_a_result_that_is_shown_already_is_not_shown_again() -> None:
    shell, run = Kernel(can_answer=True), Run()
    front_end = LiveFrontEnd(shell)
    front_end.begin_cell()
    front_end.show(run)
    assert front_end.take_over(run)
    assert shell.display_pub.texts == ["live 0"]
    front_end.begin_cell()
    run.active = False
    assert not front_end.take_over(run)


def test_a_run_in_progress_becomes_live_wherever_it_is_shown() -> None:
    shell, run = Kernel(can_answer=True), Run()
    front_end = LiveFrontEnd(shell)
    assert front_end.take_over(run)
    [close] = run.ended
    close()
    assert shell.display_pub.texts == ["live 0", "still 0"]


def test_who_can_answer_is_read_from_the_request_that_runs() -> None:
    shell = Kernel(can_answer=True)
    front_end = LiveFrontEnd(shell)
    assert front_end.can_answer
    shell.parent = {"content": {"allow_stdin": False}}
    assert not front_end.can_answer
    shell.parent = {}
    assert not front_end.can_answer


def test_a_notice_is_not_part_of_the_static_output(caplog: pytest.LogCaptureFixture) -> None:
    shell = Kernel(can_answer=False)
    with caplog.at_level(logging.INFO, logger="ft_magics"):
        LiveFrontEnd(shell).notice("ollie: unchanged")
    assert shell.display_pub.sent == []
    assert "ollie: unchanged" in caplog.text
    shell.parent = {"content": {"allow_stdin": True}}
    LiveFrontEnd(shell).notice("ollie: unchanged")
    assert "ollie: unchanged" in shell.display_pub.texts[0]


def test_progress_is_one_line_that_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "INTERVAL_S", 0.0)
    shell = Kernel(can_answer=True)
    front_end = LiveFrontEnd(shell)
    for done in (0, 50, 100):
        front_end.progress("fetching the model", done, 100)
    sent = shell.display_pub.sent
    assert [("0%" in sent[0][0]), ("50%" in sent[1][0]), sent[2][0]] == [True, True, ""]
    assert [update for _, update, _, _ in sent] == [False, True, True]
    assert len({identity for *_, identity in sent}) == 1


def test_the_bar_of_a_load_that_failed_goes_with_its_cell() -> None:
    shell = Kernel(can_answer=True)
    front_end = LiveFrontEnd(shell)
    front_end.progress("fetching the model", 1, 100)
    front_end.end_cell()
    assert shell.display_pub.texts[-1] == ""
    assert len(shell.display_pub.sent) == 2


def test_nobody_sees_progress_where_nobody_can_answer() -> None:
    shell = Kernel(can_answer=False)
    LiveFrontEnd(shell).progress("fetching the model", 1, 100)
    assert shell.display_pub.sent == []


def test_the_front_end_is_what_the_session_asks_for() -> None:
    from ft_magics.session.front_end import FrontEnd

    asked = {name for name in vars(FrontEnd) if not name.startswith("_")}
    assert asked <= set(dir(LiveFrontEnd))
