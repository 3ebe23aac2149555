"""How a transfer has ended."""

from __future__ import annotations

import logging
from dataclasses import replace

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.images.transfers import handover
from jupyter_trainhub.hub.images.transfers.task import Cancelled, Task
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.transfer import Transfer

_LOG = logging.getLogger(__name__)


def succeeded(task: Task, result: Object) -> Transfer:
    """The transfer that is done. For a cancellation it is too late then."""
    return replace(task.transfer, phase="Succeeded", step=None, finished=now(), result=result)


def failed(task: Task, error: Exception, *, resumable: bool) -> Transfer:
    """The transfer that has ended with ``error``; ``resumable``: it could be tried again."""
    if isinstance(error, handover.HandBack):
        return handover.handed_back(task.transfer, error)
    ended = replace(task.transfer, finished=now())
    if task.because is not None:
        remedy = "Try again: what is at the registry already is not sent twice."
        return replace(
            ended, phase="Failed", message=task.because, remedy=remedy, resumable=resumable
        )
    if task.cancelled() or isinstance(error, Cancelled):
        return replace(ended, phase="Cancelled", step=None, message="It was cancelled.")
    if not isinstance(error, TrainHubError):
        _LOG.error("%s failed", ended.title, exc_info=error)
        error = TrainHubError(
            "TrainHub failed in a way that was not foreseen",
            remedy="Look into the log of the program that did it, and report it.",
        )
    return replace(
        ended, phase="Failed", message=error.message, remedy=error.remedy, resumable=resumable
    )
