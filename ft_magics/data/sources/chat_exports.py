"""Conversations that were exported from ChatGPT or Claude -> rows of messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ft_magics.data.bodies import Found

__all__ = ["chat_rows", "is_chat"]

Note = Callable[[str, str, str], None]
"""Takes a check's name, what was noticed, and what to do."""


@dataclass
class _Tally:
    """What was left out."""

    parts: int = 0
    unanswered: int = 0
    cut: int = 0
    chats: int = 0


def is_chat(row: Any) -> bool:
    """Whether an object is an exported conversation.

    Args:
        row: What was read.
    """
    return isinstance(row, Mapping) and (
        isinstance(row.get("chat_messages"), list)
        or (
            isinstance(row.get("mapping"), dict) and {"current_node", "title"} & row.keys() != set()
        )
    )


def chat_rows(rows: Iterable[Found], title: str, note: Note) -> Iterator[Found | None]:
    """The rows, those that are exported conversations as `{"messages": […]}`.

    Args:
        rows: What was read from a file.
        title: What the file is called.
        note: Told, behind the last row, what was left out.

    Yields:
        Each row; None for a conversation without an answer.
    """
    tally = _Tally()
    for row in rows:
        if not is_chat(row):
            yield row
            continue
        tally.chats += 1
        assert isinstance(row, Mapping)
        read = _claude if "chat_messages" in row else _chatgpt
        messages = _answered(_joined(read(row, tally)), tally)
        tally.unanswered += not messages
        yield {"messages": messages} if messages else None
    _tell(tally, title, note)


def _tell(tally: _Tally, title: str, note: Note) -> None:
    if tally.unanswered:
        count = f"{tally.unanswered:,} of {tally.chats:,} conversations"
        note("chat-export", f"{title}: left out {count}, which have no answer", "")
    if tally.cut:
        count = f"{tally.cut:,} of {tally.chats:,} conversations"
        note("chat-export", f"{title}: cut what stands behind the last answer of {count}", "")
    if tally.parts:
        kinds = "tools, images, files, thoughts, instructions"
        text = f"{title}: left out what is no text or was hidden ({kinds}): {tally.parts:,} times"
        note("chat-export", text, "Look whether the answers still make sense without them.")


def _joined(turns: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Messages; turns that stand side by side, since what was between is left out, become one."""
    messages: list[dict[str, str]] = []
    for role, text in turns:
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += f"\n\n{text}"
        else:
            messages.append({"role": role, "content": text})
    return messages


def _answered(messages: list[dict[str, str]], tally: _Tally) -> list[dict[str, str]]:
    """The conversation up to its last answer."""
    last = max((i for i, m in enumerate(messages) if m["role"] == "assistant"), default=-1)
    tally.cut += 0 <= last < len(messages) - 1
    return messages[: last + 1]


# ---------------------------------------------------------------------- ChatGPT


def _chatgpt(row: Mapping[str, Any], tally: _Tally) -> Iterator[tuple[str, str]]:
    """The branch of a conversation that was shown last, from its first turn on."""
    for message in reversed(list(_branch(row))):
        author = message.get("author")
        role = author.get("role") if isinstance(author, Mapping) else None
        text, left_out = _chatgpt_text(message)
        if role not in ("user", "assistant", "system") or _is_hidden(message):
            tally.parts += bool(text) or left_out
            continue
        tally.parts += left_out
        if text:
            yield role, text


def _branch(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Messages from the last one upwards."""
    nodes = row["mapping"]
    at = row.get("current_node")
    if not isinstance(at, str) or at not in nodes:
        leaves = [
            key for key, n in nodes.items() if isinstance(n, Mapping) and not n.get("children")
        ]
        at = leaves[-1] if leaves else None
    seen: set[str] = set()
    while isinstance(at, str) and at in nodes and at not in seen:
        seen.add(at)
        node = nodes[at] if isinstance(nodes[at], Mapping) else {}
        if isinstance(message := node.get("message"), Mapping):
            yield message
        at = node.get("parent")


def _is_hidden(message: Mapping[str, Any]) -> bool:
    """Whether a message was not shown, or was meant for a tool."""
    about = message.get("metadata")
    hidden = isinstance(about, Mapping) and about.get("is_visually_hidden_from_conversation")
    return bool(hidden) or message.get("recipient", "all") != "all"


def _chatgpt_text(message: Mapping[str, Any]) -> tuple[str, int]:
    """The text of a message, and how many of its parts are none."""
    content = message.get("content")
    if not isinstance(content, Mapping):
        return "", 0
    if content.get("content_type") not in ("text", "multimodal_text"):
        return "", 1
    parts = content.get("parts")
    parts = parts if isinstance(parts, list) else []
    texts = [part for part in parts if isinstance(part, str)]
    return "\n\n".join(t.strip() for t in texts if t.strip()), len(parts) - len(texts)


# ---------------------------------------------------------------------- Claude


def _claude(row: Mapping[str, Any], tally: _Tally) -> Iterator[tuple[str, str]]:
    for message in row["chat_messages"]:
        if not isinstance(message, Mapping):
            continue
        role = {"human": "user", "assistant": "assistant"}.get(str(message.get("sender")))
        text, left_out = _claude_text(message)
        tally.parts += left_out + (role is None and bool(text))
        if role and text:
            yield role, text


def _claude_text(message: Mapping[str, Any]) -> tuple[str, int]:
    """The text of a message, and how many of its parts are none."""
    content = message.get("content")
    blocks = [b for b in content if isinstance(b, Mapping)] if isinstance(content, list) else []
    texts = [str(b.get("text") or "").strip() for b in blocks if b.get("type", "text") == "text"]
    files = [message.get(key) for key in ("attachments", "files")]
    left_out = len(blocks) - len(texts) + sum(len(f) for f in files if isinstance(f, list))
    joined = "\n\n".join(text for text in texts if text)
    return joined or str(message.get("text") or "").strip(), left_out
