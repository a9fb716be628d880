"""Where a run happens: on this machine, in this process."""

__all__: list[str] = []
