from __future__ import annotations

from typing import Any

import pytest
from preference_runs import level, preference_events, ramp, recorded

from ft_magics.monitor import RunState


def words(method: str = "dpo", **shape: Any) -> dict[str, str]:
    return RunState.replay(preference_events(method, **shape)).words


def test_every_number_of_a_good_run_says_so() -> None:
    assert words() == {
        "loss": "below the 0.69 it began with: it tells the answers apart",
        "rewards/chosen": "the chosen answers are likelier than at the start",
        "rewards/rejected": "the rejected answers are less likely than at the start",
        "rewards/margins": "it grows: it prefers the chosen answers",
        "rewards/accuracies": "in nearly all pairs the chosen answer gains on the rejected one",
    }


def test_kto_speaks_of_good_and_bad() -> None:
    said = words("kto", chosen=ramp(1.5), rejected=ramp(-1.0))
    assert said["loss"] == "below the 0.5 it began with: it tells the answers apart"
    assert said["rewards/chosen"] == "the good answers are likelier than at the start"
    assert said["rewards/rejected"] == "the bad answers are less likely than at the start"
    assert said["rewards/margins"].endswith("it prefers the good answers")
    assert said["kl"] == "answers to other questions are a little likelier too"
    assert "rewards/accuracies" not in said


@pytest.mark.parametrize(
    ("value", "start"),
    [(0.05, "about 0:"), (2.0, "answers to other questions are a l"), (30.0, "answers to other")],
)
def test_how_far_kto_moved(value: float, start: str) -> None:
    said = words("kto", chosen=level(value), noise=0.0)["kl"]
    assert said.startswith(start)
    assert ("higher beta" in said) == (value > 10)


def test_a_run_in_which_nothing_moves() -> None:
    said = words(chosen=ramp(0.01), rejected=ramp(-0.01), noise=0.02)
    assert said["loss"] == "hardly moved from the 0.69 it began with"
    assert said["rewards/chosen"] == "the chosen answers are about as likely as at the start"
    assert said["rewards/margins"] == "it hardly moves: the learning rate may be too low"


def test_while_it_is_early_standing_still_is_not_told() -> None:
    shape: dict[str, Any] = {"chosen": ramp(0.01), "rejected": ramp(-0.01), "noise": 0.02}
    assert "rewards/margins" not in words(steps=11, total=60, ends="", **shape)
    assert "rewards/margins" in words(steps=12, total=60, ends="", **shape)


def test_a_margin_that_holds_shrinks_or_is_the_wrong_way_round() -> None:
    assert words(chosen=level(1.0), rejected=level(-1.0))["rewards/margins"].startswith("it holds")
    shrinks = words(chosen=lambda d: 2 - 1.5 * d, rejected=level(-1.0), noise=0.1)
    assert shrinks["rewards/margins"].startswith("it shrinks")
    assert shrinks["rewards/chosen"].endswith("but less so than before")
    wrong = words(chosen=ramp(-0.6), rejected=ramp(0.6))
    assert wrong["rewards/margins"] == "below 0: it prefers the rejected answers"
    assert wrong["loss"] == "above the 0.69 it began with: it gets worse"


def test_a_loss_near_0_has_nothing_left_to_learn() -> None:
    assert words(chosen=ramp(4.0), rejected=ramp(-4.0))["loss"].startswith("near 0:")
    assert not words(chosen=ramp(0.9), rejected=ramp(-0.9))["loss"].startswith("near 0:")


@pytest.mark.parametrize("scale", [1.443, 36.0, 0.72])
def test_another_loss_is_held_against_its_own_beginning(scale: float) -> None:
    said = words(scale=scale)["loss"]
    assert said.startswith("below the ") and "0.69" not in said


def test_the_accuracy_says_where_held_out_pairs_differ() -> None:
    shape: dict[str, Any] = {"chosen": level(0.15), "rejected": level(-0.15), "noise": 0.3}
    assert words(**shape)["rewards/accuracies"].startswith("in about ")
    apart = words(held_chosen=ramp(-0.5), held_rejected=ramp(0.5))["rewards/accuracies"]
    assert apart.endswith("in fewer of the eval ones")


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_recorded_runs_read_as_they_were(method: str) -> None:
    said = RunState.replay(recorded(method)).words
    up, down = ("chosen", "rejected") if method == "dpo" else ("good", "bad")
    assert said["rewards/chosen"] == f"the {up} answers are likelier than at the start"
    assert said["rewards/rejected"] == f"the {down} answers are less likely than at the start"
    assert said["rewards/margins"].endswith(f"it prefers the {up} answers")


@pytest.mark.parametrize("seed", range(20))
def test_words_fit_beside_their_number(seed: int) -> None:
    for method in ("dpo", "kto"):
        for text in words(method, seed=seed, chosen=ramp(seed / 5 - 2), noise=0.5).values():
            assert len(text) <= 80 and "!" not in text
