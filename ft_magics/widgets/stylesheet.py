"""The one stylesheet, in sections: an output carries those its card uses.

`.S` stands for the class of a card's root. A selector begins `.S.S` where it has to win against the
front end's own rules for tables and code in rendered HTML. A section that overrides another does so
by a stronger selector, never by standing later: the sheets of all cards on a page add up, and their
order is that of the cards.
"""

from __future__ import annotations

import hashlib
from importlib import resources

from ft_magics.widgets.chat_style import CHAT
from ft_magics.widgets.rewards_style import REWARDS

__all__ = ["SCOPE", "browser_style", "control_style", "style_for"]

# Plain colours first; an engine that knows color-mix replaces them by ones mixed with the ink.
_BASE = """
.S{--ink:var(--jp-ui-font-color1,currentColor);--soft:var(--jp-ui-font-color2,#6e7781);
--line:var(--jp-border-color2,#8884);--fill:#8881;--train:var(--jp-brand-color1,#1f77d0);
--eval:#cf6a0c;--good:#1f9d4d;--bad:#e0483e;--warn:#c98a12;--tint:#1f77d022;
--mono:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);
box-sizing:border-box;container-type:inline-size;max-width:960px;margin:2px 0;
border:1px solid var(--line);border-radius:8px;overflow:hidden;color:var(--ink);
background:var(--jp-layout-color1,transparent);text-align:left;
font:13px/1.5 var(--jp-ui-font-family,system-ui,-apple-system,"Segoe UI",sans-serif)}
@supports(color:color-mix(in srgb,red,blue)){.S{
--soft:color-mix(in srgb,var(--ink) 72%,transparent);
--line:color-mix(in srgb,var(--ink) 14%,transparent);
--fill:color-mix(in srgb,var(--ink) 4.5%,transparent);
--train:color-mix(in srgb,var(--jp-brand-color1,#1f7ae0) 86%,var(--ink));
--eval:color-mix(in srgb,#e8710a 80%,var(--ink));
--good:color-mix(in srgb,#17994a 80%,var(--ink));
--bad:color-mix(in srgb,#e5382e 82%,var(--ink));
--warn:color-mix(in srgb,#dc8f00 78%,var(--ink));
--tint:color-mix(in srgb,var(--train) 17%,transparent)}}
@media(prefers-contrast:more){.S{--soft:var(--ink);--line:currentColor}}
@media print{.S{break-inside:avoid}}
.S *{box-sizing:border-box}
.S .ft-head{display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px;padding:11px 16px 9px}
.S .ft-head strong{font-size:15.5px;font-weight:650;overflow-wrap:anywhere}
.S.S .ft-head code{font:inherit;font-size:11.5px;line-height:18px;color:var(--soft);
background:none;border:1px solid var(--line);border-radius:10px;padding:0 9px}
.S .ft-head span{color:var(--soft);margin-left:auto;font-variant-numeric:tabular-nums}
.S .ft-ok{color:var(--good)}.S .ft-no{color:var(--bad)}.S .ft-hm{color:var(--warn)}
.S .ft-go{color:var(--train)}.S .ft-dim{color:var(--soft)}
.S.S p{margin:0 16px 11px;color:var(--soft);font-size:12px}
@container(max-width:560px){.S .ft-head span{margin-left:0;width:100%}}
"""

_BAR = """
.S .ft-bar{height:3px;background:var(--line)}
.S .ft-bar i{display:block;height:3px;background:var(--train)}
"""

# The shapes are one stretched SVG with strokes that keep their width; the labels are HTML over it,
# so that they keep their size in a cell of any width.
_CHART = """
.S .ft-body{display:flex;flex-wrap:wrap;gap:4px 20px;padding:12px 16px 6px;align-items:flex-start}
.S .ft-chart{flex:999 1 400px;min-width:0}.S .ft-still{display:none}
.S .ft-plot{position:relative;height:252px}
.S .ft-in{position:absolute;inset:22px 88px 24px 32px}
.S .ft-in svg{position:absolute;width:100%;height:100%;max-width:none;overflow:visible;fill:none}
.S .ft-in i{position:absolute;font-style:normal;font-size:12.5px;line-height:16px;
white-space:nowrap;color:var(--soft);font-variant-numeric:tabular-nums;transform:translate(var(--m,0),-50%)}
.S .ft-in i::after{content:attr(data-t)}
.S .ft-in .ft-c{--m:-50%}.S .ft-in .ft-e{--m:-100%}.S .ft-in .ft-y{margin-left:-32px}
.S .ft-in .ft-best{margin-left:6px}.S .ft-in .ft-best.ft-e{margin-left:-6px}
.S .ft-in .ft-train{color:var(--train);margin-left:10px;font-size:13.5px}
.S .ft-in .ft-eval{color:var(--eval);margin-left:10px;font-size:13.5px}
.S .ft-in .ft-hit{width:16px;height:16px;margin-left:-8px}
.S .g{stroke:var(--line)}.S .r{stroke:var(--train);opacity:.36}
.S .t{stroke:var(--train);stroke-width:2.25}
.S .e{stroke:var(--eval);stroke-width:2.25;stroke-dasharray:7 4}
.S .d{stroke:var(--eval);stroke-width:8;stroke-linecap:round}
.S .b{stroke:var(--soft);stroke-dasharray:2 3}.S .o{fill:var(--eval);opacity:.1}
@media(prefers-contrast:more){.S .r{opacity:0}}
@container(max-width:560px){.S .ft-in{right:76px}}
"""

