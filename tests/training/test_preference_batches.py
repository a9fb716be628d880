"""Batches as trl's collators make them, from whole conversations."""

from __future__ import annotations

from typing import Any

import torch
from trl.trainer.dpo_trainer import DataCollatorForPreference
from trl.trainer.kto_trainer import DataCollatorForUnpairedPreference

from ft_magics.data import Encoded
from ft_magics.training.preference_batches import (
    answer_batch,
    answer_start,
    mismatched,
    pair_batch,
)


def halves(row: Encoded) -> tuple[list[int], list[int]]:
    at = answer_start(row)
    return list(row.ids[:at]), list(row.ids[at:])


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_pairs_are_batched_as_trl_does(pairs: Any) -> None:
    rows = []
    for pair in pairs(4):
        prompt, chosen = halves(pair.chosen)
        rows.append(
            {
                "prompt_ids": prompt,
                "chosen_ids": chosen,
                "rejected_ids": halves(pair.rejected)[1],
            }
        )
    assert same(pair_batch(pairs(4), pad=2), DataCollatorForPreference(pad_token_id=2)(rows))


def test_answers_are_batched_and_compared_as_trl_does(answers: Any) -> None:
    made = answers(5)
    rows = [
        {"prompt_ids": halves(a.answer)[0], "completion_ids": halves(a.answer)[1], "label": a.label}
        for a in made
    ]
    collate = DataCollatorForUnpairedPreference(pad_token_id=2)
    assert same(answer_batch(made, 2, compared=False), collate(rows))
    answered = [row["completion_ids"] for row in rows]
    rotated = [answered[-1], *answered[:-1]]
    compared = [{**row, "KL_completion_ids": o} for row, o in zip(rows, rotated, strict=True)]
    assert same(answer_batch(made, 2), collate(compared))


def test_a_comparison_keeps_each_question_and_learns_the_other_answer(answers: Any) -> None:
    made = answers(3)
    for i, row in enumerate(mismatched(made)):
        at = answer_start(made[i].answer)
        assert row.ids[:at] == made[i].answer.ids[:at]
        assert list(row.ids[at:]) == halves(made[i - 1].answer)[1]
        assert answer_start(row) == at and len(row.ids) == len(row.labels)


def test_tool_turns_in_an_answer_carry_no_loss() -> None:
    """An answer in several turns: what the model did not write is not scored."""
    row = Encoded((1, 2, 3, 4, 5, 6), (-100, -100, 3, -100, -100, 6), 0, 1)
    from ft_magics.data import EncodedPair

    mask = pair_batch([EncodedPair(row, row)], pad=0)["completion_mask"]
    assert mask.tolist() == [[0, 0, 1, 0, 0, 1]] * 2
