"""A request that is refused."""

from tased.errors import TasedError


class Refusal(TasedError):  # noqa: N818  an answer, not a fault
    """Why, in a line; `status` says it as HTTP does, `retry_after` when it may be tried again, in seconds."""

    def __init__(self, status: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.retry_after = status, retry_after
