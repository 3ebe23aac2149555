"""A namespace to try things in, and the situations that the facts are seen in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.cluster.api import MERGE, Answer, Api, Object
from tests.cluster.pods import pod
from tests.conftest import eventually

_ROOTS = {"jobs": "/apis/batch/v1", "statefulsets": "/apis/apps/v1"}


@dataclass
class Lab:
    """One namespace of a cluster, by the plain API."""

    api: Api
    namespace: str
    # The answers to the namespace's creation, and to those of its objects by their names.
    made: Answer
    created: dict[str, Answer] = field(default_factory=dict)

    def path(self, kind: str, name: str = "") -> str:
        """Where the namespace's objects of a kind are, or one of them."""
        root = f"{_ROOTS.get(kind, '/api/v1')}/namespaces/{self.namespace}/{kind}"
        return f"{root}/{name}" if name else root

    def create(self, kind: str, body: Any, **query: Any) -> Answer:
        """POST; text is sent as it is."""
        made = self.api("POST", self.path(kind), body, **query)
        if isinstance(body, Mapping):
            self.created[body["metadata"].get("name", "")] = made
        return made

    def get(self, kind: str, name: str = "", **query: Any) -> Answer:
        """GET one, or list."""
        return self.api("GET", self.path(kind, name), **query)

    def patch(self, kind: str, name: str, body: Any, content_type: str = MERGE) -> Answer:
        """PATCH."""
        return self.api("PATCH", self.path(kind, name), body, content_type=content_type)

    def delete(self, kind: str, name: str = "", **query: Any) -> Answer:
        """DELETE one, or all that match."""
        return self.api("DELETE", self.path(kind, name), **query)

    def log(self, pod: str, **query: Any) -> str:
        """A pod's log."""
        text: str = self.get("pods", f"{pod}/log", **query).body
        return text

    def until(self, kind: str, name: str, ready: Callable[[Object], Any]) -> Object:
        """The object (of "": the list), once it is so; fields that are not there yet will come."""

        def look() -> Object | None:
            found: Object = self.get(kind, name).body
            try:
                return found if ready(found) else None
            except (KeyError, IndexError, TypeError):
                return None

        found: Object = eventually(look, 60)
        return found

    def gone(self, kind: str, name: str) -> int:
        """404, once the object is no more."""
        eventually(lambda: self.get(kind, name).code == 404, 60)
        return 404


def is_in(*phases: str) -> Callable[[Object], bool]:
    """Whether a pod is in one of the phases."""
    return lambda pod: pod["status"]["phase"] in phases


def has(condition: str) -> Callable[[Object], bool]:
    """Whether a condition holds of an object."""
    return lambda obj: any(
        c["type"] == condition and c["status"] == "True" for c in obj["status"]["conditions"]
    )


def names(answer: Answer) -> list[str]:
    """The names of a list's objects."""
    return [item["metadata"]["name"] for item in answer.body["items"]]


def config_map(name: str, labels: Object | None = None, data: Object | None = None) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "data": data or {},
            "metadata": {"name": name, "labels": labels or {}}}  # fmt: skip


def job(name: str, image: str, script: str, **spec: Any) -> Object:
    """A Job whose pods run a shell script."""
    template = {"metadata": {"labels": {"of": name}}, "spec": pod(name, image, script)["spec"]}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {**spec, "template": template}}  # fmt: skip


def stateful_set(name: str, image: str, script: str) -> Object:
    """A StatefulSet of one pod."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod(name, image, script)["spec"]}
    template["spec"].pop("restartPolicy")
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
            "spec": {"serviceName": name, "replicas": 1, "selector": {"matchLabels": labels},
                     "template": template}}  # fmt: skip


def _environment(image: str) -> Object:
    def source(variable: str, kind: str, **reference: str) -> Object:
        return {"name": variable, "valueFrom": {kind: reference}}

    container: Object = {
        "env": [
            {"name": "A", "value": "1"},
            {"name": "B", "value": "$(A)2"},
            source("POD", "fieldRef", fieldPath="metadata.name"),
            source("NAMESPACE", "fieldRef", fieldPath="metadata.namespace"),
            source("CONFIG", "configMapKeyRef", name="a", key="k"),
            source("SECRET", "secretKeyRef", name="s", key="p"),
        ],
        "volumeMounts": [
            {"name": "config", "mountPath": "/cfg"},
            {"name": "scratch", "mountPath": "/scratch"},
        ],
    }
    volumes = [{"name": "config", "configMap": {"name": "a"}},
               {"name": "scratch", "emptyDir": {}}]  # fmt: skip
    script = 'echo "$A|$B|$POD|$NAMESPACE|$CONFIG|$SECRET"; cat /cfg/k; ls -d /dev/shm /scratch; cat /cfg/../cfg/k'  # noqa: E501
    return pod("env", image, script, volumes=volumes, **container)


def _initialised(image: str) -> Object:
    mounts: Object = {"volumeMounts": [{"name": "w", "mountPath": "/w"}]}
    first = {"name": "first", "image": image, **mounts,
             "command": ["/bin/sh", "-c", "echo from-init > /w/f"]}  # fmt: skip
    return pod("init", image, "cat /w/f", initContainers=[first], **mounts,
               volumes=[{"name": "w", "emptyDir": {}}])  # fmt: skip


def begin(lab: Lab, image: str) -> None:
    """Let all situations begin at once, so that what takes its time does so beside the rest."""
    lab.create("configmaps", config_map("a", data={"k": "w"}))
    lab.create("secrets", {"metadata": {"name": "s"}, "stringData": {"p": "w"}})
    small = {"requests": {"cpu": "10m", "memory": "16Mi"}}
    for body in (
        job("retry", image, "exit 1", backoffLimit=1),
        job("slow", image, "sleep 300", activeDeadlineSeconds=2),
        job("sus", image, "echo hi", suspend=True),
        job("j", image, "echo done"),
        job("f", image, "exit 2", backoffLimit=0),
        job("ix", image, 'echo "index $JOB_COMPLETION_INDEX"; hostname', completions=2,
            parallelism=2, completionMode="Indexed"),
        job("ttl", image, "true", ttlSecondsAfterFinished=1),
    ):  # fmt: skip
        lab.create("jobs", body)
    lab.create("statefulsets", stateful_set("dev", image, "hostname; sleep 600"))
    for body in (
        pod("ok", image, "echo out; echo err >&2; exit 0", resources=small),
        pod("bad", image, "echo boom >&2; exit 3"),
        pod("lines", image, "for i in 1 2 3 4 5; do echo line $i; done; sleep 300"),
        pod("huge", image, "true", resources={"requests": {"cpu": "1000"}}),
        pod("gpu", image, "true", resources={"limits": {"nvidia.com/gpu": "8"}}),
        pod("noimg", "registry.invalid/none:1", "true"),
        pod("crash", image, "exit 1", restartPolicy="Always"),
        pod("late", image, "sleep 300", activeDeadlineSeconds=2),
        _environment(image),
        _initialised(image),
    ):
        lab.create("pods", body)
