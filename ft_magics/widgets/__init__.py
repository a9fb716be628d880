"""Views of state: pure functions that return a mime bundle of HTML and text.

The same state gives the same bytes. What is saved in a notebook (`live=False`) shows nothing that
differs from run to run: no time, rate, memory, path or id.
"""

from ft_magics.widgets.answers import Column, answers_card
from ft_magics.widgets.comparison import Comparison, comparison_card
from ft_magics.widgets.curve import curve_svg, text_curve
from ft_magics.widgets.data_card import data_card, golden_card
from ft_magics.widgets.progress import progress_line
from ft_magics.widgets.style import LIMIT_BYTES, Bundle
from ft_magics.widgets.tables import model_card, table_card
from ft_magics.widgets.training_card import training_card
from ft_magics.widgets.workflow import Step, message, workflow_card

__all__ = [
    "LIMIT_BYTES",
    "Bundle",
    "Column",
    "Comparison",
    "Step",
    "answers_card",
    "comparison_card",
    "curve_svg",
    "data_card",
    "golden_card",
    "message",
    "model_card",
    "progress_line",
    "table_card",
    "text_curve",
    "training_card",
    "workflow_card",
]
