"""Training and prompting at once on one base, each against being alone."""

from __future__ import annotations

import threading
import time
from typing import Any

from _measure import Report, median

__all__ = ["at_once", "peak_bytes", "reset_peak"]


def at_once(report: Report, contest: Any, prompts: int) -> None:
    """Add the lines of training and prompting at once, each against being alone.

    Args:
        report: Where the lines go.
        contest: A `training.Contest`: base, rows, job and a scratch folder.
        prompts: Prompts that are answered idle.
    """
    from _workload import QUESTION, Watched

    from ft_magics import data
    from ft_magics.serving import Server
    from ft_magics.training import train

    base, scratch = contest.base, contest.scratch
    server = Server(base)
    ids = data.encode_prompt([data.Message("user", QUESTION)], base.tokenizer)
    _prompt(server, ids)
    idle = [_prompt(server, ids) for _ in range(prompts)]

    reset_peak()
    alone = Watched(scratch, contest.steps)
    train(contest.job, base, alone.hooks())
    peak_alone = peak_bytes()

    reset_peak()
    busy, watched = _prompt_while_training(contest, server, ids)
    _tell_together(report, alone, watched, idle, busy)
    if peak_alone:
        report.add(
            "peak memory, training and prompting",
            peak_bytes() / 2**20,
            "MiB",
            against="training alone",
            theirs=peak_alone / 2**20,
            ratio=peak_bytes() / peak_alone,
            goal="<= 1.05",
        )
    if not server.prove_base():
        raise RuntimeError("the base changed")


def _prompt_while_training(
    contest: Any, server: Any, ids: list[int]
) -> tuple[list[tuple[float, float]], Any]:
    """Answer prompt after prompt with the weights of the current step, until the run ends."""
    from _workload import Watched

    from ft_magics.training import train

    began, failed = threading.Event(), []
    watched = Watched(contest.scratch, contest.steps, began.set)
    hooks = watched.hooks()

    def run() -> None:
        try:
            train(contest.job, contest.base, hooks)
        except Exception as error:
            failed.append(error)
        finally:
            began.set()

    thread = threading.Thread(target=run)
    thread.start()
    began.wait()
    busy = []
    while thread.is_alive():
        weights = hooks.weights
        if weights is not None:
            server.assign("now", *weights())
        busy.append(_prompt(server, ids, "now" if weights is not None else None))
    thread.join()
    if failed:
        raise failed[0]
    # The last prompt mostly ends after the training did.
    return busy[:-1] or busy, watched


def _tell_together(report: Report, alone: Any, watched: Any, idle: Any, busy: Any) -> None:
    report.add(
        "training while prompting",
        watched.rate(),
        "tokens/s",
        against="training alone",
        theirs=alone.rate(),
        ratio=watched.rate() / alone.rate(),
        note=f"prompts one after another without a pause, {len(busy)} in all",
    )
    for at, what in enumerate(("first token", "each further token")):
        busy_ms, idle_ms = (median(pair[at] for pair in pairs) for pairs in (busy, idle))
        report.add(
            f"{what} while training",
            busy_ms,
            "ms",
            against="idle",
            theirs=idle_ms,
            ratio=busy_ms / idle_ms,
        )


def _prompt(server: Any, ids: list[int], slot: str | None = None) -> tuple[float, float]:
    """Milliseconds to the first token, and from one token to the next after it.

    Random weights make bytes that are no text, which come out as text late or never; so the first
    token is an answer of one token, and the others are what 32 take more than that.
    """
    from ft_magics.spec import GenerateSpec

    def took(tokens: int) -> tuple[float, int]:
        began = time.perf_counter()
        (answer,) = server.generate([slot], [ids], GenerateSpec(max_new_tokens=tokens))
        return (time.perf_counter() - began) * 1000, answer.tokens

    first, _ = took(1)
    whole, tokens = took(32)
    return first, (whole - first) / max(1, tokens - 1)


def reset_peak() -> None:
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_bytes() -> int:
    """Bytes that tensors took at the worst moment since the reset; 0 without CUDA."""
    import torch

    return int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else 0