_TABLE = """
.S.S table{border-collapse:collapse;border:0;margin:0;width:100%;max-width:none;
table-layout:auto;font:inherit;color:inherit}
.S.S tbody tr:nth-child(n),.S.S tbody tr:nth-child(n):hover{background:none}.S.S thead{border:0}
.S.S td,.S.S th{border:0;padding:0;text-align:left;vertical-align:top;font:inherit;
line-height:1.5;white-space:normal;overflow-wrap:anywhere;max-width:none;background:none}
.S.S .ft-num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
"""

_FACTS = """
.S.S .ft-facts{flex:1 1 190px;width:auto;font-variant-numeric:tabular-nums}
.S.S .ft-facts th{color:var(--soft);padding:2px 12px 2px 0;white-space:nowrap;width:1%}
.S.S .ft-facts td{padding:2px 0;text-align:right;white-space:nowrap}
.S.S .ft-left{margin:2px 16px 10px;width:auto}.S.S .ft-left td{text-align:left;white-space:normal}
"""

_LIST = """
.S.S .ft-list td,.S.S .ft-list th{border-top:1px solid var(--line);padding:7px 16px 7px 0;
overflow-wrap:break-word}.S .ft-wide{overflow-x:auto}
.S.S .ft-list tr>:first-child{padding-left:16px}
.S.S .ft-list thead th{color:var(--soft);font-size:11.5px;padding-top:6px;padding-bottom:6px;
vertical-align:bottom}
.S.S .ft-wide+p{border-top:1px solid var(--line);margin:0;padding:8px 16px 9px}
"""

_GOLD = """
.S.S .ft-gold{table-layout:fixed}.S.S .ft-gold thead th:first-child{width:27%}
@container(max-width:560px){.S.S .ft-gold,.S.S .ft-gold tbody,.S.S .ft-gold tr,
.S.S .ft-gold td{display:block}
.S.S .ft-gold thead{display:none}
.S.S .ft-gold tr{border-top:1px solid var(--line);padding:8px 16px}
.S.S .ft-gold tr>td{border:0;padding:1px 0}
.S.S.S .ft-gold tr>:first-child{font-weight:600;padding:1px 0}
.S .ft-gold td[data-t]::before{content:attr(data-t) " ";color:var(--soft)}
.S .ft-gold td>div{display:inline}}
"""

_NOTE = """
.S.S blockquote{margin:6px 16px 14px;padding:8px 12px;border:0;color:inherit;font:inherit;
border-left:3px solid var(--train);border-radius:0 6px 6px 0;background:var(--fill);
white-space:pre-line;overflow-wrap:anywhere}
.S.S .ft-warning{border-color:var(--warn)}.S.S .ft-error{border-color:var(--bad)}
.S.S .ft-tall{min-height:55px}.S.S .ft-only{margin:0;border-radius:0}
"""

_CODE = """
.S.S pre{margin:0 16px 12px;padding:9px 12px;background:var(--fill);border:0;border-radius:6px;
color:inherit;font:12.5px/1.6 var(--mono);
white-space:pre-wrap;overflow-wrap:anywhere;word-break:normal}
.S.S pre code{font:inherit;background:none;color:inherit;padding:0}
.S mark{background:var(--tint);color:inherit;border-bottom:2px solid var(--train);
border-radius:2px}
"""

_DIFF = """
.S.S pre del,.S.S pre ins{text-decoration:none}.S.S pre del{color:var(--soft)}
.S.S pre ins{background:var(--tint);border-radius:2px}
"""

