"""Functions a model may call, and its calls, as rows hold them -> one form, as JSON text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ft_magics.data.rows import ToolCall

__all__ = ["json_text", "read_calls", "read_tools"]

Complain = Callable[[str, str], None]


def json_text(value: Any) -> str:
    """A JSON value as text, always in the same form."""
    return json.dumps(value, ensure_ascii=False)


def read_tools(value: Any, what: str, complain: Complain) -> tuple[str, ...]:
    """The functions that a row offers: a list of objects, or JSON text of one.

    Args:
        value: What stands in the row: OpenAI's `{"type": "function", "function": {…}}`, or the
            bare `{"name": …, "parameters": …}`.
        what: The field, for the complaint.
        complain: Told what is wrong.

    Returns:
        Each as JSON text, in OpenAI's form.
    """
    value = _parsed(value)
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else None
    if listed is None:
        complain(f"{what} is not a list of functions", 'Write it as [{"type": "function", …}].')
        return ()
    tools = []
    for i, tool in enumerate(listed, start=1):
        tool = _parsed(tool)
        function = tool.get("function", tool) if isinstance(tool, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            complain(f"{what}: function {i} has no name", 'Write {"name": …, "parameters": …}.')
            continue
        whole = tool if "function" in tool else {"type": "function", "function": function}
        tools.append(json_text(whole))
    return tuple(tools)


def read_calls(value: Any, what: str, complain: Complain) -> tuple[ToolCall, ...] | None:
    """The calls of an assistant turn.

    Args:
        value: OpenAI's `tool_calls` or `function_call`, or `{"name": …, "arguments": …}` alone; or
            JSON text of one of them.
        what: The field, for the complaint.
        complain: Told what is wrong.

    Returns:
        The calls; None if there was something to complain about.
    """
    value = _parsed(value)
    listed = [value] if isinstance(value, Mapping) else value
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        complain(f"{what} is no call", 'Write it as {"name": "…", "arguments": {…}}.')
        return None
    calls = [_read_call(item, what, complain) for item in listed]
    return None if None in calls else tuple(call for call in calls if call is not None)


def _read_call(item: Any, what: str, complain: Complain) -> ToolCall | None:
    function = item.get("function", item) if isinstance(item, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        complain(f"{what} has no function name", 'Write {"name": "…", "arguments": {…}}.')
        return None
    arguments = _parsed(function.get("arguments", function.get("parameters")) or {})
    if not isinstance(arguments, Mapping):
        complain(f"the arguments in {what} are no JSON object", 'Write them as {"city": "Ulm"}.')
        return None
    number = item.get("id") if isinstance(item.get("id"), str) else ""
    return ToolCall(function["name"], json_text(arguments), number or "")


def _parsed(value: Any) -> Any:
    """JSON text as its value; anything else, and text that is no JSON, as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
