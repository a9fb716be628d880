from __future__ import annotations

import itertools
import math
import subprocess
import sys
import threading
from dataclasses import replace
from typing import Any

import pytest
from preference_runs import preference_events, recorded

from ft_magics.course import Course
from ft_magics.events import (
    BaseChecked,
    Evaluated,
    Event,
    GoldenAnswered,
    Notice,
    PhaseBegan,
    RunEnded,
    RunPaused,
    RunQueued,
    RunResumed,
    RunStarted,
    StepEnded,
    StepKept,
    from_line,
    to_line,
)
from ft_magics.monitor import RunState
from ft_magics.preferences import Judgement, judge
from ft_magics.verdict import Curve, overfit_since, verdict


def step(number: int, loss: float | None = None, **values: Any) -> StepEnded:
    loss = 4.0 / number if loss is None else loss
    return StepEnded(step=number, epoch=number / 10, loss=loss, learning_rate=1e-3, **values)


def started(total: int = 40, first: int = 0) -> RunStarted:
    return RunStarted(
        total_steps=total,
        epochs=4.0,
        trainable_parameters=5,
        total_parameters=100,
        first_step=first,
    )


def whole_run(steps: int = 40) -> list[Event]:
    events: list[Event] = [
        RunQueued(name="ollie", chips=("SFT · LoRA r16", "base")),
        PhaseBegan(text="loading the base model"),
        Notice(text="using max_length for cutoff_len"),
        started(steps),
        Evaluated(step=0, eval_loss=3.0),
    ]
    for number in range(1, steps + 1):
        events.append(step(number, tokens=10, eta_s=1.0, elapsed_s=float(number)))
        if number % 10 == 0:
            loss = 1.0 + (0.5 if number == 10 else (number - 20) / 100)
            events += [Evaluated(step=number, eval_loss=loss), StepKept(step=number)]
    answers = ({"prompt": "?", "answer": "!", "passed": True, "reason": ""},)
    events += [
        PhaseBegan(text="asking the golden questions"),
        GoldenAnswered(step=20, model="base", answers=answers),
        GoldenAnswered(step=20, model="ollie", answers=answers),
        RunEnded(state="finished", step=steps, best_step=20),
    ]
    return events


def traits(state: RunState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in state.trait_names()}


# ---------------------------------------------------------------- what each event changes


def test_an_empty_state_can_be_drawn() -> None:
    state = RunState(name="ollie")
    assert (state.name, state.state, state.verdict) == ("ollie", "queued", "")
    assert (state.train_points, state.eval_points, state.kept_steps) == ([], [], [])
    assert (state.loss, state.best_step, state.overfit_since, state.eta_s) == (None,) * 4
    assert (state.total_steps, state.golden, state.chips) == (0, {}, ())


def test_two_states_share_nothing() -> None:
    one, other = RunState(), RunState()
    one.apply(step(1))
    assert other.train_points == []


def test_a_queued_run_says_whom_it_waits_for() -> None:
    state = RunState()
    state.apply(RunQueued(name="polite", behind="ollie", chips=("SFT",), goal="counts"))
    assert (state.name, state.state, state.phase) == ("polite", "queued", "waiting for ollie")
    assert state.chips == ("SFT",)
    assert state.goal == "counts"
    state.apply(PhaseBegan(text="loading the base model"))
    assert state.chips == ("SFT",)
    state.apply(PhaseBegan(text="preparing the training", chips=("SFT · LoRA r32",)))
    assert state.chips == ("SFT · LoRA r32",)


def test_set_up_is_told_until_the_first_step() -> None:
    state = RunState()
    state.apply(PhaseBegan(text="loading the base model"))
    assert (state.state, state.phase) == ("running", "loading the base model")
    state.apply(started())
    assert (state.phase, state.total_steps, state.epochs) == ("", 40, 4.0)
    assert (state.trainable_parameters, state.total_parameters) == (5, 100)


