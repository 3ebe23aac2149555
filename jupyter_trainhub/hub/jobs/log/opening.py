"""Opens the log of a job: finds its pods, and what was recorded of those that are gone."""

from __future__ import annotations

from collections.abc import Callable

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.jobs.log.rank_log import Recording
from jupyter_trainhub.hub.jobs.log.ranks import Ranks
from jupyter_trainhub.hub.jobs.log.reader import JobLog
from jupyter_trainhub.hub.jobs.log.request import LogRequest
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.manifests.labels import Object

# What the record of a run kept of a rank in an attempt, the last lines or all; raises NotFound.
RunLog = Callable[[str, int, int, int | None], Recording]


def open_log(
    client: KubeClient,
    name: str,
    look: Callable[[str], Object],
    request: LogRequest,
    run_log: RunLog | None,
) -> JobLog:
    """The log of the job ``name``, whose view ``look`` gives; it begins with its first chunk.

    Raises NotFound, and InvalidField for what the job does not have.
    """
    view = look(name)
    ranks = Ranks(client, lambda: look(name), request, view)

    def recorded(rank: int, attempt: int, tail: int | None) -> Recording:
        if run_log is None or not view["run"]:
            raise NotFound("nothing was recorded of it")
        return run_log(view["run"], rank, attempt, tail)

    return JobLog(client, request.ranks(view), ranks.find, recorded, request)
