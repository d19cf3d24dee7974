"""What ends a request with a page instead of an answer."""

__all__ = ["BadField", "Problem"]


class Problem(Exception):
    """``kind`` is a key of the words ``problem.<kind>.title`` and ``.text``."""

    def __init__(
        self,
        kind: str,
        status: int,
        *,
        field: str = "",
        retry_after_s: float | None = None,
        kept: dict[str, str] | None = None,
    ) -> None:
        super().__init__(kind)
        self.kind, self.status, self.field = kind, status, field
        self.retry_after_s = retry_after_s
        self.kept = kept or {}
        """What was typed, shown again so that it is not lost."""


class BadField(Problem):
    """A value in the address or a form is not valid; ``field`` names it."""

    def __init__(self, field: str) -> None:
        super().__init__("bad_field", 400, field=field)
