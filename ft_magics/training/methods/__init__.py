"""One file a method: how rows become a loss."""

__all__: list[str] = []
