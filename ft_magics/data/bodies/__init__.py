"""Text as people write it -> numbered objects, or plain words about what is wrong with each."""

from ft_magics.data.bodies.reading import READERS, body_kind, read_rows
from ft_magics.data.bodies.row_problem import Found, RowProblem, clipped

__all__ = ["READERS", "Found", "RowProblem", "body_kind", "clipped", "read_rows"]
