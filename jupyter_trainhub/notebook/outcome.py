"""What a command of IPython or of the shell becomes in a job, or why it becomes nothing."""

from __future__ import annotations

from dataclasses import dataclass

OR_SKIP = "or tag the cell trainhub-skip"


class Refused(ValueError):
    """A job cannot do this; the message says why and what would do."""


@dataclass(frozen=True)
class Outcome:
    """What stands for a command: Python ``code``, with a ``note`` on the change.

    ``warning`` says what may be missed. ``setup`` is the program that installs what the command
    names, to be run before the job starts by whoever asks for that.
    """

    note: str
    code: str = "pass"
    warning: str | None = None
    setup: tuple[str, ...] | None = None
