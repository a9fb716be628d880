"""A row's fields -> its normal form, whatever tool it was written for."""

from ft_magics.data.kinds.shaping import KINDS, kind_of, method_of, shape_row, unused_fields

__all__ = ["KINDS", "kind_of", "method_of", "shape_row", "unused_fields"]
