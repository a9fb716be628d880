from __future__ import annotations

import math
import random
import re
from dataclasses import replace
from typing import Any

import pytest
from preference_runs import level, preference_events, ramp, recorded

from ft_magics.events import Evaluated, Event, RunEnded, StepEnded
from ft_magics.monitor import RunState


def state(method: str = "dpo", **shape: Any) -> RunState:
    return RunState.replay(preference_events(method, **shape))


def told(method: str = "dpo", **shape: Any) -> str:
    return state(method, **shape).verdict


# ---------------------------------------------------------------- when there is little to say


def test_nothing_is_said_before_there_is_something_to_say() -> None:
    assert told(steps=0, total=60, ends="") == ""
    assert told(steps=11, total=60, ends="") == ""
    assert told(steps=12, total=60, ends="") != ""


def test_too_few_steps_tell_nothing() -> None:
    assert told(steps=0, total=60, ends="failed") == "Nothing was trained."
    assert told(steps=1, total=60) == "One step is too few to tell what was learned."
    assert told(steps=3, total=60).startswith("3 steps are too few")


def test_a_loss_that_is_no_number_is_told_with_its_step() -> None:
    events = preference_events(steps=20, evals=0, ends="")
    events.append(StepEnded(step=21, epoch=1.0, loss=math.nan, learning_rate=1e-4))
    found = RunState.replay([*events, RunEnded(state="failed", step=21)])
    assert found.verdict.startswith("Since step 21 the loss is no longer a number.")
    assert found.worrying


# ---------------------------------------------------------------- too easy


def soon(by: float, to: float = 8.0) -> Any:
    """A reward that is there from a share of the run on: 0.02 of 60 steps is the third."""
    return lambda done: to if done > by else 0.0


def test_pairs_that_are_told_apart_at_once_are_too_easy() -> None:
    found = state(chosen=soon(0.02), rejected=level(0.0), ends="", steps=6, total=60)
    assert found.verdict == (
        "Accuracy 1.0 and loss near 0 after 5 steps: these pairs are too easy. "
        "Rejected answers that are closer to the chosen ones teach more."
    )
    assert found.worrying
    assert "too easy" in told(chosen=soon(0.02), rejected=level(0.0))
    assert told("kto", chosen=soon(0.02), rejected=soon(0.02, -8.0)).startswith(
        "Loss near 0 after 5 steps: these answers are too easy to tell apart. Bad answers"
    )


def test_pairs_that_take_a_while_are_not_too_easy() -> None:
    assert "too easy" not in told(chosen=soon(0.3), rejected=level(0.0))
    assert "too easy" not in RunState.replay(recorded("dpo")).verdict
    # Two lucky batches are no third one.
    assert "too easy" not in told(
        chosen=soon(0.02), rejected=level(0.0), ends="", steps=4, total=60
    )


def test_a_lucky_start_that_does_not_hold_is_not_too_easy() -> None:
    events = preference_events(chosen=ramp(0.8), rejected=ramp(-0.4), noise=0.1)
    lucky: list[Event] = [
        replace(e, loss=0.01, metrics={**e.metrics, "rewards/accuracies": 1.0})
        if isinstance(e, StepEnded) and 2 <= e.step <= 5
        else e
        for e in events
    ]
    assert "too easy" not in RunState.replay(lucky).verdict


def test_a_right_order_alone_is_not_too_easy() -> None:
    assert "too easy" not in told(chosen=level(0.4), rejected=level(-0.4), noise=0.05)


# ---------------------------------------------------------------- it gets worse


def test_a_loss_above_where_it_began_asks_for_a_lower_learning_rate() -> None:
    found = state(chosen=ramp(-0.8), rejected=ramp(0.2), noise=0.2, evals=0)
    assert found.verdict == (
        "The loss is above the 0.69 it began with. A lower learning rate helps."
    )
    assert found.worrying
    assert "above the 0.5 " in told("kto", chosen=ramp(-1.5), rejected=ramp(1.0), evals=0)
    assert "above the 25 " in told(chosen=ramp(-0.8), rejected=ramp(0.2), scale=36.1, evals=0)


def test_one_wild_batch_is_no_divergence() -> None:
    events = preference_events(steps=40, noise=0.1, chosen=ramp(0.4), rejected=ramp(-0.2))
    wild = [
        replace(e, loss=4.0) if isinstance(e, StepEnded) and e.step == 39 else e for e in events
    ]
    assert "above the" not in RunState.replay(wild).verdict


@pytest.mark.parametrize("seed", range(20))
def test_noise_around_the_first_loss_is_no_divergence(seed: int) -> None:
    assert "above the" not in told(chosen=level(0.0), rejected=level(0.0), seed=seed, evals=0)


