"""Following Jobs that have to do with registries, by the lines of JSON that they print."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from jupyter_trainhub.errors import (
    AlreadyExists,
    ClusterUnavailable,
    Conflict,
    NotFound,
    TrainHubError,
)
from jupyter_trainhub.hub.images.snapshots.engine import Check
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import JOBS, PODS, SECRETS
from jupyter_trainhub.manifests.labels import JOB_NAME, Object, owned_by
from jupyter_trainhub.manifests.pod_status import PodStatus, pod_status
from jupyter_trainhub.manifests.registry_job import Access
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.credentials import Credential
from jupyter_trainhub.registry.failures import RegistryError

_LOOK_SECONDS = 0.5
# Lines that are read at each look. A program prints about four in a second.
_LINES = 40
_LONGEST = 4 << 20
# Seconds for which the Job may have no pod.
_PATIENCE = 60.0
# What a kubelet goes on trying without hope.
_STUCK = re.compile(r"ErrImage|ImagePullBackOff|InvalidImageName|ImageInspectError|CreateContainer")
_OF_REGISTRIES = ("Unauthorized", "Forbidden", "NotFound", "Unavailable", "Full", "Refused")

OnLine = Callable[[Object], None]


class JobEnded(Conflict):
    """The Job did not do what it was for; ``reason`` is the program's own, or Kubernetes'."""

    default_reason = "JobFailed"


def access(side: Literal["from", "to"], repository: Repository) -> Access:
    """How a pod reaches a repository, as this process does. Raises Conflict where it cannot."""
    endpoint = repository.endpoint
    if endpoint.certificate is not None:
        raise Conflict(
            f"{repository.domain} knows this server by a certificate, which no pod has",
            reason="NotFromCluster",
            remedy="Copy it from here, or use a registry with passwords.",
        )
    known = endpoint.credential or Credential("")
    return Access(
        side,
        repository.domain,
        endpoint.url,
        endpoint.verify,
        Path(endpoint.ca).read_text() if endpoint.ca else "",
        known.username,
        known.password,
        known.token,
    )


class RegistryJobs:
    """The Jobs of one namespace. Methods block."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def find(self, name: str) -> Object | None:
        """The Job of this name, if there is one."""
        try:
            return self._client.get(JOBS, name)
        except NotFound:
            return None

    def start(self, job: Object, secret: Object) -> Object:
        """Make a Job with its Secret, and have it begin; one of its name is removed first."""
        name = job["metadata"]["name"]
        self.delete(name)
        made = self._client.create(JOBS, job)
        try:
            self._client.create(SECRETS, owned_by(secret, made))
            return self._client.patch(JOBS, name, {"spec": {"suspend": False}})
        except BaseException:
            self.delete(name)
            raise

    def delete(self, name: str) -> None:
        """Remove a Job, and with it its pod and its Secret; waits until its name is free."""
        for _ in range(60):
            with contextlib.suppress(NotFound):
                self._client.delete(JOBS, name)
            # The cluster removes it later, and it holds passwords.
            with contextlib.suppress(NotFound):
                self._client.delete(SECRETS, name)
            if self.find(name) is None:
                return
            time.sleep(_LOOK_SECONDS)
        raise AlreadyExists(
            f"the Job {name!r} is being deleted", remedy="Try again when it has ended."
        )

    def follow(self, name: str, on_line: OnLine, check: Check) -> Object:
        """Wait for the end of a Job; the last line that its program has printed.

        ``on_line`` gets the lines as they come, some perhaps twice and not all; ``check`` is
        called twice a second. Raises JobEnded, RegistryError, what ``check`` raises, NotFound when
        somebody deletes the Job, and what the cluster refuses.
        """
        begun, failures = time.monotonic(), 0
        while True:
            check()
            try:
                job = self._client.get(JOBS, name)
                pod = self._pod(job)
                lines = [*self._lines(pod)] if pod is not None else []
                failures = 0
            except ClusterUnavailable:
                failures += 1
                if failures > _PATIENCE / _LOOK_SECONDS:
                    raise
                job, pod, lines = {}, None, []
                begun = time.monotonic()
            for line in lines:
                on_line(line)
            if lines and _is_last(lines[-1]):
                if "error" in lines[-1]:
                    raise _told(lines[-1]["error"])
                return lines[-1]
            status = pod_status(pod) if pod is not None else None
            late = time.monotonic() - begun > _PATIENCE
            if (why := _ending(job, status, late=late)) is not None:
                raise why
            time.sleep(_LOOK_SECONDS)

    def _pod(self, job: Object) -> Object | None:
        """Its pod, and not that of an earlier Job of this name, which may still end."""
        named = f"{JOB_NAME}={job['metadata']['name']}"
        for pod in self._client.list(PODS, label_selector=named):
            owners = pod["metadata"].get("ownerReferences") or ()
            if any(owner["uid"] == job["metadata"]["uid"] for owner in owners):
                return pod
        return None

    def _lines(self, pod: Object) -> Iterator[Object]:
        """The last lines of its log, and what it says at its end; not others, as of a traceback."""
        query: dict[str, str | int | bool] = {"tailLines": _LINES, "limitBytes": _LONGEST}
        try:
            stream = self._client.stream(PODS, pod["metadata"]["name"], "log", query)
            printed = b"".join(stream).splitlines()
        except ClusterUnavailable:
            raise
        except TrainHubError:  # it has not started yet, or its log is lost
            printed = []
        for status in pod.get("status", {}).get("containerStatuses") or ():
            message = status.get("state", {}).get("terminated", {}).get("message") or ""
            printed.insert(0, message.encode())
        found = [line for line in map(_json, printed) if line is not None]
        # What comes by standard error may be late.
        yield from sorted(found, key=_is_last)


def _is_last(line: Object) -> bool:
    """Whether a program has ended with this line: a result, or what is wrong."""
    return "digest" in line or "error" in line or isinstance(line.get("done"), dict)


def _json(line: bytes) -> Object | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _told(error: Any) -> Exception:
    """What the program says that is wrong."""
    told = error if isinstance(error, dict) else {}
    words = {key: str(told.get(key) or "") for key in ("message", "remedy", "reason")}
    message, reason = words["message"] or "it failed", words["reason"]
    if reason in _OF_REGISTRIES or reason == "Broken":
        return RegistryError(message, remedy=words["remedy"], reason=reason)  # type: ignore[arg-type]
    return JobEnded(message, remedy=words["remedy"] or None, reason=reason or None)


def _ending(job: Object, status: PodStatus | None, *, late: bool) -> JobEnded | None:
    """Why nothing more comes of a Job; None while something may."""
    for condition in job.get("status", {}).get("conditions") or ():
        if condition["type"] == "Failed" and condition["status"] == "True":
            why = (status and status.message) or condition.get("message") or "it failed"
            return _failed(why, condition.get("reason") or "JobFailed", status)
    if status is None:
        return _failed("the cluster makes no pod for it", "NoPod", None) if late else None
    if status.phase in ("Succeeded", "Failed"):
        return _failed(status.message or "it printed no result", "JobFailed", status)
    if late and status.phase == "Pending":
        return _failed(status.message or "it finds no node", status.reason or "NoPod", status)
    if _STUCK.match(status.reason or ""):
        return _failed(status.message or "it does not start", status.reason or "NotStarted", status)
    return None


def _failed(why: str, reason: str, status: PodStatus | None) -> JobEnded:
    advice = status.why.remedy if status and status.why else None
    return JobEnded(
        f"the Job that does it in the cluster failed: {why}",
        reason=reason,
        remedy=advice or "Look at the Job's events, or ask the cluster's administrator.",
    )
