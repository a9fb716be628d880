"""What a template leaves out, told from what it only writes in another way."""

from __future__ import annotations

from typing import Any

from ft_magics.data import Message, ToolCall
from ft_magics.data.encoding.conversation import Conversation
from ft_magics.data.encoding.rendering import Renderer
from ft_magics.data.encoding.unrendered import unrendered

TOOL = (
    '{"type": "function", "function": {"name": "f", "description": "d", "parameters": '
    '{"type": "object", "properties": {"n": {"type": "number"}}}}}'
)
CALLS = (ToolCall("f", '{"n": 1}'), ToolCall("g", "{}"))
TURNS = "{% for m in messages %}{{ m.role + ': ' + m.content }}BODY\n{% endfor %}"


def left_out(tokenizer: Any, conversation: Conversation) -> list[tuple[str, int | None]]:
    renderer = Renderer(tokenizer)
    rendered = renderer.render(conversation.messages, tools=conversation.tools)
    return [(u.field, u.index) for u in unrendered(renderer, conversation, rendered)]


def called(body: str, tools: str = "") -> str:
    return tools + TURNS.replace("BODY", body)


CALLING = Conversation((Message("user", "a"), Message("assistant", "b", tool_calls=CALLS)))
OFFERED = Conversation((Message("user", "a"), Message("assistant", "b")), (TOOL,))


def test_a_turn_that_is_dropped(with_template: Any) -> None:
    kept = with_template("{% for m in messages if m.role != 'tool' %}{{ m.content }}{% endfor %}")
    turns = (Message("user", "a"), Message("tool", "out"), Message("assistant", "b"))
    assert left_out(kept, Conversation(turns)) == [("tool", 1)]
    # An empty text has nothing that could be lost.
    turns = (Message("user", "a"), Message("tool", " "), Message("assistant", "b"))
    assert left_out(kept, Conversation(turns)) == []


def test_a_text_that_is_written_in_another_way_is_there(with_template: Any) -> None:
    loud = with_template("{% for m in messages %}{{ m.content | upper | reverse }}{% endfor %}")
    turns = (Message("user", "abc"), Message("assistant", "def"))
    assert left_out(loud, Conversation(turns)) == []


def test_names_and_arguments_of_calls(with_template: Any) -> None:
    each = "{% for c in m.tool_calls or [] %}{{ WHAT }}{% endfor %}"
    whole = each.replace("WHAT", "c.function.name ~ (c.function.arguments | tojson)")
    names = each.replace("WHAT", "c.function.name")
    first = "{% if m.tool_calls %}{{ m.tool_calls[0].function | tojson }}{% endif %}"
    count = "{{ m.tool_calls | length }}"
    assert left_out(with_template(called(whole)), CALLING) == []
    assert left_out(with_template(called(names)), CALLING) == [("tool_calls", 1)]
    assert left_out(with_template(called(first)), CALLING) == [("tool_calls", 1)]
    assert left_out(with_template(called(count)), CALLING) == [("tool_calls", 1)]
    assert left_out(with_template(called("")), CALLING) == [("tool_calls", 1)]


def test_names_descriptions_and_parameters_of_functions(with_template: Any) -> None:
    for tools, whole in {
        "{{ tools | tojson }}": True,
        "{{ tools }}": True,
        "{% for t in tools %}{{ t.function.name }}{% endfor %}": False,
        "{% for t in tools %}{{ t.function.name + t.function.description }}{% endfor %}": False,
        "{% for t in tools %}{{ t.function.parameters | tojson }}{% endfor %}": False,
        "{{ tools | length }}": False,
        "": False,
    }.items():
        found = left_out(with_template(called("", tools)), OFFERED)
        assert found == ([] if whole else [("tools", None)]), tools


def test_reasoning_and_the_text_beside_a_call(with_template: Any) -> None:
    turns = (Message("user", "a"), Message("assistant", "b", reasoning="r"))
    assert left_out(with_template(called("")), Conversation(turns)) == [("reasoning", 1)]
    kept = with_template(called("{{ m.reasoning_content or '' }}"))
    assert left_out(kept, Conversation(turns)) == []
    instead = with_template(
        "{% for m in messages %}{{ m.tool_calls | tojson if m.tool_calls else m.content }}"
        "{% endfor %}"
    )
    assert left_out(instead, CALLING) == [("content", 1)]
