"""Log-probabilities of labelled tokens, in the place of trl's fused head."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from trl.trainer.utils import FusedCausalLMOutput

from ft_magics.data import MASKED
from ft_magics.training.loss import LabelledHead

__all__ = ["LabelledLogProbs"]


class LabelledLogProbs(LabelledHead):
    """Gives a model the `fused_lm_head` call of trl's preference trainers, on labelled tokens only.

    trl's head scores every position where Triton is missing, and computes entropies, mean logits
    and hits that nobody here looks at. This one runs the model's own head, with whatever scales
    and caps it has, on the places whose next token is labelled. Too many of those at once, and
    whatever asks for more than log-probabilities, go to trl's.

    Source: `trl.trainer.utils.add_fused_lm_head`; the numbers are the same, which a test holds.

    Args:
        model: The causal language model that trl has given its head, without PEFT's wrapper.
        always_trl: Leave everything to trl's head.
    """

    def __init__(self, model: nn.Module, *, always_trl: bool = False) -> None:
        super().__init__(model)
        self._trl = model.forward
        self._own = type(model).forward.__get__(model)
        if not always_trl:
            # A plain function: accelerate would bind a method to the model.
            model.forward = lambda *args, **kwargs: self._forward(*args, **kwargs)

    def _forward(
        self, *args: Any, fused_lm_head: bool = False, labels: Any = None, **kwargs: Any
    ) -> Any:
        if not fused_lm_head or labels is None:
            given = {} if labels is None else {"labels": labels}
            return self._own(*args, **given, **kwargs)
        scored = torch.full_like(labels, MASKED)
        scored[:, :-1] = labels[:, 1:]
        positions = (scored.reshape(-1) != MASKED).nonzero().reshape(-1)
        if args or not self.fits(positions) or kwargs.get("output_router_logits"):
            return self._trl(*args, fused_lm_head=True, labels=labels, **kwargs)
        return self._log_probs(scored, positions, kwargs)

    def _log_probs(
        self, scored: torch.Tensor, positions: torch.Tensor, given: dict[str, Any]
    ) -> FusedCausalLMOutput:
        """What trl's head would give.

        Args:
            scored: `[batch, seq] int64`, the next token's label at each place.
            positions: `[labelled] int64`, the flattened places that have one.
            given: Of the call; the mask is left out, as rows are padded on the right.
        """
        given = {k: v for k, v in given.items() if k not in ("attention_mask", "use_cache")}
        with self._scored(positions):
            logits = self._own(**given, use_cache=False).logits
        targets = scored.reshape(-1)[positions]
        found = -functional.cross_entropy(logits.flatten(0, 1).float(), targets, reduction="none")
        flat = found.new_zeros(scored.numel()).index_put((positions,), found)
        log_probs = flat.view_as(scored)[:, :-1]
        nothing = torch.zeros_like(log_probs)
        return FusedCausalLMOutput(
            log_probs=log_probs,
            entropy=nothing,
            mean_logits=nothing,
            is_top1=nothing.bool(),
            label_mask=scored[:, :-1] != MASKED,
        )
