"""The section of the stylesheet for a preference run: its second chart and its numbers' words."""

from __future__ import annotations

__all__ = ["REWARDS"]

# Two charts side by side, or below each other where there is no room, are of one height.
REWARDS = """
.S .ft-duo .ft-plot{height:212px}.S .ft-duo .ft-in{right:106px}.S .ft-duo .ft-chart{flex:1 1 360px}
.S .ft-duo .ft-cap{margin-left:-32px}
.S .ft-duo .ft-chosen,.S .ft-duo .ft-rejected{margin-left:10px;font-size:13.5px}
.S .ft-duo .ft-chosen{color:var(--train)}.S .ft-duo .ft-margin{margin-left:10px}
.S .ft-duo .z{stroke:var(--soft);opacity:.6}.S .m{fill:var(--train);opacity:.1}
.S .n{stroke:var(--soft);stroke-width:2.25;stroke-dasharray:7 4}
.S.S .ft-nums{flex:999 1 420px;width:auto}.S.S .ft-nums em{font-style:normal;color:var(--soft)}
.S.S .ft-nums th,.S.S .ft-nums td{padding:2px 18px 2px 0;white-space:nowrap}
.S.S .ft-nums th{color:var(--soft)}.S.S .ft-nums thead th{font-size:11.5px}
.S.S .ft-nums tr>.ft-num{text-align:right}
.S.S .ft-nums tr>:last-child{width:99%;white-space:normal;padding-right:0}
@container(max-width:700px){.S.S .ft-nums,.S.S .ft-nums tbody{display:block}
.S.S .ft-nums thead{display:none}.S.S .ft-nums tr{display:flex;flex-wrap:wrap;padding:3px 0}
.S.S .ft-nums tbody th{flex:1 1 0}.S.S .ft-nums td{padding:2px 0 0 18px}
.S .ft-nums td[data-t]::before{content:attr(data-t) " ";color:var(--soft)}
.S.S .ft-nums tr>:last-child{flex:1 0 100%;padding:0}.S.S .ft-wait tr>:last-child{min-height:39px}}
"""
