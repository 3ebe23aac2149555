"""What somebody wants to read of a job's log."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.manifests.labels import Object


@dataclass(frozen=True)
class LogRequest:
    """Which part of a job's log, and how it is shown.

    ``rank`` None is all ranks in one, each line behind ``[rank] ``; ``attempt`` None the newest,
    and while it is followed those that come after it. ``previous`` is the container before the
    present one of the same pod. ``follow`` goes on until the job has ended, ``tail`` begins with
    the last lines of each rank, ``timestamps`` puts the time in UTC before each line, and
    ``records`` leaves in what the launcher tells of the environment.
    """

    rank: int | None = None
    attempt: int | None = None
    previous: bool = False
    follow: bool = False
    tail: int | None = None
    timestamps: bool = False
    records: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all that there is is wanted, as it was written."""
        return not (self.previous or self.follow or self.timestamps) and self.tail is None

    def ranks(self, view: Object) -> range:
        """The ranks to read of the job ``view``.

        Raises InvalidField for a rank or an attempt that it does not have, and NotFound where no
        earlier container is.
        """
        name, nodes, attempt = view["name"], view["nodes"], view["attempt"]
        if self.rank is not None and not 0 <= self.rank < nodes:
            raise InvalidField(
                f"job {name!r} has no rank {self.rank}",
                field="rank",
                remedy=f"Its ranks are 0 to {nodes - 1}." if nodes > 1 else "Its only rank is 0.",
            )
        if self.attempt is not None and not 1 <= self.attempt <= attempt:
            raise InvalidField(
                f"job {name!r} has no attempt {self.attempt}",
                field="attempt",
                remedy=f"Its attempts are 1 to {attempt}."
                if attempt > 1
                else "Its only attempt is 1.",
            )
        if self.previous and self.follow:
            raise InvalidField(
                "an earlier container has ended and cannot be followed",
                field="follow",
                remedy="Leave out 'follow' or 'previous'.",
            )
        ranks = range(nodes) if self.rank is None else range(self.rank, self.rank + 1)
        if self.previous and not any(
            pod["previous"] and pod["rank"] in ranks for pod in pods_of(view, self.attempt)
        ):
            raise NotFound(
                "no container was started again in its pod, so there is no earlier log",
                field="previous",
                remedy="Leave out 'previous', or name an earlier attempt.",
            )
        return ranks


def pods_of(view: Object, attempt: int | None) -> list[Object]:
    """The pods of one attempt in the view of a job; those of the newest for None."""
    if attempt in (None, view["attempt"]):
        return list(view["pods"])
    return [pod for old in view["earlier"] if old["attempt"] == attempt for pod in old["pods"]]
