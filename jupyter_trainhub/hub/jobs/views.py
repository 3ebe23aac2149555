"""The views of jobs, made of what the cluster holds at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from jupyter_trainhub.hub.events import telling
from jupyter_trainhub.hub.jobs.attempts import Attempts, Owners
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.job_status import job_view
from jupyter_trainhub.manifests.labels import Object, Objects, selector, user_name
from jupyter_trainhub.manifests.requests import Amounts

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

# Phases that events have something to say on.
_EXPLAINED = ("Pending", "Starting", "Stopping", "Failed")


class JobViews:
    """Looks at jobs."""

    def __init__(self, hub: Hub, owners: Owners) -> None:
        self._hub = hub
        self._owners = owners

    def all(self) -> Objects:
        """The views of all jobs, in no order."""
        pods: dict[str, Objects] = {}
        for pod in self._hub.client.list(PODS, label_selector=selector("job")):
            pods.setdefault(user_name(pod), []).append(pod)
        reasons = _Reasons(self._hub)
        found = self._owners.all().items()
        views = [_view(attempts, pods.get(name, []), reasons) for name, attempts in found]
        return [self._hub.failures.told(view) for view in views]

    def of(self, attempts: Attempts) -> Object:
        """The view of the job with these attempts."""
        chosen = selector("job", user_name(attempts.newest))
        pods = [*self._hub.client.list(PODS, label_selector=chosen)]
        return self._hub.failures.told(_view(attempts, pods, _Reasons(self._hub)))


class _Reasons:
    """What tells why jobs wait or lost a pod, read once and only where one does."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    @cached_property
    def events(self) -> Objects:
        return telling(self._hub.client)

    @cached_property
    def largest(self) -> Amounts | None:
        return self._hub.nodes.largest()


def _view(attempts: Attempts, pods: Sequence[Object], reasons: _Reasons) -> Object:
    newest, earlier = attempts.newest, attempts.earlier
    view = job_view(newest, pods, earlier=earlier)
    if view["phase"] not in _EXPLAINED or (view["reason"] == "Creating" and pods):
        return view
    return job_view(newest, pods, earlier=earlier, events=reasons.events, largest=reasons.largest)
