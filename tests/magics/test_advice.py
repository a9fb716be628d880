"""Goal, advice and plan, from the session's objects to a card."""

from __future__ import annotations

from ft_magics.evaluation import golden_cell, read_goal
from ft_magics.magics.render import bundle
from ft_magics.session.objects import AdviceView, Goal, PlanView, SettingLine
from ft_magics.spec import FinetuneSpec
from ft_magics.training import estimate_time, plan
from tests.training.test_plan import CPU, SMALL


def goal(text: str) -> Goal:
    reading = read_goal(text)
    return Goal(text, reading, golden_cell(reading, "catgpt"))


def test_a_goal_shows_its_rules_and_golden_questions() -> None:
    made = bundle(goal("Answers in JSON and in French, one <b>sentence"))
    text = made["text/plain"]
    for words in ("✓ JSON and nothing else", "checked by json_schema", "· in French",
                  "not checked. No check tells a language", "%%golden catgpt",
                  '{"prompt": "", "json_schema": true}'):  # fmt: skip
        assert words in text, words
    assert "<b>" not in made["text/html"]


def test_a_goal_without_something_checkable_shows_how() -> None:
    text = bundle(goal("make it smarter"))["text/plain"]
    assert "⚠ «smarter» has no check" in text
    assert '%ft goal "make it smarter: at most two sentences, and says so' in text
    assert "%%golden" not in text


def made_plan() -> PlanView:
    lengths = [60] * 21
    made = plan(FinetuneSpec(), lengths=lengths, eval_rows=3, base=SMALL, device=CPU)
    table = [SettingLine("lora_r", "16", made.reasons["lora_r"], made.sources["lora_r"])]
    time = estimate_time(made, SMALL, lengths)
    return PlanView("ollie", made, 21, 3, table, time, "counts")


def test_a_plan_shows_steps_time_and_memory() -> None:
    text = bundle(made_plan())["text/plain"]
    for words in ("Plan of ollie  |  21 rows  |  60 steps", "goal: counts", "lora_r", "rank 16 can hold",
                  "of 4 rows each", "about", "rough guess", "are free", "LoRA Without Regret",
                  "21 rows, 3 held out or golden. Nothing was trained."):  # fmt: skip
        assert words in " ".join(text.split()) or words in text, words


def test_an_advice_shows_the_verdict_the_reasons_and_the_next_cell() -> None:
    planned = made_plan()
    view = AdviceView(
        "make it smarter", "catgpt", "sft", 21, "tiny", "finetune", "Fine-tuning fits.",
        [("finetune", "21 rows are enough.", "LIMA")], planned.table, planned.plan,
        estimate=planned.estimate, hint="«smarter» has no check.", next_cell="%%finetune x",
    )  # fmt: skip
    text = bundle(view)["text/plain"]
    for words in ("Advice  |  catgpt  |  21 rows  |  tiny", "Fine-tuning fits.", "21 rows are enough. [1]",
                  "About the goal: «smarter» has no check.", "    %%finetune x", "[1] LIMA"):  # fmt: skip
        assert words in text, words
    assert repr(view) == "Advice(catgpt: Fine-tuning fits.)"


def test_an_advice_without_a_plan_says_why() -> None:
    view = AdviceView("", "prefs", "preference", 12, sentence="Fine-tuning fits.",
                      table=[SettingLine("method", "dpo", "which is better", "DPO")],
                      problem="This version trains sft only.")  # fmt: skip
    text = bundle(view)["text/plain"]
    assert "dpo" in text and "This version trains sft only." in text
    assert "memory" not in text


def test_the_example_is_a_line_that_reads_back_as_itself() -> None:
    from ft_magics.magics.line import split_words

    made = goal('be nice, like "Ollie"')
    assert made.reading.hint
    line = next(x for x in bundle(made)["text/plain"].split("\n") if "%ft goal" in x)
    (word,) = split_words(line.strip().removeprefix("%ft goal "), "test")
    assert word.text == made.reading.example
