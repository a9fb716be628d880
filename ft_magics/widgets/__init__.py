"""Views of state: pure functions that return a mime bundle of HTML and text.

The same state gives the same bytes. What is saved in a notebook (`live=False`) shows nothing that
differs from run to run: no time, rate, memory, path or id.
"""

from ft_magics.widgets.advice import AdviceParts, advice_card
from ft_magics.widgets.answers import Column, answers_card, answers_key
from ft_magics.widgets.chat import ChatActions, ChatView
from ft_magics.widgets.chat_card import ChatReply, ChatState, ChatTurn, chat_card
from ft_magics.widgets.comparison import Comparison, comparison_card
from ft_magics.widgets.curve import curve_svg, text_curve
from ft_magics.widgets.data_card import data_card, golden_card
from ft_magics.widgets.judge_buttons import JudgeButtons
from ft_magics.widgets.judgements import BlindState, blind_card, kept_card
from ft_magics.widgets.lineage import Stage, lineage_card
from ft_magics.widgets.prefer_view import Pair, PreferView
from ft_magics.widgets.progress import progress_line
from ft_magics.widgets.row_browser import RowBrowser, rows_key
from ft_magics.widgets.row_card import row_card, rows_card
from ft_magics.widgets.row_pages import RowPages
from ft_magics.widgets.row_view import RowView
from ft_magics.widgets.style import LIMIT_BYTES, Bundle
from ft_magics.widgets.tables import model_card, table_card
from ft_magics.widgets.training_card import training_card
from ft_magics.widgets.workflow import Step, message, workflow_card

__all__ = [
    "LIMIT_BYTES",
    "AdviceParts",
    "BlindState",
    "Bundle",
    "ChatActions",
    "ChatReply",
    "ChatState",
    "ChatTurn",
    "ChatView",
    "Column",
    "Comparison",
    "JudgeButtons",
    "Pair",
    "PreferView",
    "RowBrowser",
    "RowPages",
    "RowView",
    "Stage",
    "Step",
    "advice_card",
    "answers_card",
    "answers_key",
    "blind_card",
    "chat_card",
    "comparison_card",
    "curve_svg",
    "data_card",
    "golden_card",
    "kept_card",
    "lineage_card",
    "message",
    "model_card",
    "progress_line",
    "row_card",
    "rows_card",
    "rows_key",
    "table_card",
    "text_curve",
    "training_card",
    "workflow_card",
]