_COLUMNS = """
.S.S .ft-q{padding:11px 16px;margin:0;color:inherit;font-size:13px;white-space:pre-wrap;
overflow-wrap:anywhere}.S .ft-q strong{font-weight:400}
.S.S .ft-cols,.S.S .ft-cols tr,.S.S .ft-cols th,.S.S .ft-cols td{display:block}
.S.S .ft-cols tbody{display:grid;gap:1px;background:var(--line);padding-top:1px;
grid-template-columns:repeat(auto-fit,minmax(min(100%,250px),1fr))}
.S.S .ft-cols tbody tr:nth-child(n){background:var(--jp-layout-color1,Canvas);
padding:10px 16px 13px;min-width:0}
.S.S .ft-cols th{color:var(--soft);font-size:11.5px;margin-bottom:2px}
.S.S .ft-cols td{white-space:pre-wrap}.S.S .ft-live td{min-height:59px}
.S .ft-cur{display:inline-block;width:.5em;height:1.15em;background:var(--train);
vertical-align:-.2em}
"""

_STEPS = """
.S.S .ft-steps{margin:0 0 12px}
.S.S .ft-steps td,.S.S .ft-steps th{padding:3px 14px 3px 0}
.S.S .ft-steps th{width:1%;white-space:nowrap;font-weight:600}
.S.S .ft-steps tr>:first-child{padding:3px 9px 3px 16px;width:1%}
"""

# As in the chart: one stretched SVG, the labels HTML over it.
_HISTOGRAM = """
.S .ft-top{display:flex;flex-wrap:wrap;gap:4px 24px;padding:4px 16px 8px;align-items:flex-start}
.S .ft-hist{flex:999 1 380px;min-width:0}.S .ft-hist img{display:none}
.S .ft-bars{position:relative;height:96px;margin:18px 0 24px}
.S .ft-lined{margin-top:52px}
.S .ft-bars svg{position:absolute;width:100%;height:100%;max-width:none;overflow:visible;fill:none}
.S .ft-bars i,.S .ft-bars u{position:absolute;font-style:normal;text-decoration:none}
.S .ft-bars i{font-size:12px;line-height:16px;white-space:nowrap;color:var(--soft);
font-variant-numeric:tabular-nums;transform:translateX(var(--m,0));top:calc(100% + 5px)}
.S .ft-bars i::after{content:attr(data-t)}.S .ft-bars u{top:0;height:100%}
.S .ft-bars .ft-top{top:-52px;padding:0}.S .ft-bars .ft-low{top:-36px}
.S .ft-bars .ft-peak{margin-top:-17px}
.S .ft-bars .ft-hm{color:var(--ink)}
.S .ft-bars .ft-c{--m:-50%}.S .ft-bars .ft-e{--m:-100%}
@container(max-width:560px){.S .ft-bars .ft-top,.S .ft-bars .ft-low{left:0!important;--m:0}}
.S .ft-bars u:hover{background:var(--fill)}
.S .h{fill:var(--train);opacity:.75}.S .k{stroke:var(--warn);stroke-width:1.5}
.S .ft-bars .g{stroke:var(--line)}.S .ft-bars .b{stroke:var(--soft);stroke-dasharray:2 3}
"""

_FOUND = """
.S.S .ft-found>tbody>tr:nth-child(n+2)>*{border:0}.S.S .ft-found{margin-bottom:7px}
.S.S .ft-found th{color:var(--soft);font-size:11.5px;padding:9px 16px 2px}
.S.S.S .ft-found>tbody>tr>td{padding:4px 16px 5px 38px}
.S .ft-found [role=img]{display:inline-block;width:18px;margin-left:-22px}
.S .ft-found strong{font-weight:600}.S .ft-found td div>span:not([role]){color:var(--soft)}
.S.S .ft-found code{font:12px var(--mono);color:var(--ink);
background:var(--fill);border:1px solid var(--line);border-radius:4px;padding:0 5px}
.S.S .ft-found p{margin:5px 0 2px;color:var(--ink);font-size:13px}
"""

_SMALL = """
.S small{font-size:11.5px;color:var(--soft)}
.S details{margin-top:3px}.S summary{color:var(--soft);font-size:12px;cursor:pointer;width:max-content;
max-width:100%}
"""

_PAIR = """
.S.S .ft-pair tr{display:flex;flex-wrap:wrap;gap:4px 12px}
.S.S.S .ft-pair td{flex:1 1 200px;border:0;border-left:2px solid var(--line);padding:1px 0 2px 10px;
margin:3px 0;overflow-wrap:anywhere}
"""

