"""What people enter: an instance, or the pod of one rank of a job."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from jupyter_trainhub.errors import InvalidField

_HIGHEST_RANK = 5  # digits
_ONE = {"instance": "an instance", "job": "a job"}


@dataclass(frozen=True)
class Place:
    """An instance by its name, or a job's pod by name and rank; ``lab``, ``job/train/0`` as text.

    Raises InvalidField for what cannot be a name: such a text may come from elsewhere, and goes
    into files of OpenSSH's.
    """

    kind: Literal["instance", "job"]
    name: str
    rank: int = 0

    def __post_init__(self) -> None:
        # Imported when it is needed: Jupyter loads this at its start, and pydantic takes its time.
        from jupyter_trainhub.specs.names import INSTANCE_NAME_PATTERN, JOB_NAME_PATTERN

        pattern = INSTANCE_NAME_PATTERN if self.kind == "instance" else JOB_NAME_PATTERN
        if not re.fullmatch(pattern, self.name):
            raise InvalidField(
                f"{self.name!r} is not the name of {_ONE[self.kind]}",
                field="name",
                remedy=f"Look at 'trainhub get {self.kind}s'.",
            )

    @classmethod
    def parse(cls, text: str, rank: int | None = None) -> Place:
        """The place that ``lab``, ``job/train`` or ``job/train/1`` names; ``rank`` goes first.

        Raises InvalidField.
        """
        kind, slash, rest = text.partition("/")
        if kind != "job" or not slash:
            if rank is not None:
                raise InvalidField(
                    "an instance has one pod and no ranks",
                    field="rank",
                    remedy="Leave it out, or name a job: job/NAME.",
                )
            return cls("instance", text)
        name, _, number = rest.partition("/")
        if number and not re.fullmatch(rf"[0-9]{{1,{_HIGHEST_RANK}}}", number):
            raise InvalidField(
                f"{number!r} is not the rank of a pod",
                field="rank",
                remedy="Write it as in job/train/0.",
            )
        return cls("job", name, int(number or 0) if rank is None else rank)

    def __str__(self) -> str:
        return self.name if self.kind == "instance" else f"job/{self.name}/{self.rank}"

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        if self.kind == "instance":
            return f"instance {self.name!r}"
        return f"rank {self.rank} of job {self.name!r}"

    @property
    def route(self) -> str:
        """Its path below ``trainhub/`` on a Jupyter server; names of both kinds need no escape."""
        return (
            f"instances/{self.name}" if self.kind == "instance" else f"jobs/{self.name}/{self.rank}"
        )
