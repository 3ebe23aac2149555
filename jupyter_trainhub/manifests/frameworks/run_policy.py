"""What the kinds of Kubeflow's v1 operators share: a ``runPolicy`` and replicas by their roles."""

from __future__ import annotations

from abc import ABC
from dataclasses import replace
from typing import ClassVar

from jupyter_trainhub.manifests.frameworks.conditions import outcome, released
from jupyter_trainhub.manifests.frameworks.framework import Framework, OwnerState
from jupyter_trainhub.manifests.labels import Object


class RunPolicyFramework(Framework, ABC):
    """A framework on such a kind; ``replica_specs`` is the field with the replicas."""

    replica_specs: ClassVar[str]

    def suspension(self, suspended: bool) -> Object:
        return {"runPolicy": {"suspend": suspended}}

    def state(self, owner: Object) -> OwnerState:
        suspended = bool(owner["spec"].get("runPolicy", {}).get("suspend"))
        state = outcome(owner, "Succeeded", "Failed")
        return replace(state, suspended=suspended, released=released(owner))

    def nodes(self, owner: Object) -> int:
        replicas = owner["spec"].get(self.replica_specs, {}).values()
        return sum(int(replica.get("replicas") or 1) for replica in replicas)
