"""Logs that are read while pods run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from jupyter_trainhub.errors import ClusterRefused
from jupyter_trainhub.hub.runs.folder import RunFolder
from jupyter_trainhub.hub.runs.last_logs import PodLogs
from jupyter_trainhub.kube.client import KubeClient


class Refusing:
    """A cluster that lets nobody read pods."""

    def get(self, *_: Any) -> Any:
        raise ClusterRefused("no", remedy="Ask.")


def test_a_log_that_cannot_be_kept_is_not_tried_all_the_time(tmp_path: Path) -> None:
    folder, told = RunFolder(tmp_path / "x-12345678"), list[str]()
    folder.make()
    logs = PodLogs(cast("KubeClient", Refusing()), told.append, lambda *heard: None)
    pods = [{"name": "x-0", "rank": 0}]
    (log,) = logs.follow(folder, pods, 1000)
    log.join(10)
    assert told == [folder.run]
    assert not logs.reads(folder.run, "x-0")
    assert logs.follow(folder, pods, 1000) == []
