"""The section of the stylesheet for a conversation: the same for the saved card and the live one."""

from __future__ import annotations

__all__ = ["CHAT"]

CHAT = """
.S.S .ft-ask{margin:0 0 12px auto;width:fit-content;max-width:84%;padding:7px 13px;
border-radius:12px;background:var(--tint);color:var(--ink);font-size:13px;white-space:pre-wrap;
overflow-wrap:anywhere}.S .ft-ask strong{font-weight:400}
.S.S .ft-static .ft-ask{margin:8px 16px 12px auto}
.S.S .ft-said,.S.S .ft-said tr,.S.S .ft-said th,.S.S .ft-said td{display:block}
.S .ft-replies,.S.S .ft-said tbody{display:grid;gap:14px 28px;
grid-template-columns:repeat(auto-fit,minmax(min(100%,230px),1fr))}
.S.S .ft-said tbody{padding:0 16px 16px}.S.S .ft-said tr{min-width:0;padding:0}
.S.S .ft-said th,.S .ft-who{color:var(--soft);font-size:11.5px;margin-bottom:2px;
overflow-wrap:anywhere}
.S.S .ft-said td,.S .ft-text{white-space:pre-wrap;overflow-wrap:anywhere;min-height:1.5em;
max-width:72ch}
.S .ft-said b,.S .ft-who b{font-weight:600}
"""