def test_a_step_brings_its_figures() -> None:
    state = RunState()
    state.apply(step(3, 1.5, grad_norm=0.5, tokens=7, tokens_per_s=9.0, elapsed_s=2.0, eta_s=3.0))
    state.apply(
        step(4, 1.25, tokens=8, tokens_per_s=None, elapsed_s=4.0, eta_s=2.0, memory_bytes=1 << 40)
    )
    assert (state.step, state.loss, state.epoch) == (4, 1.25, 0.4)
    assert (state.learning_rate, state.grad_norm) == (1e-3, None)
    assert (state.tokens, state.tokens_per_s) == (15, None)
    assert (state.elapsed_s, state.eta_s, state.memory_bytes) == (4.0, 2.0, 1 << 40)
    assert state.train_points == [(3, 1.5), (4, 1.25)]


def test_evaluations_and_kept_steps_are_collected() -> None:
    state = RunState()
    for event in (
        Evaluated(step=0, eval_loss=0.5),
        Evaluated(step=10, eval_loss=2.0),
        StepKept(step=10),
        Evaluated(step=20, eval_loss=1.0),
        StepKept(step=20),
        StepKept(step=15, reason="asked"),
        StepKept(step=20, reason="end"),
    ):
        state.apply(event)
    assert state.eval_points == [(0, 0.5), (10, 2.0), (20, 1.0)]
    assert (state.eval_loss, state.best_step) == (1.0, 20)
    assert state.kept_steps == [10, 15, 20]


def test_a_pause_and_its_end() -> None:
    state = RunState()
    state.apply(step(3, eta_s=9.0))
    state.apply(RunPaused(step=3))
    assert (state.state, state.eta_s) == ("paused", None)
    state.apply(RunResumed(step=3))
    assert state.state == "running"


@pytest.mark.parametrize("ended", ["finished", "stopped", "failed", "interrupted"])
def test_the_end(ended: str) -> None:
    state = RunState()
    for event in (started(), step(1, eta_s=9.0), PhaseBegan(text="asking")):
        state.apply(event)
    state.apply(RunEnded(state=ended, step=1, error="because"))
    assert (state.state, state.error, state.phase, state.eta_s) == (ended, "because", "", None)


def test_the_best_step_of_the_end_counts() -> None:
    state = RunState.replay([*whole_run()[:-1], RunEnded(state="stopped", step=40, best_step=30)])
    assert state.best_step == 30


def test_a_loss_that_is_no_number_is_kept_and_told() -> None:
    state = RunState()
    for number in range(1, 6):
        state.apply(step(number))
    state.apply(step(6, math.nan))
    state.apply(RunEnded(state="failed", step=6, error="the loss is NaN"))
    assert state.loss is not None
    assert math.isnan(state.loss)
    assert state.verdict.startswith("Since step 6 the loss is no longer a number.")


# ---------------------------------------------------------------- live, replayed, gone on with


def test_a_replay_is_what_was_live() -> None:
    live = RunState()
    for event in whole_run():
        live.apply(event)
    lines = [to_line(event) for event in whole_run()]
    replayed = RunState.replay(event for line in lines if (event := from_line(line)))
    one, other = traits(live), traits(replayed)
    for both in (one, other):  # made anew by each call, at another time
        both["notices"] = [notice.text for notice in both["notices"]]
    assert one == other
    assert (live.best_step, live.overfit_since) == (20, 20)
    assert live.verdict.startswith("Since step 20 it memorises")
    assert list(live.golden) == ["base", "ollie"]
    assert live.tokens == 400


def test_a_run_that_goes_on_does_the_steps_after_its_save_again() -> None:
    events = whole_run()[:-4]  # the process died after step 40
    events = [e for e in events if not (isinstance(e, StepEnded) and e.step > 27)]
    again: list[Event] = [RunQueued(name="ollie"), started(first=20)]
    again += [step(number, 9.0) for number in range(21, 31)]
    state = RunState.replay([*events, *again])
    assert [number for number, _ in state.train_points] == list(range(1, 31))
    assert [loss for _, loss in state.train_points[20:]] == [9.0] * 10
    assert [number for number, _ in state.eval_points] == [0, 10, 20]
    assert (state.best_step, state.state, state.step) == (20, "running", 30)
    # An evaluation of the same step again takes the place of the first.
    state.apply(Evaluated(step=20, eval_loss=0.5))
    assert state.eval_points[-1] == (20, 0.5)
    assert len(state.eval_points) == 3


