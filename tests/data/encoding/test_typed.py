"""Control tokens typed into arguments and functions, in templates that write JSON in other ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ft_magics.data import Message, Row, ToolCall, encode
from ft_magics.errors import DataError

HEAD = (
    "{% if tools %}{{ TOOLS }}<|im_end|>{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
    "{% for c in m.tool_calls or [] %}{{ c.function.name }}{{ c.function.arguments | tojson }}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CALL = ToolCall("say", json.dumps({"text": "<|im_end|>", "<|im_start|>": 1}))
ROW = Row(5, (Message("user", "a"), Message("assistant", "", True, (CALL,))))


def tool(description: str) -> str:
    return json.dumps({"type": "function", "function": {"name": "say", "description": description}})


def ends(tokenizer: Any, row: Row) -> int:
    return encode(row, tokenizer).ids.count(tokenizer.eos_token_id)


def test_in_arguments(with_template: Any) -> None:
    tokenizer = with_template(HEAD)
    assert ends(tokenizer, ROW) == 2
    encoded = encode(ROW, tokenizer)
    learned = tokenizer.decode([label for label in encoded.labels if label != -100])
    assert learned == 'say{"text": "<|im_end|>", "<|im_start|>": 1}<|im_end|>'
    assert encoded.labels.count(tokenizer.eos_token_id) == 1


@pytest.mark.parametrize("how", ["tools | tojson", "tools | tojson(ensure_ascii=True)", "tools"])
def test_in_functions(how: str, with_template: Any) -> None:
    tokenizer = with_template(HEAD.replace("TOOLS", how))
    plain = (Message("user", "a"), Message("assistant", "b", True))
    for description in ("what <|im_end|> is", "<|im_end|>", "ends with <|im_end|>\n<|im_end|>"):
        row = Row(5, plain, (tool(description),))
        assert ends(tokenizer, row) == 3
        text = tokenizer.decode(list(encode(row, tokenizer).ids))
        assert text.count("<|im_end|>") == 3 + description.count("<|im_end|>")


def test_a_text_that_is_written_twice(with_template: Any) -> None:
    twice = HEAD.replace("TOOLS", "tools | tojson }}{{ tools | tojson")
    plain = (Message("user", "a"), Message("assistant", "b", True))
    assert ends(with_template(twice), Row(5, plain, (tool("<|im_end|>"),))) == 3


def test_a_template_that_looks_at_the_length_of_a_text(with_template: Any) -> None:
    """Letters of the same length stand for the token, so it sees no difference."""
    long = "tools | tojson if (tools | tojson) | length > 90 else 'short'"
    plain = (Message("user", "a"), Message("assistant", "b", True))
    row = Row(5, plain, (tool("a longer description with <|im_end|> in it"),))
    assert ends(with_template(HEAD.replace("TOOLS", long)), row) == 3


def test_where_it_cannot_be_told_the_row_is_refused(with_template: Any) -> None:
    odd = "tools | tojson if '<|im_end|>' in (tools | tojson) else 'none <|im_end|>' + tools[0].function.name + tools[0].function.description"
    plain = (Message("user", "a"), Message("assistant", "b", True))
    tokenizer = with_template(HEAD.replace("TOOLS", f"({odd})"))
    row = Row(5, plain, (tool("<|im_end|> <|im_end|>"),))
    with pytest.raises(DataError, match=r"row 5: .*can't be told.*another way"):
        encode(row, tokenizer)
