from __future__ import annotations

import io
import logging as python_logging
import threading

import pytest

from ft_magics.models.quiet import quiet


def test_only_this_thread_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    from transformers.utils import logging

    log = logging.get_logger("transformers.test")

    def speak(word: str) -> None:
        list(logging.tqdm([1], desc=f"bar-{word}"))
        log.warning(f"log-{word}")

    lines = io.StringIO()
    handler = python_logging.StreamHandler(lines)
    python_logging.getLogger("transformers").addHandler(handler)
    try:
        with quiet():
            speak("ours")
            log.error("log-grave")
            other = threading.Thread(target=speak, args=("theirs",))
            other.start()
            other.join()
        speak("later")
    finally:
        python_logging.getLogger("transformers").removeHandler(handler)
    shown = capfd.readouterr().err + lines.getvalue()
    assert "ours" not in shown
    for word in ("log-grave", "bar-theirs", "log-theirs", "bar-later", "log-later"):
        assert word in shown


def test_everything_is_put_back_after_an_error() -> None:
    from transformers import modeling_gguf_pytorch_utils as gguf
    from transformers.utils import logging

    hook = object()
    logging.set_tqdm_hook(hook)  # type: ignore[arg-type]
    bar = gguf.tqdm
    try:
        with pytest.raises(RuntimeError), quiet():
            assert gguf.tqdm is not bar
            raise RuntimeError
        assert gguf.tqdm is bar
    finally:
        assert logging.set_tqdm_hook(None) is hook