_ROWS = """
.S.S .ft-goal{margin-top:-4px;font-size:13px}
.S.S .ft-rows th{width:1%;white-space:nowrap;color:var(--soft);text-align:right;padding-right:14px;
font-variant-numeric:tabular-nums}
.S.S .ft-rows>tbody>tr>th small{display:block;color:var(--eval)}
.S .ft-turn{display:grid;grid-template-columns:74px minmax(0,1fr);gap:0 10px;padding:1px 0}
.S .ft-turn b{font-weight:400;font-size:11.5px;line-height:19.5px;color:var(--soft);
overflow-wrap:anywhere}
.S .ft-turn>:last-child{overflow-wrap:anywhere;padding-left:9px;border-left:2px solid transparent}
.S .ft-learnt>:last-child{border-color:var(--train)}.S .ft-learnt b{color:var(--train)}
.S.S .ft-turn code{font:12px/1.6 var(--mono);background:none;
color:inherit;padding:0}
.S.S .ft-turn pre{margin:4px 0;max-height:240px;overflow:auto}
.S.S .ft-rows .ft-pair{margin-left:84px;width:calc(100% - 84px)}
.S .ft-rows .ft-pair .ft-turn{grid-template-columns:minmax(0,1fr)}
.S.S.S .ft-rows .ft-pair td{border:0;padding:0}
@container(max-width:560px){.S .ft-turn{grid-template-columns:minmax(0,1fr)}
.S.S .ft-rows .ft-pair{margin-left:0;width:100%}}
"""

_TOKENS = """
.S.S .ft-legend{border-top:1px solid var(--line);margin:0;padding:10px 16px 7px}
.S.S .ft-tok{line-height:1.85}
.S .ft-tok>*,.S.S p mark,.S.S p s,.S.S p span{border-radius:3px;margin-right:1px}
.S .ft-tok>span,.S.S p>span{color:var(--soft);background:var(--fill)}
.S .ft-tok s,.S.S p s{color:var(--soft);text-decoration:line-through}
.S.S .ft-tok code,.S.S p code{font:inherit;color:var(--soft);background:none;padding:0 2px;
white-space:nowrap;border:1px solid var(--line);border-radius:3px}.S.S .ft-tok mark code{color:inherit;border-color:var(--train)}
"""

# What has to occur in a card's HTML for its section to be needed.
_SECTIONS = (
    ("", _BASE),
    ("ft-bar", _BAR),
    ("ft-plot", _CHART),
    ("<table", _TABLE),
    ("ft-facts", _FACTS),
    ("ft-list", _LIST),
    ("ft-gold", _GOLD),
    ("<blockquote", _NOTE),
    ("<pre", _CODE),
    ("<ins", _DIFF),
    ("ft-cols", _COLUMNS),
    ("ft-steps", _STEPS),
    ("ft-hist", _HISTOGRAM),
    ("ft-found", _FOUND),
    ("<small", _SMALL),
    ("ft-pair", _PAIR),
    ("ft-rows", _ROWS),
    ("ft-tok", _TOKENS),
)

# Sections of one kind of card each, whose rules name that card's own classes. They are no part of
# the scope, so that they leave what is saved of other cards as it is.
_ADDED = (("ft-ask", CHAT), ("ft-duo", REWARDS))

SCOPE = f"ft-{hashlib.sha256(repr(_SECTIONS).encode()).hexdigest()[:6]}"
"""The class of every card's root. It is derived from the stylesheet: the cards of two versions of
this package, in two notebooks open side by side, keep to their own."""


def style_for(body: str) -> str:
    """The sections that a card's HTML needs, scoped.

    Args:
        body: The card's HTML.
    """
    used = "".join(css for marker, css in (*_SECTIONS, *_ADDED) if marker in body)
    return _scoped(used)


def control_style(name: str) -> str:
    """What the controls of a live card need besides its own style.

    Args:
        name: `NAME.css` beside this file; the browser of rows also brings the style of rows, a chat its own.
    """
    parts = {"row_browser": (_CODE, _SMALL, _PAIR, _ROWS, _TOKENS), "chat": (CHAT,)}
    files = [
        resources.files("ft_magics.widgets").joinpath(f) for f in ("live_place.css", f"{name}.css")
    ]
    return _scoped(
        "".join([*parts.get(name, ()), *(file.read_text(encoding="utf-8") for file in files)])
    )


def browser_style() -> str:
    """What a live browser of rows needs besides its card's own style."""
    return control_style("row_browser")


def _scoped(css: str) -> str:
    return css.replace(".S", f".{SCOPE}").replace("\n", "")