def test_a_replay_whose_process_is_gone_is_judged_as_over() -> None:
    state = RunState.replay([started(), *(step(n, 4 / n, eta_s=1.0) for n in range(1, 20))])
    assert state.verdict.startswith("It learns:")
    state.state = "interrupted"
    assert state.verdict.startswith("It learned:")
    assert state.eta_s is None


def test_what_a_test_sets_stays() -> None:
    state = RunState(state="finished", verdict="Fine.", train_points=[(1, 2.0)], best_step=1)
    assert (state.verdict, state.train_points, state.best_step) == ("Fine.", [(1, 2.0)], 1)


# ---------------------------------------------------------------- preferences


def test_a_preference_run_brings_its_series() -> None:
    state = RunState.replay(recorded("dpo"))
    assert state.method == "dpo"
    steps = [number for number, _ in state.train_points]
    for name in ("rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies"):
        assert [number for number, _ in state.metrics[name]] == steps
        looks = [number for number, _ in state.eval_metrics[name]]
        assert looks == [number for number, _ in state.eval_points]
    assert state.metrics["rewards/margins"][-1] == (20, 4.3717)
    assert state.words["rewards/margins"].endswith("it prefers the chosen answers")
    assert state.verdict.startswith("It learned to prefer the chosen answers")


def test_the_method_is_known_before_the_first_step() -> None:
    state = RunState()
    state.apply(RunQueued(name="polite", method="kto"))
    assert (state.method, state.metrics, state.words) == ("kto", {}, {})


def test_a_step_that_lacks_a_side_leaves_its_series_as_it_is() -> None:
    state = RunState()
    state.apply(step(1, metrics={"rewards/chosen": 0.0, "rewards/rejected": 0.0}))
    state.apply(step(2, metrics={"rewards/chosen": 0.5}))
    assert state.metrics == {"rewards/chosen": [(1, 0.0), (2, 0.5)], "rewards/rejected": [(1, 0.0)]}


def test_a_preference_replay_is_what_was_live() -> None:
    for method in ("dpo", "kto"):
        live = RunState()
        for event in recorded(method):
            live.apply(event)
        lines = [to_line(event) for event in recorded(method)]
        replayed = RunState.replay(event for line in lines if (event := from_line(line)))
        assert traits(live) == traits(replayed)


def test_a_preference_run_that_goes_on_cuts_every_series() -> None:
    events = preference_events(steps=30, total=60, ends="")
    queued, begun = events[:2]
    assert isinstance(begun, RunStarted)
    state = RunState.replay([*events, BaseChecked(unchanged=True), queued])
    series, looks = state.metrics["rewards/margins"], state.eval_metrics["rewards/margins"]
    state.apply(replace(begun, first_step=20))
    assert [number for number, _ in series] == list(range(1, 21))
    assert [number for number, _ in looks] == [0, 10, 20]
    assert state.base_unchanged is None
    # A step again that lacks a number leaves nothing of the first time.
    state.apply(step(20, 0.5))
    assert series[-1][0] == 19
    assert state.metrics["rewards/margins"] is series
    assert state.eval_metrics["rewards/margins"] is looks


def test_what_was_found_of_the_base_is_known() -> None:
    state = RunState()
    assert state.base_unchanged is None
    for unchanged in (True, False):
        state.apply(BaseChecked(unchanged=unchanged))
        assert state.base_unchanged is unchanged


def test_a_long_preference_run_is_judged_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []

    def count(course: Course) -> Judgement:
        judged.append(len(course.curve.train))
        return judge(course)

    monkeypatch.setattr("ft_magics.monitor.judge", count)
    state = RunState.replay(preference_events(steps=10_000, evals=20))
    assert sum(judged) < 100 * 10_000
    assert len(state.metrics["rewards/chosen"]) == 10_000


