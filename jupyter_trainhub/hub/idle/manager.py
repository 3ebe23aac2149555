"""Idle instances: looked at, warned of, kept longer, stopped."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.clock import moment
from jupyter_trainhub.hub.idle.activity import Activity
from jupyter_trainhub.hub.idle.look import look, record
from jupyter_trainhub.hub.idle.policy import policy_of, thresholds_of
from jupyter_trainhub.hub.instances.manager import Instances
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS, STATEFUL_SETS
from jupyter_trainhub.manifests.activity import KEEP_UNTIL, reading_of, time_text
from jupyter_trainhub.manifests.idle import holds_gpu, started_at
from jupyter_trainhub.manifests.labels import (
    OWNER,
    Object,
    label_value,
    owner,
    selector,
    user_name,
)
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, to_kubernetes

# Instances that are asked at the same time; each takes about a second, mostly of waiting.
AT_ONCE = 4

Act = Literal["none", "warned", "stopped", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What became of one running instance; ``warned`` is said as long as the warning stands."""

    namespace: str
    name: str
    act: Act
    message: str


class Idle:
    """Idle instances of one namespace. Methods may be called by any thread, and block."""

    def __init__(self, client: KubeClient, config: TrainHubConfig, instances: Instances) -> None:
        self.policy = policy_of(config)
        self.activity = Activity(client, self.policy, thresholds_of(config))
        self._client = client
        self._instances = instances

    def look(self, name: str) -> Object:
        """The Idle view of an instance, whose container is asked now; takes a second or more.

        Raises NotFound, and Conflict when it does not run.
        """
        stateful_set = self._find(name)
        seen = look(self.activity, self.policy, stateful_set, self._pods(name))
        if seen is None:
            raise _not_running(name)
        if self.policy.concerns(stateful_set):
            # Whoever may look but not write sees it all the same; a write in between wins. To ask
            # stops nothing, even where that is due.
            with contextlib.suppress(TrainHubError):
                record(self._client, self.policy, seen, stop=False)
        return seen.judgement.view

    def extend(self, name: str, seconds: object) -> Object:
        """Keep an instance for ``seconds`` from now, however idle; the instance's view.

        Raises InvalidField for more than the site allows, NotFound, and Conflict when it does not
        run, or is not stopped for being idle.
        """
        limit = self.policy.extension_limit
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
            raise InvalidField(
                f"seconds must be a number above 0, not {seconds!r}",
                field="seconds",
                remedy=f"Send {{'seconds': {self.policy.one_extension}}}.",
            )
        if seconds > limit:
            raise InvalidField(
                f"an instance can be kept for {limit} seconds at most, not {seconds}",
                field="seconds",
                remedy="Ask for less, and extend again before the time is over.",
            )
        stateful_set = self._find(name)
        if stateful_set["spec"].get("replicas") == 0:
            raise _not_running(name)
        timeout = self.policy.timeout_of(
            holds_gpu(stateful_set), owner(stateful_set) in self.policy.exempt
        )
        if not timeout:
            raise Conflict(
                f"instance {name!r} is not stopped when it is idle",
                reason="NotStoppedWhenIdle",
                remedy="There is nothing to extend.",
            )
        until = time_text(moment() + timedelta(seconds=seconds))
        patched = self._client.patch(
            STATEFUL_SETS,
            stateful_set["metadata"]["name"],
            {"metadata": {"annotations": {KEEP_UNTIL: until}}},
        )
        if patched["spec"].get("replicas") == 0:
            raise _not_running(name)
        return self._instances.get(name)

    def sweep(
        self, user: str | None = None, *, older: float = 0, dry_run: bool = False
    ) -> Iterator[Outcome]:
        """Look at the running instances that may be stopped or hold GPUs; warn, and stop the idle.

        Only those of ``user`` if one is given, and only those at which nobody has looked for
        ``older`` seconds. Of two who sweep at the same time one stops an instance. Raises what the
        cluster refuses when nothing can be listed.
        """
        matching = selector("instance")
        if user is not None:
            matching += f",{OWNER}={label_value(user)}"
        pods: dict[str, list[Object]] = {}
        for pod in self._client.list(PODS, label_selector=matching):
            pods.setdefault(user_name(pod), []).append(pod)
        due = [
            (found, pods.get(user_name(found), []))
            for found in self._client.list(STATEFUL_SETS, label_selector=matching)
            if self._is_due(found, pods.get(user_name(found), []), older)
        ]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="trainhub-idle") as threads:
            yield from threads.map(lambda found: self._treat(found[0], found[1], dry_run), due)

    def namespaces(self) -> list[str]:
        """The namespaces of all instances. Raises Forbidden where the user may not list them."""
        found: set[str] = set()
        following: str | None = None
        while True:
            page = self._client.list_page(
                STATEFUL_SETS,
                label_selector=selector("instance"),
                following=following,
                namespace="",
            )
            found |= {item["metadata"]["namespace"] for item in page["items"] or ()}
            following = page["metadata"].get("continue")
            if not following:
                return sorted(found)

    def _is_due(self, stateful_set: Object, pods: list[Object], older: float) -> bool:
        now = moment()
        started = started_at(pods, now)
        if started is None or not stateful_set["spec"].get("replicas", 1):
            return False
        if not self.policy.concerns(stateful_set):
            return False
        annotations = stateful_set["metadata"].get("annotations") or {}
        reading = reading_of(annotations, now, started, beats=False)
        return reading is None or (now - reading.at).total_seconds() >= older

    def _treat(self, stateful_set: Object, pods: list[Object], dry_run: bool) -> Outcome:
        namespace, name = stateful_set["metadata"].get("namespace", ""), user_name(stateful_set)
        try:
            seen = look(self.activity, self.policy, stateful_set, pods)
            if seen is None:
                return Outcome(namespace, name, "none", "It does not run any more.")
            judged = seen.judgement
            if not dry_run:
                record(self._client, self.policy, seen, stop=judged.stop)
            act: Act = "stopped" if judged.stop else "warned" if judged.warned else "none"
            return Outcome(namespace, name, act, judged.view["message"])
        except Conflict:
            return Outcome(namespace, name, "none", "It changed meanwhile and is looked at again.")
        except TrainHubError as error:
            return Outcome(namespace, name, "failed", error.message)

    def _find(self, name: str) -> Object:
        with contextlib.suppress(NotFound, InvalidField):
            return self._client.get(STATEFUL_SETS, to_kubernetes(INSTANCE_PREFIX, name))
        raise NotFound(
            f"there is no instance {name!r}", field="name", remedy="Look at the list of instances."
        )

    def _pods(self, name: str) -> list[Object]:
        return [*self._client.list(PODS, label_selector=selector("instance", name))]


def _not_running(name: str) -> Conflict:
    return Conflict(
        f"instance {name!r} does not run",
        reason="InstanceNotRunning",
        field="name",
        remedy="Start it, or wait until it runs.",
    )
