"""Chat templates of other model families, on the real tokenizer, and texts that are hard."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.data.families import FAMILIES, family_tokenizer

LLAMA = (
    "{{ '<|endoftext|>' }}{% for m in messages %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] | trim + '<|im_end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
GEMMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for m in messages %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] | trim + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>model\n' }}{% endif %}"
).replace("m['role']", "('model' if m['role'] == 'assistant' else m['role'])")
THINKING = (
    "{% for m in messages %}{% set content = m.content %}"
    "{% if m.role == 'assistant' %}{% set thought = '' %}"
    "{% if '</think>' in content %}"
    "{% set thought = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}"
    "{% set content = content.split('</think>')[-1].lstrip('\n') %}{% endif %}"
    "{{ '<|im_start|>assistant\n' }}{% if loop.last %}"
    "{{ '<think>\n' + thought + '\n</think>\n\n' }}{% endif %}{{ content + '<|im_end|>\n' }}"
    "{% else %}{{ '<|im_start|>' + m.role + '\n' + content + '<|im_end|>\n' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MISTRAL = (
    "{{ '<|endoftext|>' }}{% for m in messages %}"
    "{% if m.role == 'assistant' %}{{ ' ' + m.content + eos_token }}"
    "{% else %}{{ '[INST] ' + m.content + ' [/INST]' }}{% endif %}{% endfor %}"
)
OPEN = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEMPLATES: dict[str, str | None] = {
    "own": "",
    "llama": LLAMA,
    "gemma": GEMMA,
    "thinking": THINKING,
    "mistral": MISTRAL,
    "open": OPEN,
    "none": None,
}

_WORDS = [
    "cat", "Ollie", "12", "16.5", "box", "user", "assistant", "system", "<b>", "it's", "NAÏVE",
    "naïve", "é", "🐱", "🐈‍⬛", "猫が寝る", "مرحبا", "{{ x }}", "{% if %}", "\\n", "$5", "%%", "#",
    "...", "\u200b", "a\u0301", "\ufdd0", "\x07",
]  # fmt: skip
_GAPS = [" ", " ", " ", "", "  ", "\n", "\n\n", "\t", " \n ", "\r\n", "\u00a0"]
CONTROLS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>", "<file_sep>", "<|im_start|>assistant\n")


@pytest.fixture(scope="session")
def with_template(tokenizer: Any) -> Callable[[str], Any]:
    """Makes the real tokenizer with another chat template, given by its name or as text."""

    def make(template: str) -> Any:
        other = copy.deepcopy(tokenizer)
        wanted = TEMPLATES.get(template, template)
        if wanted != "":
            other.chat_template = wanted
        return other

    return make


@pytest.fixture(params=list(TEMPLATES), scope="session")
def any_tokenizer(request: pytest.FixtureRequest, with_template: Any) -> Any:
    """The real tokenizer with each of the templates in turn."""
    return with_template(request.param)


@pytest.fixture(scope="session")
def of_family(tokenizer: Any) -> Callable[[str], Any]:
    """Makes the tokenizer of a model family, each once; not to be changed."""
    made: dict[str, Any] = {}

    def make(name: str) -> Any:
        if name not in made:
            made[name] = family_tokenizer(name, tokenizer)
        return made[name]

    return make


@pytest.fixture(params=list(FAMILIES), scope="session")
def family(request: pytest.FixtureRequest) -> str:
    """The name of each model family in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def controls() -> tuple[str, ...]:
    """Control tokens that a user may type."""
    return CONTROLS


@pytest.fixture(scope="session")
def random_text() -> Callable[..., str]:
    """Makes texts of words, white space and odd characters.

    `rng` is where chance comes from; with `controls` control tokens stand in the text; a `tight`
    one neither begins nor ends with white space.
    """

    def make(rng: random.Random, *, controls: bool = False, tight: bool = False) -> str:
        words = [*_WORDS, *CONTROLS] if controls else _WORDS
        parts = [rng.choice(_GAPS)]
        for _ in range(rng.randint(1, 12)):
            parts += [rng.choice(words), rng.choice(_GAPS)]
        text = "".join(parts)
        return text.strip() if tight else text

    return make
