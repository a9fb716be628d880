from __future__ import annotations

import math
import random
import re

import pytest

from ft_magics.verdict import Curve, Point, best_step, overfit_since, verdict


def line(start: float, end: float, steps: int) -> list[Point]:
    """A loss that goes evenly from start to end, steps counted from 1."""
    return [(i + 1, start + (end - start) * i / max(1, steps - 1)) for i in range(steps)]


def decay(start: float, end: float, steps: int) -> list[Point]:
    """A loss that falls fast, then levels off at the end's value."""
    return [(i + 1, end + (start - end) * math.exp(-8 * i / steps)) for i in range(steps)]


MEMORISING = [(0, 3.0), (40, 1.2), (84, 0.93), (100, 0.95), (120, 0.97)]


def test_nothing_is_said_before_there_is_something_to_say() -> None:
    assert verdict(Curve("queued", [])) == ""
    assert verdict(Curve("running", [])) == ""
    assert verdict(Curve("running", line(4, 3, 11))) == ""
    assert verdict(Curve("running", line(4, 3, 12))) != ""


def test_a_run_without_steps_trained_nothing() -> None:
    assert verdict(Curve("failed", [])) == "Nothing was trained."


def test_too_few_steps_tell_nothing() -> None:
    assert verdict(Curve("finished", line(4, 3, 1))) == (
        "One step is too few to tell what was learned."
    )
    assert verdict(Curve("stopped", line(4, 3, 2))).startswith("2 steps are too few")


def test_memorising_is_told_with_its_step_and_what_helps() -> None:
    curve = Curve("finished", line(3.0, 0.4, 120), MEMORISING, kept=[84, 120])
    assert verdict(curve) == (
        "Since step 84 it memorises: the training loss falls, the eval loss rises. "
        "Step 84 is kept as best; more varied rows help more than more epochs."
    )
    assert "Step 84 was the best;" in verdict(Curve("running", curve.train, curve.evals))


@pytest.mark.parametrize(
    ("evals", "since"),
    [
        ([(0, 3.0)], None),
        ([(0, 3.0), (10, 1.0)], None),
        ([(0, 3.0), (10, 1.0), (20, 1.05)], None),  # one look, not clearly above
        ([(0, 3.0), (10, 1.0), (20, 1.2)], 10),  # one look, clearly above
        ([(0, 3.0), (10, 1.0), (20, 1.01), (30, 1.015)], None),  # within the noise
        ([(0, 3.0), (10, 1.0), (20, 1.03), (30, 1.05)], 10),
        ([(0, 3.0), (10, 1.0), (20, 1.3), (30, 1.0)], None),  # it came back
        ([(0, 3.0), (10, 0.010), (20, 0.012), (30, 0.013)], None),  # tiny beside any loss
        ([(0, 3.0), (10, 1.0), (20, math.nan)], None),
        ([(0, 0.5), (10, 1.0), (20, 1.3), (30, 1.5)], 10),
    ],
)
def test_where_memorising_begins(evals: list[Point], since: int | None) -> None:
    assert overfit_since(line(3.0, 0.4, 40), evals) == since


def test_both_losses_rising_is_not_memorising() -> None:
    evals = [(0, 3.0), (10, 1.0), (20, 1.3), (30, 1.6)]
    train = [*line(3.0, 1.0, 10), *((s + 10, v) for s, v in line(1.0, 2.0, 20))]
    assert overfit_since(train, evals) is None
    assert overfit_since([], evals) is None


def test_the_best_step_is_the_first_of_the_lowest_and_never_before_training() -> None:
    assert best_step([]) is None
    assert best_step([(0, 0.1)]) is None
    assert best_step([(0, 0.1), (5, 2.0), (10, 1.0), (15, 1.0), (20, math.nan)]) == 10


def test_a_rising_loss_asks_for_a_lower_learning_rate() -> None:
    told = "The loss rises instead of falling. A lower learning rate helps."
    assert verdict(Curve("running", line(3.0, 6.0, 40))) == told
    evals = [(0, 3.0), (20, 4.0), (40, 6.0)]
    assert verdict(Curve("running", line(3.0, 6.0, 40), evals)) == told


