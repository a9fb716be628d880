"""Text -> validated rows; their checks and split; and the one encoder, rows -> token ids."""

from ft_magics.data.card import DataFacts, describe
from ft_magics.data.dataset import Dataset
from ft_magics.data.encoding import (
    MASKED,
    Encoded,
    encode,
    encode_prompt,
    encode_rows,
    end_ids,
)
from ft_magics.data.golden import GoldenSet, Question, make_golden
from ft_magics.data.making import make_dataset
from ft_magics.data.reading import RowProblem, body_kind, read_rows
from ft_magics.data.rendering import Tokenizer
from ft_magics.data.rows import Finding, Message, Preference, Row

__all__ = [
    "MASKED",
    "DataFacts",
    "Dataset",
    "Encoded",
    "Finding",
    "GoldenSet",
    "Message",
    "Preference",
    "Question",
    "Row",
    "RowProblem",
    "Tokenizer",
    "body_kind",
    "describe",
    "encode",
    "encode_prompt",
    "encode_rows",
    "end_ids",
    "make_dataset",
    "make_golden",
    "read_rows",
]
