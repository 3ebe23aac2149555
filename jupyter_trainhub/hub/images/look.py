"""Looking into an image: a pod of it runs one program, tells what that printed, and is gone."""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, TrainHubError, WaitTimeout
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.look import POD_SECONDS, look_pod
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.manifests.pod_status import PodStatus, pod_status

# Seconds for which a pod may wait for a node; somebody waits for the answer.
PATIENCE = 30.0
_LOOK_EVERY = 0.3
# Bytes of the program's output that are read.
_LONGEST = 1 << 18
# What a kubelet goes on trying, without hope that the same image fares better the next time.
_STUCK = re.compile(r"ErrImage|ImagePullBackOff|InvalidImageName|ImageInspectError|CreateContainer")


@dataclass(frozen=True)
class Seen:
    """What a program printed in an image, and the image's digest where its node knows one.

    ``text`` is None where the image lacks the program itself.
    """

    text: str | None
    digest: str | None


class Look:
    """Looks into images. Methods may be called by any thread, and block."""

    def __init__(self, client: KubeClient, config: TrainHubConfig, user: str) -> None:
        self._client = client
        self._config = config
        self._user = user

    def into(
        self,
        image: str,
        command: Sequence[str],
        *,
        kind: str,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Seen:
        """What ``command`` prints in a pod of ``image``, which is deleted in any case.

        ``kind`` is how the pod is labelled; ``cancelled`` is asked several times a second. Raises
        WaitTimeout, what the cluster refuses, and Conflict when the image cannot be pulled or
        started, and when it was cancelled.
        """
        config = self._config
        pull_secrets = config.pull_secrets or list(filter(None, [config.registry_secret]))
        name = f"{kind}-{secrets.token_hex(5)}"
        pod = look_pod(name, image, command, kind=kind, owner=self._user, pull_secrets=pull_secrets)
        self._client.create(PODS, pod)
        try:
            status = self._ended(name, cancelled)
            told = status.why.details if status.why else None
            if told and _lacks(command[0], told):
                return Seen(None, status.image_digest)
            if not status.started:
                raise _failed(status)
            query: dict[str, str | int | bool] = {"container": CONTAINER, "limitBytes": _LONGEST}
            printed = b"".join(self._client.stream(PODS, name, "log", query))
            if not printed:
                raise _failed(status)
            return Seen(printed.decode(errors="replace"), status.image_digest)
        finally:
            with contextlib.suppress(TrainHubError):
                self._client.delete(PODS, name)

    def _ended(self, name: str, cancelled: Callable[[], bool]) -> PodStatus:
        begun = time.monotonic()
        while True:
            status = pod_status(self._client.get(PODS, name))
            if status.phase in ("Succeeded", "Failed") or _STUCK.match(status.reason or ""):
                return status
            waited = time.monotonic() - begun
            if status.phase == "Pending" and waited > PATIENCE:
                raise _failed(status)
            if cancelled():
                raise Conflict(
                    "the check was cancelled", reason="Cancelled", remedy="Check it again."
                )
            if waited > POD_SECONDS:
                raise WaitTimeout(
                    f"the pod that looks into the image has not ended: {status.message}",
                    remedy="Try again in a while.",
                )
            time.sleep(_LOOK_EVERY)


def _lacks(program: str, told: str) -> bool:
    """Whether a runtime says that there is no ``program``, as runc and crun do."""
    quoted = f"[\"'`]{re.escape(program)}[\"'`]"
    return bool(re.search(rf"{quoted}.*(no such file|not found)", told, re.DOTALL))


def _failed(status: PodStatus) -> Conflict:
    why = status.why
    return Conflict(
        f"the image cannot be looked into: {status.message or 'it printed nothing'}",
        reason=status.reason or "NotStarted",
        field="name",
        remedy=(why and why.remedy) or "Look at the image's name, and try again.",
        details={"raw": why.details} if why and why.details else None,
    )
