"""The one encoder: what training, the data card, prompting and the certificate all see."""

from ft_magics.data.encoding.certificate import Certificate, certify
from ft_magics.data.encoding.encoding import (
    MASKED,
    Encoded,
    Encodings,
    Token,
    encode,
    encode_prompt,
    encode_rows,
    encoder_notes,
    end_ids,
    row_tokens,
    try_rows,
)
from ft_magics.data.encoding.rendering import Tokenizer
from ft_magics.data.encoding.token_view import TokenPiece, token_view

__all__ = [
    "MASKED",
    "Certificate",
    "Encoded",
    "Encodings",
    "Token",
    "TokenPiece",
    "Tokenizer",
    "certify",
    "encode",
    "encode_prompt",
    "encode_rows",
    "encoder_notes",
    "end_ids",
    "row_tokens",
    "token_view",
    "try_rows",
]
