"""Why a container could not be read."""

from __future__ import annotations


class ReadingError(Exception):
    """`message` says what is wrong, `remedy` what would do, `reason` is one word for programs."""

    def __init__(self, message: str, *, remedy: str, reason: str) -> None:
        super().__init__(message)
        self.message, self.remedy, self.reason = message, remedy, reason


class Unsupported(ReadingError):
    """This container's files cannot be read from outside; a program inside may do it."""

    def __init__(self, message: str) -> None:
        remedy = "Save the instance with the engine 'pod', which reads from within."
        super().__init__(message, remedy=remedy, reason="Unsupported")
