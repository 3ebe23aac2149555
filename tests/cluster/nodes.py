"""Nodes for tests, which no kubelet need stand behind."""

from __future__ import annotations

import uuid
from typing import Any

from tests.cluster.api import MERGE, Object
from tests.cluster.lab import Lab
from tests.cluster.pods import pod
from tests.conftest import eventually

MINE = "test.example.org/of"


class Nodes:
    """Nodes of one test, and pods that may go to no others."""

    def __init__(self, lab: Lab, image: str) -> None:
        self.lab, self.image = lab, image
        self.mark = uuid.uuid4().hex[:8]
        self.made: list[str] = []

    def add(self, name: str, cpu: str = "2", taints: Any = (), **labels: str) -> str:
        """A node; its name has the test's mark before it."""
        name = f"n{self.mark}-{name}"
        keys = {f"test.example.org/{key}": value for key, value in labels.items()}
        metadata = {
            "name": name,
            "labels": {MINE: self.mark, "kubernetes.io/hostname": name, **keys},
        }
        body = {"metadata": metadata, "spec": {"taints": list(taints)}}
        assert self.lab.api("POST", "/api/v1/nodes", body).code == 201
        self.made.append(name)
        offered = {"cpu": cpu, "memory": "4Gi", "pods": "10"}
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady",
                 "lastHeartbeatTime": "2030-01-01T00:00:00Z"}  # fmt: skip
        status = {"capacity": offered, "allocatable": offered, "conditions": [ready]}
        self.change(name, {"status": status}, "/status")
        # A real cluster taints a new node until it has seen that it is ready.
        eventually(lambda: not any("not-ready" in t["key"] for t in self.taints(name)))
        return name

    def change(self, name: str, body: Object, subresource: str = "") -> None:
        path = f"/api/v1/nodes/{name}{subresource}"
        assert self.lab.api("PATCH", path, body, content_type=MERGE).code == 200

    def taints(self, name: str) -> list[Object]:
        found: list[Object] = (
            self.lab.api("GET", f"/api/v1/nodes/{name}").body["spec"].get("taints", [])
        )
        return found

    def pod(self, name: str, cpu: str = "100m", **fields: Any) -> str:
        """A pod that may go to these nodes only."""
        asked: Object = {"resources": {"requests": {"cpu": cpu}}, "nodeSelector": {MINE: self.mark}}
        made = self.lab.create("pods", pod(name, self.image, "sleep 600", **asked, **fields))
        assert made.code == 201, made.body
        return name

    def node_of(self, name: str) -> str:
        """The node that a pod gets."""
        found = self.lab.until("pods", name, lambda p: p["spec"]["nodeName"])
        return str(found["spec"]["nodeName"])

    def refusal(self, name: str) -> str:
        """Why a pod gets none."""

        def look() -> str | None:
            for c in self.lab.get("pods", name).body["status"].get("conditions", []):
                if (c["type"], c["status"]) == ("PodScheduled", "False"):
                    return str(c["message"])
            return None

        return str(eventually(look))

    def events(self, name: str) -> list[tuple[str, str]]:
        found = self.lab.get("events", fieldSelector=f"involvedObject.name={name}").body["items"]
        return [(e["reason"], e["message"]) for e in found]
