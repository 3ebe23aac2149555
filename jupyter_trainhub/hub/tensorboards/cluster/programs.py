"""The programs in the pods: how they are reached, and what they say of themselves."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.access.reach import Endpoint
from jupyter_trainhub.hub.tensorboards.state import STATE_PATH, State, parse_state
from jupyter_trainhub.kube.resources import SECRETS
from jupyter_trainhub.manifests import foreign_json
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.tensorboard import PORT, PREFIX_KEY, secret_of
from jupyter_trainhub.manifests.tensorboard_status import newest_pod

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

# Seconds that an answer is good for: of one that still waits for event files, and of others.
# Everybody's servers ask, perhaps through the API server.
_WAITING = 3.0
_SETTLED = 30.0
# Bytes of an answer that are read.
_LONGEST = 1 << 16
# What follows the API server's own path: nothing else may, or it would lead anywhere there.
_PREFIX = re.compile(r"/[0-9a-f]{32}")


class Programs:
    """The programs of one namespace, by the uids of their Jobs. Safe to use from several threads.

    What is asked of a Job is asked of its newest pod, which must run.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._prefixes: dict[str, str] = {}
        self._answers: dict[str, tuple[float, State | None]] = {}

    def endpoint(self, job: Object, pods: Iterable[Object]) -> Endpoint:
        """Where it listens.

        Raises NotFound where its Secret is gone, Conflict where that is not as TrainHub makes it,
        Forbidden, and others.
        """
        uid, pod = job["metadata"]["uid"], newest_pod(job, pods)
        assert pod is not None
        prefix = self._prefixes.get(uid)
        if prefix is None:
            prefix = _prefix(self._hub.client.get(SECRETS, secret_of(job)))
            with self._lock:
                self._prefixes[uid] = prefix
        return self._hub.reach.endpoint(pod, PORT, prefix, "")

    def state(self, job: Object, pods: Iterable[Object], fresh: float) -> State | None:
        """What it says, not older than ``fresh`` seconds; None where it does not answer.

        Raises as :meth:`endpoint`.
        """
        uid = job["metadata"]["uid"]
        at, state = self._answers.get(uid, (0.0, None))
        lasting = _SETTLED if state is not None and state.events else _WAITING
        if at and time.monotonic() - at < min(fresh, lasting):
            return state
        state = _asked(self.endpoint(job, pods))
        with self._lock:
            self._answers[uid] = time.monotonic(), state
        return state

    def forget_others(self, uids: Collection[str]) -> None:
        """Forget all but these."""
        with self._lock:
            self._answers = {uid: known for uid, known in self._answers.items() if uid in uids}
            self._prefixes = {uid: known for uid, known in self._prefixes.items() if uid in uids}


def _prefix(secret: Object) -> str:
    try:
        prefix = base64.b64decode(secret["data"][PREFIX_KEY]).decode()
    except (KeyError, TypeError, ValueError):
        prefix = ""
    if not _PREFIX.fullmatch(prefix):
        raise Conflict(
            f"the Secret {secret['metadata']['name']!r} is none of TrainHub's",
            reason="TensorBoardBroken",
            remedy="Delete this TensorBoard, and open the folder again.",
        )
    return prefix


def _asked(endpoint: Endpoint) -> State | None:
    answer = endpoint.get(STATE_PATH, _LONGEST)
    if answer is None or answer[0] != 200:
        return None
    try:
        return parse_state(foreign_json.parse(answer[1]))
    except (ValueError, KeyError):
        return None