def test_a_loss_that_is_no_number_is_told_with_its_step() -> None:
    train = [*line(3.0, 2.0, 6), (7, math.nan)]
    assert verdict(Curve("failed", train)) == (
        "Since step 7 the loss is no longer a number. A lower learning rate helps."
    )


def test_a_loss_that_does_not_move_is_told() -> None:
    told = "The loss hardly moves. A higher learning rate or more epochs may help."
    assert verdict(Curve("finished", line(3.0, 2.95, 40))) == told
    evals = [(0, 3.0), (20, 2.99), (40, 2.98)]
    assert verdict(Curve("finished", line(3.0, 2.95, 40), evals)) == told


def test_learning_that_does_not_help_with_the_eval_rows_is_told() -> None:
    evals = [(0, 3.0), (20, 3.0), (40, 2.99)]
    told = verdict(Curve("finished", line(3.0, 1.0, 40), evals))
    assert told.startswith("The training loss falls, but the eval loss does not")


def test_learning_is_told_with_the_eval_loss() -> None:
    train, evals = decay(4.4, 0.9, 60), [(0, 4.4), (20, 1.5), (40, 0.97), (60, 0.96)]
    assert verdict(Curve("running", train, evals[:3])) == (
        "It learns: the eval loss fell from 4.4 to 0.97 and still falls."
    )
    assert verdict(Curve("running", train, evals)) == (
        "It learns: the eval loss fell from 4.4 to 0.96."
    )
    assert verdict(Curve("finished", train, evals)) == (
        "It learned: the eval loss fell from 4.4 to 0.96, and levelled off. "
        "More epochs would change little."
    )
    assert verdict(Curve("finished", train, evals[:3])) == (
        "It learned: the eval loss fell from 4.4 to 0.97. "
        "It still fell at the end, so more epochs may help."
    )


def test_without_eval_rows_the_training_loss_is_told_and_what_it_does_not_say() -> None:
    assert verdict(Curve("running", decay(4.4, 0.08, 24))).startswith(
        "It learns: the training loss fell from about "
    )
    told = verdict(Curve("finished", decay(4.4, 0.05, 80)))
    assert told.startswith("It knows its rows nearly by heart: the training loss fell from about")
    assert told.endswith("Questions that are not among the rows show what it makes of them.")
    assert "levelled off" in verdict(Curve("finished", decay(4.4, 0.9, 80)))
    assert "It still fell at the end" in verdict(Curve("finished", line(4.4, 0.9, 80)))


def random_curve(seed: int) -> Curve:
    rng = random.Random(seed)
    steps = rng.choice([1, 3, 4, 11, 12, 24, 200])
    start, end = rng.uniform(0.001, 12), rng.uniform(0.0001, 12)
    shape = rng.choice([line, decay])
    train = [(s, v * rng.uniform(0.9, 1.1)) for s, v in shape(start, end, steps)]
    evals = [(s, v * rng.uniform(0.9, 1.3)) for s, v in train[:: rng.choice([1, 5, 50])]]
    state = rng.choice(["running", "paused", "finished", "stopped", "failed", "interrupted"])
    return Curve(state, train, rng.choice([[], evals]), [s for s, _ in evals])


@pytest.mark.parametrize("seed", range(200))
def test_any_curve_gets_at_most_two_plain_sentences(seed: int) -> None:
    told = verdict(random_curve(seed))
    assert told == verdict(random_curve(seed))
    assert len(re.findall(r"[.](?=\s|$)", told)) <= 2
    assert "!" not in told
    assert "nan" not in told.split()
    for number in re.findall(r"\d+\.\d+", told):
        assert len(number.replace(".", "").lstrip("0")) <= 2


@pytest.mark.parametrize("seed", range(50))
def test_the_last_digits_of_a_processor_do_not_change_the_words(seed: int) -> None:
    curve = random_curve(seed)
    near = [(s, v * (1 + 1e-12)) for s, v in curve.train]
    near_evals = [(s, v * (1 + 1e-12)) for s, v in curve.evals]
    assert verdict(Curve(curve.state, near, near_evals, curve.kept)) == verdict(curve)
