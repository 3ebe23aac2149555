"""What goes with the pods of a job, kept in its record before they are told to end."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from jupyter_trainhub.manifests.frameworks.environment import GRACE
from jupyter_trainhub.manifests.labels import Object

if TYPE_CHECKING:
    from jupyter_trainhub.hub.runs.last_logs import LastLogs
    from jupyter_trainhub.hub.runs.manager import Runs

_log = logging.getLogger(__name__)


class Keeping:
    """Writes the record of one job that is stopped or deleted.

    Nothing that is wrong with it keeps the job from that, nor a disk that does not answer.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._logs: LastLogs | None = None
        self._problem: str | None = None

    def begin(self, view: Object) -> None:
        """Keep what there is, and begin to read the last of the logs; takes GRACE s at most."""
        thread = threading.Thread(
            target=self._keep, args=(view,), name="trainhub-keeping", daemon=True
        )
        thread.start()
        thread.join(GRACE)
        if thread.is_alive():
            self._problem = f"its record could not be written within {GRACE} seconds"

    def finish(self) -> None:
        """Wait for the last of the logs as long as pods may take to end."""
        if self._logs is not None:
            self._logs.wait()

    def problem(self, view: Object) -> str | None:
        """Why the record is not complete, as a sentence; None when it is."""
        return self._problem or self._runs.problem(view["run"])

    def _keep(self, view: Object) -> None:
        try:
            self._logs = self._runs.before_delete(view)
        except Exception as error:
            _log.exception("the record of job %r is not complete", view["name"])
            self._problem = f"its record is not complete: {error}"