def test_a_margin_below_0_is_told_even_when_the_loss_hides_it() -> None:
    events = preference_events(chosen=ramp(-0.5), rejected=ramp(0.3), noise=0.05, evals=0)
    same = [replace(e, loss=0.7) if isinstance(e, StepEnded) else e for e in events]
    assert RunState.replay(same).verdict.startswith(
        "The margin is below 0: it prefers the rejected answers."
    )
    near = preference_events(chosen=ramp(-0.05), rejected=ramp(0.03), noise=0.05, evals=0)
    assert "below 0" not in RunState.replay(near).verdict


# ---------------------------------------------------------------- it memorises


def bent(up: float, down: float) -> Any:
    """Rises until half of the run, then goes elsewhere."""
    return lambda done: 2 * up * done if done < 0.5 else up + (down - up) * (2 * done - 1)


def test_an_eval_loss_that_rises_while_the_other_falls_is_memorising() -> None:
    found = state(held_chosen=bent(0.6, -0.5), held_rejected=bent(-0.6, 0.2))
    assert found.verdict == (
        "Since step 30 it memorises: the loss falls on the training rows and rises on the "
        "held-out ones. Step 30 is kept as best; fewer epochs or more varied rows help."
    )
    assert (found.overfit_since, found.worrying) == (30, True)


def test_a_wobble_near_0_is_not_memorising() -> None:
    held = {"held_chosen": bent(3.0, 2.6), "held_rejected": bent(-3.0, -2.8)}
    found = state(chosen=ramp(4.0), rejected=ramp(-4.0), **held)
    best, last = min(v for _, v in found.eval_points), found.eval_points[-1][1]
    assert last > 1.1 * best
    assert found.overfit_since is None
    assert "memorises" not in found.verdict


def scored(*looks: tuple[float, float]) -> list[Event]:
    """A good run whose held-out rows have these losses and accuracies, every ten steps."""
    events: list[Event] = preference_events(evals=0, ends="")
    for i, (loss, share) in enumerate(looks):
        metrics = {"rewards/accuracies": share}
        after = next(
            at for at, e in enumerate(events) if isinstance(e, StepEnded) and e.step == 10 * (i + 1)
        )
        events.insert(after + 1, Evaluated(step=10 * (i + 1), eval_loss=loss, metrics=metrics))
    return [*events, RunEnded(state="finished", step=60)]


def test_accuracy_lost_on_held_out_pairs_is_memorising() -> None:
    losing = scored((0.6, 0.7), (0.5, 0.9), (0.49, 0.9), (0.5, 0.9), (0.51, 0.7), (0.52, 0.6))
    assert RunState.replay(losing).verdict == (
        "The accuracy on held-out pairs fell from 0.9 to 0.6, on the training pairs it did not: "
        "it memorises. Fewer epochs or more varied pairs help."
    )


@pytest.mark.parametrize(
    "looks",
    [
        [(0.6, 0.7), (0.5, 0.9), (0.49, 0.9), (0.5, 0.9), (0.5, 0.9), (0.52, 0.7)],  # one look
        [(0.6, 0.7), (0.5, 0.9), (0.49, 0.9), (0.5, 0.9), (0.51, 0.85), (0.52, 0.85)],  # a little
        [(0.6, 0.7), (0.5, 0.9), (0.49, 0.9), (0.48, 0.9), (0.47, 0.7), (0.46, 0.7)],  # loss falls
    ],
)
def test_a_dip_in_the_accuracy_is_not(looks: list[tuple[float, float]]) -> None:
    assert "memorises" not in RunState.replay(scored(*looks)).verdict


def test_what_helps_with_no_other_pair_is_told() -> None:
    found = RunState.replay(scored(*[(0.69, 0.5)] * 6))
    assert found.verdict.startswith("It tells its training pairs apart, but the held-out ones")
    assert found.worrying
    assert "by chance" not in RunState.replay(scored(*[(0.5, 0.7)] * 6)).verdict
    assert "by chance" not in RunState.replay(scored(*[(0.6, 0.5)] * 5, (0.5, 0.8))).verdict


# ---------------------------------------------------------------- both rewards fall


def test_chosen_answers_that_get_less_likely_are_told() -> None:
    found = state(chosen=ramp(-0.9), rejected=ramp(-2.4))
    assert found.verdict == (
        "Both rewards fall: the chosen answers are getting less likely too. "
        "Lower the learning rate or raise beta."
    )
    assert found.worrying
    assert "the good answers" in told("kto", chosen=ramp(-0.9), rejected=ramp(-2.4), evals=0)


