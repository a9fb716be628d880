"""Chat templates of model families, each on SmolLM2's vocabulary with the family's own tokens.

The templates are those that the installed trl ships, unchanged; `training` is trl's own one with
marks around what a model writes. The tokens, which of them are special, and which begin or end a
text are from the families' published tokenizers.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken
from tokenizers.processors import TemplateProcessing

__all__ = ["FAMILIES", "Family", "family_tokenizer", "template_text"]


@dataclass(frozen=True)
class Family:
    """How a family's models read a conversation."""

    template: str | None
    """A name of trl's; None for SmolLM2's own, or a template's text."""
    eos: str
    bos: str | None = None
    special: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    """Added tokens that are not special."""
    swallows: tuple[str, ...] = ()
    """Special tokens that take the white space after them."""
    puts_bos: bool = False
    """Whether the tokenizer itself puts `bos` before a text."""
    system: bool = True
    """Whether there are system texts."""
    tools: bool = False
    calls: bool = False
    tool_turns: bool = False
    thinks: bool = False
    """Whether reasoning of the last turn is rendered."""
    training: bool = True
    """Whether trl has a template with marks that otherwise writes the same."""
    opens: bool = True
    """Whether the prompt is how the row begins."""
    ends: tuple[str, ...] = ()
    """What ends an answer, if it is not `eos`."""


_CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_HERMES = ("<tool_call>", "</tool_call>")
_THINK = ("<think>", "</think>", "<tool_response>", "</tool_response>")
_LLAMA = (
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eot_id|>", "<|eom_id|>", "<|python_tag|>",
)  # fmt: skip
_GEMMA = ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>")
_PHI = ("<|assistant|>", "<|system|>", "<|end|>", "<|user|>")
_DEEPSEEK = (
    "<｜User｜>", "<｜Assistant｜>", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁outputs▁begin｜>",
    "<｜tool▁outputs▁end｜>", "<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>", "<｜tool▁sep｜>",
    "<think>", "</think>",
)  # fmt: skip
_GLM = ("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
_GLM_TAGS = ("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>")
_HARMONY = (
    "<|startoftext|>", "<|return|>", "<|constrain|>", "<|channel|>", "<|start|>", "<|end|>",
    "<|message|>", "<|call|>",
)  # fmt: skip
_COHERE = ("<BOS_TOKEN>", "<EOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>")
_COHERE_ROLES = ("<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|SYSTEM_TOKEN|>")
_LFM = (
    "<|startoftext|>", "<|tool_list_start|>", "<|tool_list_end|>", "<|tool_call_start|>",
    "<|tool_call_end|>", "<|tool_response_start|>", "<|tool_response_end|>",
)  # fmt: skip
_GEMMA4 = (
    "<pad>", "<eos>", "<bos>", "<|turn>", "<turn|>", "<|tool>", "<tool|>", "<|tool_call>",
    "<tool_call|>", "<|tool_response>", "<tool_response|>", "<|channel>", "<channel|>", '<|"|>',
    "<|think|>",
)  # fmt: skip
_MISTRAL = (
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",
)  # fmt: skip

# Written after Mistral's published description of its third tokenizer.
_INST = (
    "{{ bos_token }}{% set found = namespace(system='') %}"
    "{% set last = messages | selectattr('role', 'equalto', 'user') | list | last %}"
    "{% for m in messages %}{% if m.role == 'system' %}{% set found.system = m.content + '\n\n' %}"
    "{% elif m.role == 'user' %}"
    "{% if tools and m == last %}"
    "{{ '[AVAILABLE_TOOLS] ' + tools | tojson + '[/AVAILABLE_TOOLS]' }}{% endif %}"
    "{{ '[INST] ' + (found.system if loop.index0 < 2 else '') + m.content + '[/INST]' }}"
    "{% elif m.tool_calls %}{{ '[TOOL_CALLS] [' }}{% for call in m.tool_calls %}"
    '{{ \'{"name": "\' + call.function.name + \'", "arguments": \' }}'
    "{{ call.function.arguments | tojson }}{{ '}' + ('' if loop.last else ', ') }}{% endfor %}"
    "{{ ']' + eos_token }}"
    "{% elif m.role == 'assistant' %}{{ ' ' + m.content + eos_token }}"
    "{% elif m.role == 'tool' %}{{ '[TOOL_RESULTS] {\"content\": ' + m.content | tojson }}"
    "{{ '}[/TOOL_RESULTS]' }}{% endif %}{% endfor %}"
)

_LLAMA3 = Family(None, "<|eot_id|>", "<|begin_of_text|>", _LLAMA, puts_bos=True, tool_turns=True)
_QWEN = Family(None, "<|im_end|>", None, _CHATML, _HERMES, tools=True, calls=True, tool_turns=True)


def _like(one: Family, **changes: Any) -> Family:
    from dataclasses import replace

    return replace(one, **changes)


FAMILIES = {
    "smollm2": Family(None, "<|im_end|>", "<|im_start|>", tool_turns=True, training=False),
    "qwen2_5": _like(_QWEN, template="qwen2_5"),
    "qwen3": _like(_QWEN, template="qwen3", added=(*_HERMES, *_THINK), thinks=True, training=False),
    "qwen3_5": _like(
        _QWEN, template="qwen3_5_think", added=(*_HERMES, *_THINK), thinks=True, training=False
    ),
    "llama3": _like(_LLAMA3, template="llama3"),
    "llama3_1": _like(_LLAMA3, template="llama3_1", tools=True, calls=True, training=False),
    "gemma": Family(
        "gemma", "<eos>", "<bos>", _GEMMA, puts_bos=True, system=False, ends=("<end_of_turn>",)
    ),
    "gemma3": Family(
        "gemma3", "<eos>", "<bos>", _GEMMA, puts_bos=True, ends=("<end_of_turn>",)
    ),
    "gemma4": Family(
        "gemma4_v5", "<eos>", "<bos>", _GEMMA4, puts_bos=True, tools=True, calls=True,
        tool_turns=True, thinks=True, training=False, ends=("<turn|>", "<|tool_response>"),
    ),
    "phi3": Family("phi3", "<|endoftext|>", "<s>", ("<s>", "</s>", *_PHI), swallows=_PHI, ends=("<|end|>",)),
    "deepseekv3": Family(
        "deepseekv3", "<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>",
        ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"), _DEEPSEEK, puts_bos=True,
        calls=True, tool_turns=True, opens=False,
    ),
    "glm4moe": Family(
        "glm4moe", "<|endoftext|>", None, _GLM, (*_HERMES, *_THINK, *_GLM_TAGS), tools=True,
        calls=True, tool_turns=True, thinks=True, training=False,
        ends=("<|endoftext|>", "<|user|>", "<|observation|>"),
    ),
    "gptoss": Family(
        "gptoss", "<|return|>", "<|startoftext|>", _HARMONY, tools=True, calls=True,
        tool_turns=True, thinks=True, ends=("<|return|>", "<|call|>", "<|end|>"),
    ),
    "cohere": Family(
        "cohere", "<|END_OF_TURN_TOKEN|>", "<BOS_TOKEN>", _COHERE, _COHERE_ROLES, puts_bos=True
    ),
    "cohere2": Family(
        "cohere2", "<|END_OF_TURN_TOKEN|>", "<BOS_TOKEN>", _COHERE,
        (*_COHERE_ROLES, "<|START_RESPONSE|>", "<|END_RESPONSE|>"), puts_bos=True,
    ),
    "lfm2": Family(
        "lfm2_v2", "<|im_end|>", "<|startoftext|>", _LFM, puts_bos=True, tools=True, calls=True,
        tool_turns=True,
    ),
    "mistral": Family(
        _INST, "</s>", "<s>", _MISTRAL, puts_bos=True, tools=True, calls=True, tool_turns=True,
        training=False,
    ),
}  # fmt: skip


@cache
def template_text(name: str) -> str:
    """A template of the installed trl."""
    import trl

    return (Path(trl.__file__).parent / "chat_templates" / f"{name}.jinja").read_text()


def family_tokenizer(name: str, tokenizer: Any) -> Any:
    """SmolLM2's tokenizer with a family's tokens and template."""
    family = FAMILIES[name]
    other = copy.deepcopy(tokenizer)
    for names, special in ((family.special, True), (family.added, False)):
        added = [
            AddedToken(n, special=special, normalized=False, rstrip=n in family.swallows)
            for n in names
        ]
        other.add_tokens(added, special_tokens=special)
    other.bos_token, other.eos_token = family.bos, family.eos
    if family.puts_bos:
        other.backend_tokenizer.post_processor = TemplateProcessing(
            single=f"{family.bos} $A",
            pair=f"{family.bos} $A $B",
            special_tokens=[(family.bos, other.convert_tokens_to_ids(family.bos))],
        )
    if family.template is not None:
        own = "{" in family.template
        other.chat_template = family.template if own else template_text(family.template)
    return other
