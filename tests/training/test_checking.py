"""What cannot work is refused by name, before anything is loaded."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from ft_magics.errors import SettingError
from ft_magics.spec import FinetuneSpec
from ft_magics.training import check
from ft_magics.training.trl_names import loss_types


def refused(method: str, **settings: Any) -> str:
    with pytest.raises(SettingError) as caught:
        check(FinetuneSpec(**settings), "%%finetune x", method)
    return str(caught.value)


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_every_loss_of_trl_is_taken(method: str) -> None:
    assert {"dpo": 15, "kto": 2}[method] <= len(loss_types(method))
    for name in loss_types(method) - {"exo_pair"}:
        check(FinetuneSpec(loss_type=name), "here", method)


def test_losses_are_those_of_the_installed_trainers() -> None:
    """Read from the source; here held against the trainers' own words."""
    import inspect

    from trl import DPOTrainer, KTOTrainer

    for method, trainer in (("dpo", DPOTrainer), ("kto", KTOTrainer)):
        text = inspect.getsource(trainer._compute_loss)
        assert all(f'loss_type == "{name}"' in text for name in loss_types(method))
        assert text.count('loss_type == "') >= len(loss_types(method))


def test_a_wrong_loss_is_told_with_the_right_ones() -> None:
    told = refused("dpo", loss_type="sigmod")
    assert "loss_type is 'sigmod'" in told and "sigmoid" in told and "ipo" in told
    assert "For kto it is apo_zero_unpaired or kto" in refused("kto", loss_type="sigmoid")
    assert "For sft it is dft or nll" in refused("sft", loss_type="sigmoid")
    assert "loss_type is 'x'" in refused("dpo", loss_type="sigmoid, x")
    check(FinetuneSpec(loss_type="sigmoid, bco_pair,sft"), "here", "dpo")


def test_a_loss_that_needs_more_says_what() -> None:
    assert "Set trl: {label_smoothing: 1e-3}" in refused("dpo", loss_type="exo_pair")
    check(FinetuneSpec(loss_type="exo_pair", trl={"label_smoothing": 1e-3}), "here", "dpo")


def test_losses_and_their_weights_go_together() -> None:
    told = refused("dpo", loss_type="sigmoid,sft", trl={"loss_weights": [1.0]})
    assert "loss_weights and loss_type: 1 for 2" in told
    check(FinetuneSpec(loss_type="sigmoid,sft", trl={"loss_weights": [1.0, 0.5]}), "here", "dpo")


def test_settings_of_another_method_are_refused() -> None:
    assert "beta is for preferences, and this is sft" in refused("sft", beta=0.1)
    assert "desirable_weight is for kto, and this is dpo" in refused("dpo", desirable_weight=2.0)
    assert "undesirable_weight is for kto" in refused("sft", undesirable_weight=2.0)
    check(FinetuneSpec(beta=0.2), "here", "dpo")
    check(FinetuneSpec(beta=0.2, desirable_weight=1.5), "here", "kto")


def test_a_batch_of_one_compares_nothing() -> None:
    told = refused("kto", per_device_train_batch_size=1)
    assert "a batch of 1" in told and "apo_zero_unpaired" in told
    check(FinetuneSpec(per_device_train_batch_size=1, loss_type="apo_zero_unpaired"), "here", "kto")


def test_fields_are_those_of_the_methods_own_config() -> None:
    check(FinetuneSpec(trl={"ld_alpha": 0.5}), "here", "dpo")
    assert "no field 'ld_alpha'" in refused("kto", trl={"ld_alpha": 0.5})
    assert "asked once" in refused("dpo", trl={"precompute_ref_log_probs": True})
    assert "asked once" in refused("kto", trl={"sync_ref_model": True})
    assert "setting of its own" in refused("dpo", trl={"beta": 0.3})


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from ft_magics.spec import FinetuneSpec; from ft_magics import training;"
        "training.check(FinetuneSpec(loss_type='ipo'), 'x', 'dpo');"
        "print([m for m in ('torch', 'trl', 'transformers') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