def test_that_they_get_less_likely_is_told_before_that_they_were_easy() -> None:
    """As a real run with a learning rate of 2e-3 did: a margin of 19 after 20 steps."""

    def fell(done: float) -> float:
        return 5.0 - 10 * done

    found = told(chosen=fell, rejected=ramp(-22.0), evals=0)
    assert found.startswith("Both rewards fall")


@pytest.mark.parametrize(
    "shape",
    [
        {"chosen": level(0.0), "rejected": ramp(-2.4)},
        {"chosen": ramp(-0.08), "rejected": ramp(-1.0), "noise": 0.1},
        # A little beside a margin of four.
        {"chosen": ramp(-0.3), "rejected": ramp(-4.5), "noise": 0.1},
        {"chosen": ramp(1.0), "rejected": ramp(0.2)},
    ],
)
def test_a_small_loss_of_the_chosen_ones_is_not(shape: dict[str, Any]) -> None:
    assert "Both rewards fall" not in told(**shape)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_not_a_fall_of_both(seed: int) -> None:
    found = told(chosen=level(0.0), rejected=ramp(-0.8), noise=0.4, seed=seed)
    assert "Both rewards fall" not in found


# ---------------------------------------------------------------- it stands still, or learns


def test_a_margin_that_does_not_move_asks_for_more() -> None:
    found = state(chosen=ramp(0.01), rejected=ramp(-0.01), noise=0.02)
    assert found.verdict == (
        "The margin hardly moves. A higher learning rate or more epochs may help."
    )
    assert not found.worrying
    assert "hardly moves" not in told(chosen=ramp(0.2), rejected=ramp(-0.1), noise=0.1)


def test_learning_is_told_with_margin_and_held_out_pairs() -> None:
    assert told(steps=40, total=60, ends="") == (
        "It learns to prefer the chosen answers: the margin grew from 0 to about 1.3, "
        "and in nearly all held-out pairs the chosen answer gains."
    )
    assert told(evals=0).startswith("It learned to prefer the chosen answers: the margin grew")
    assert told(evals=0).endswith("not among the rows show what it makes of them.")


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_recorded_runs_learned(method: str) -> None:
    found = RunState.replay(recorded(method))
    name = {"dpo": "chosen", "kto": "good"}[method]
    assert found.verdict.startswith(f"It learned to prefer the {name} answers: the margin grew")
    assert not found.worrying
    assert ("hardly anything is left to learn" in found.verdict) == (method == "dpo")


def test_of_cross_entropy_nothing_is_said() -> None:
    for seed in range(30):
        text = random_state(seed).verdict
        assert "by heart" not in text and "training loss fell" not in text


# ---------------------------------------------------------------- any run


def random_state(seed: int, nudge: float = 0.0) -> RunState:
    draw = random.Random(seed)
    events = preference_events(
        draw.choice(["dpo", "kto"]),
        steps=draw.choice([1, 4, 11, 12, 24, 200]),
        chosen=ramp(draw.uniform(-3, 3)),
        rejected=ramp(draw.uniform(-3, 3)),
        held_chosen=ramp(draw.uniform(-3, 3)),
        noise=draw.choice([0.0, 0.3, 1.0]),
        evals=draw.choice([0, 4, 20]),
        scale=draw.choice([1.0, 1.44, 36.0]),
        ends=draw.choice(["", "finished", "stopped", "failed"]),
        seed=seed,
    )
    return RunState.replay(
        replace(e, loss=e.loss * (1 + nudge), metrics=nudged(e.metrics, nudge))
        if isinstance(e, StepEnded)
        else e
        for e in events
    )


def nudged(metrics: dict[str, float], nudge: float) -> dict[str, float]:
    return {k: v if "accuracies" in k else v * (1 + nudge) for k, v in metrics.items()}


@pytest.mark.parametrize("seed", range(150))
def test_any_run_gets_at_most_two_plain_sentences(seed: int) -> None:
    found = random_state(seed)
    assert len(re.findall(r"[.](?=\s|$)", found.verdict)) <= 2
    for text in (found.verdict, *found.words.values()):
        assert "!" not in text and "nan" not in text.split()
        for number in re.findall(r"\d+\.\d+", text):
            assert len(number.replace(".", "").lstrip("0")) <= 2


@pytest.mark.parametrize("seed", range(50))
def test_the_last_digits_of_a_processor_do_not_change_the_words(seed: int) -> None:
    one, near = random_state(seed), random_state(seed, 1e-12)
    assert (one.verdict, one.words) == (near.verdict, near.words)
