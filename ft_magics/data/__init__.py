"""Text -> validated rows; their checks and split; and the one encoder, rows -> token ids."""

from ft_magics.data.bodies import RowProblem, body_kind, read_rows
from ft_magics.data.card import DataFacts, describe
from ft_magics.data.dataset import Dataset, digest_of
from ft_magics.data.encoding import (
    MASKED,
    Certificate,
    Encoded,
    Tokenizer,
    TokenPiece,
    certify,
    encode,
    encode_prompt,
    encode_rows,
    end_ids,
    token_view,
)
from ft_magics.data.encoding.judged import (
    AnyEncoded,
    EncodedAnswer,
    EncodedPair,
    joined,
    sides_of,
)
from ft_magics.data.findings import Example, Finding
from ft_magics.data.golden import GoldenSet, Question, make_golden
from ft_magics.data.making import Ask, make_dataset
from ft_magics.data.row_file import RowFile, write_rows
from ft_magics.data.rows import (
    AnyRow,
    Message,
    Preference,
    Row,
    ToolCall,
    Unpaired,
    conversations,
)

__all__ = [
    "MASKED",
    "AnyEncoded",
    "AnyRow",
    "Ask",
    "Certificate",
    "DataFacts",
    "Dataset",
    "Encoded",
    "EncodedAnswer",
    "EncodedPair",
    "Example",
    "Finding",
    "GoldenSet",
    "Message",
    "Preference",
    "Question",
    "Row",
    "RowFile",
    "RowProblem",
    "TokenPiece",
    "Tokenizer",
    "ToolCall",
    "Unpaired",
    "body_kind",
    "certify",
    "conversations",
    "describe",
    "digest_of",
    "encode",
    "encode_prompt",
    "encode_rows",
    "end_ids",
    "joined",
    "make_dataset",
    "make_golden",
    "read_rows",
    "sides_of",
    "token_view",
    "write_rows",
]
