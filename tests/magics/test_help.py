"""`--help`, made from the settings' own definitions."""

from __future__ import annotations

import pytest

from ft_magics.errors import SettingError
from ft_magics.magics.help import WIDTH, help_of, overview
from ft_magics.magics.syntax import NOT_YET, SYNTAX, VERBS
from ft_magics.settings import settings_of
from ft_magics.spec import FinetuneSpec


def test_every_setting_stands_in_the_help_with_its_sentence() -> None:
    text = " ".join(help_of("%%finetune").split())
    for setting in settings_of(FinetuneSpec).values():
        assert setting.flag in text
        assert setting.sentence in text
    assert "--learning-rate, --lr NUMBER" in text
    assert "--wait" in text and "--plan" in text


def test_the_overview_names_everything() -> None:
    text = overview()
    assert all(f"%ft {verb}" in text for verb in VERBS)
    assert all(f"%%{magic}" in text for magic in ("dataset", "golden", "finetune", "prompt"))
    assert all(verb in text for verb in NOT_YET)


@pytest.mark.parametrize("word", sorted(SYNTAX))
def test_no_line_is_wider_than_a_cell(word: str) -> None:
    assert all(len(line) <= WIDTH + 4 for line in help_of(word).splitlines())


def test_golden_names_every_check() -> None:
    from ft_magics.data.golden import CHECKS

    text = help_of("%%golden")
    assert all(check in text for check in (*CHECKS, "answer"))


def test_an_unknown_word_has_its_nearest() -> None:
    with pytest.raises(SettingError, match="Did you mean 'evaluate'"):
        help_of("evalute")
    assert "not here yet" in help_of("serve")
