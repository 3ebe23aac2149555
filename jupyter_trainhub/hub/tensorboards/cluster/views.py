"""TensorBoards in the cluster as they are shown: what objects tell, and what programs say."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.events import telling
from jupyter_trainhub.hub.tensorboards.cluster.programs import Programs
from jupyter_trainhub.hub.tensorboards.view import TensorBoardView
from jupyter_trainhub.manifests.labels import Object, Objects
from jupyter_trainhub.manifests.tensorboard_status import tensorboard_view

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

# Programs that are asked at a time.
_AT_ONCE = 8
# Seconds: how old the state may be of one that somebody looks at, and of those in a list.
_FRESH = 1.0
_LISTED = 60.0


class TensorBoardViews:
    """Makes the views of Jobs and their pods."""

    def __init__(self, hub: Hub, programs: Programs) -> None:
        self._hub = hub
        self._programs = programs

    def all(self, found: Sequence[tuple[Object, Objects]]) -> list[TensorBoardView]:
        """The views of many."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="trainhub-boards") as threads:
            return list(threads.map(lambda item: self.of(*item, fresh=_LISTED), found))

    def of(self, job: Object, pods: Objects, *, fresh: float = _FRESH) -> TensorBoardView:
        """The view of one; what its program says is at most ``fresh`` seconds old."""
        view = self.objects(job, pods)
        if view["phase"] != "Running":
            return view
        state = None
        with contextlib.suppress(TrainHubError):
            state = self._programs.state(job, pods, fresh)
        if state is None:
            return view
        return {
            **view,
            "waiting": not state.events,
            "memory": {**view["memory"], "used": state.memory or None},
            "notes": [*state.notes],
            "version": state.version or None,
        }

    def objects(self, job: Object, pods: Objects) -> TensorBoardView:
        """The view of one without what only its program knows."""
        view = tensorboard_view(job, pods)
        if view["phase"] in ("Starting", "Failed"):
            events, largest = telling(self._hub.client), self._hub.nodes.largest()
            view = tensorboard_view(job, pods, events=events, largest=largest)
        return cast(TensorBoardView, view)
