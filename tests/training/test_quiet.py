from __future__ import annotations

import logging
import threading

import pytest

from ft_magics.training.quiet import quiet


class Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def heard() -> Heard:
    handler = Heard()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_libraries_are_silent_in_this_thread_only(heard: Heard) -> None:
    trl = logging.getLogger("trl.trainer.sft_trainer")
    with quiet():
        trl.warning("from the run")
        logging.getLogger("mine").warning("my own")
        other = threading.Thread(target=trl.warning, args=("from a cell",))
        other.start()
        other.join()
    trl.warning("after the run")

    assert heard.lines == ["my own", "from a cell", "after the run"]


def test_what_was_silenced_is_in_our_own_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="ft_magics.training"), quiet():
        logging.getLogger("peft").warning("something %s", "odd")
    assert "peft: something odd" in [
        r.getMessage() for r in caplog.records if r.name == "ft_magics.training"
    ]
