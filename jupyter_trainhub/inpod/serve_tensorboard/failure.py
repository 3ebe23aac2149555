"""What keeps TensorBoard from running, in words."""

from __future__ import annotations


class Failure(Exception):
    """TensorBoard cannot run (any more): one sentence, and what would do."""

    def __init__(self, message: str, remedy: str, ended: str = "failure") -> None:
        super().__init__(message)
        self.message = f"{message}."
        self.remedy = remedy
        self.ended = ended