def test_imitation_has_no_words_for_numbers() -> None:
    state = RunState.replay(whole_run())
    assert (state.method, state.metrics, state.words, state.worrying) == ("sft", {}, {}, False)


# ---------------------------------------------------------------- views and threads


def test_views_hear_of_every_event_once() -> None:
    heard: list[int] = []
    state = RunState()
    state.observe(lambda change: heard.append(change["new"]), "revision")
    events = whole_run()
    for event in events:
        state.apply(event)
    assert heard == list(range(1, len(events) + 1))


def test_a_view_that_asks_back_sees_the_event_it_hears_of() -> None:
    seen: list[tuple[int, int]] = []
    state = RunState()
    state.observe(lambda _: seen.append((state.step, len(state.train_points))), "revision")
    for number in (1, 2, 3):
        state.apply(step(number))
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_a_view_may_wait_for_another_thread_that_applies() -> None:
    state = RunState()
    done = []

    def view(change: Any) -> None:
        if change["new"] == 1:
            other = threading.Thread(target=state.apply, args=(StepKept(step=1),))
            other.start()
            other.join(timeout=10)
            done.append(not other.is_alive())

    state.observe(view, "revision")
    state.apply(step(1))
    assert done == [True]


def test_events_from_several_threads_are_all_taken_in() -> None:
    state = RunState()
    heard: list[int] = []
    state.observe(lambda change: heard.append(change["new"]), "revision")

    def keep(first: int) -> None:
        for number in range(first, 400, 4):
            state.apply(StepKept(step=number))

    threads = [threading.Thread(target=keep, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state.kept_steps == list(range(400))
    assert sorted(heard) == list(range(1, 401))


def test_points_grow_in_place_so_that_a_long_run_costs_no_more_a_step() -> None:
    state = RunState()
    train, evals = state.train_points, state.eval_points
    for event in whole_run(steps=60):
        state.apply(event)
    assert state.train_points is train
    assert state.eval_points is evals


def test_a_long_run_is_judged_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []

    def count(curve: Curve) -> str:
        judged.append(len(curve.train) + len(curve.evals))
        return verdict(curve)

    monkeypatch.setattr("ft_magics.monitor.verdict", count)
    state = RunState()
    for number in range(1, 20_001):
        state.apply(step(number, 4.0 / number))
        if number % 10 == 0:
            state.apply(Evaluated(step=number, eval_loss=4.0 / number))
    # Points looked at in all: a hundred or so for each step, not thousands.
    assert sum(judged) < 200 * 20_000
    assert state.best_step == 20_000
    assert state.overfit_since == overfit_since(state.train_points, state.eval_points)


# ---------------------------------------------------------------- thin


def test_few_points_stay_as_they_are() -> None:
    points = [(n, float(n)) for n in range(200)]
    assert RunState.thin(points, 200) == points
    assert RunState.thin([], 200) == []


@pytest.mark.parametrize("most", [3, 10, 200])
@pytest.mark.parametrize("lowest", [0, 1, 500, 997, 998, 999])
def test_first_last_and_lowest_stay(most: int, lowest: int) -> None:
    points = [(n, 1.0 + n % 7) for n in range(1000)]
    points[lowest] = (lowest, 0.5)
    points[3] = (3, math.nan)
    thin = RunState.thin(points, most)
    assert thin == RunState.thin(list(points), most)
    assert len(thin) <= most
    assert {points[0], points[-1], points[lowest]} <= set(thin)
    assert [number for number, _ in thin] == sorted({number for number, _ in thin})


def test_the_others_are_spread_evenly() -> None:
    thin = RunState.thin([(n, float(-n)) for n in range(1000)], 101)
    gaps = [b - a for (a, _), (b, _) in itertools.pairwise(thin)]
    assert max(gaps) - min(gaps) <= 1


def test_the_monitor_imports_nothing_heavy() -> None:
    code = (
        "import sys, ft_magics.monitor\n"
        "print({'torch', 'numpy', 'pandas', 'IPython', 'ipywidgets'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
