"""Signs of life of a transfer: told to who listens, and written into its record."""

from __future__ import annotations

import logging
from collections.abc import Callable

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.images.transfers.records import Lost, Records
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.transfer import BEAT_SECONDS, Transfer

_LOG = logging.getLogger(__name__)

# Seconds between two looks whether there is news to tell, and two writes of a record.
_PUSH_SECONDS = 0.25
_WRITE_SECONDS = 1.0
# How often the end of a transfer is written before the cluster is given up.
_LAST_TRIES = 10

OnChange = Callable[[str, Object | None], None]


class Heartbeat:
    """Follows the tasks of one process, each in a thread of its own."""

    def __init__(self, records: Records, on_change: OnChange) -> None:
        self._records = records
        self._on_change = on_change

    def beat(self, task: Task) -> None:
        """Tell and write how the task stands, until it ends; cancel it when somebody asks so."""
        told = written = task.transfer
        since = 0.0
        while not task.ending.wait(_PUSH_SECONDS):
            since += _PUSH_SECONDS
            present = task.transfer
            if present is not told:
                told = present
                self._on_change(present.id, present.view())
            if since < (_WRITE_SECONDS if present is not written else BEAT_SECONDS / 2):
                continue
            since = 0.0
            try:
                if self._records.write(present) is not None:
                    task.cancel()
                written = present
            except Lost:
                task.lost = True
                task.cancel()
                return
            except TrainHubError as error:
                # A cluster that is away for a moment ends no upload to a registry.
                _LOG.debug("the record of %s is not written: %s", present.id, error)

    def end(self, task: Task, ended: Transfer) -> bool:
        """Write how it has ended; whether the cluster knows that now."""
        for _ in range(_LAST_TRIES):
            try:
                self._records.write(ended)
            except Lost:
                task.lost = True
            except TrainHubError as error:
                _LOG.warning("the end of %s is not recorded yet: %s", ended.id, error)
                if task.stopping.wait(_WRITE_SECONDS):
                    return False
                continue
            return True
        return False
