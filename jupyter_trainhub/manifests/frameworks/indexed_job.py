"""A job without an operator: an Indexed Job and a headless Service.

The recipe is the usual one for torchrun: every pod has a stable host name by the Service and knows
its node's rank by the completion index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jupyter_trainhub.kube.resources import JOBS
from jupyter_trainhub.manifests.frameworks.applied import job_objects
from jupyter_trainhub.manifests.frameworks.conditions import outcome, released, true
from jupyter_trainhub.manifests.frameworks.environment import rendezvous
from jupyter_trainhub.manifests.frameworks.framework import (
    Framework,
    JobObjects,
    JobRequest,
    OwnerState,
)
from jupyter_trainhub.manifests.frameworks.template import child, owner_metadata, pod_template
from jupyter_trainhub.manifests.labels import JOB_NAME, Object


class IndexedJob(Framework):
    """What frameworks on plain Kubernetes share; their pods may differ, their children be more."""

    resource = JOBS
    kind = "Job"

    def objects(self, request: JobRequest) -> JobObjects:
        nodes = request.spec.nodes
        job: Object = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": owner_metadata(request, self),
            "spec": {
                "suspend": True,
                "completionMode": "Indexed",
                "completions": nodes,
                "parallelism": nodes,
                # One rank that is started again cannot join processes that wait for the old one.
                "backoffLimit": 0,
                # A pod that is told to go counts as failed at once and takes the others with it:
                # one on a node that was lost never gets further than that. A podFailurePolicy
                # would rule this out.
                "podReplacementPolicy": "TerminatingOrFailed",
                "template": self.template(request),
            },
        }
        return job_objects(request, job, [service(request), *self.more(request)])

    def template(self, request: JobRequest) -> Object:
        """The template of the pods."""
        return pod_template(
            request,
            launched_as=self.name,
            env=rendezvous(request, master_address(request)),
            restartPolicy="Never",
            # The pod's host name is "<job>-<rank>", and with this subdomain the Service answers.
            subdomain=request.name,
        )

    def more(self, request: JobRequest) -> Sequence[Object]:
        """Objects besides the Service and the code."""
        return ()

    def suspension(self, suspended: bool) -> Object:
        return {"suspend": suspended}

    def state(self, owner: Object) -> OwnerState:
        suspended = bool(owner["spec"].get("suspend"))
        state = outcome(owner, "Complete", "Failed")
        target = true(owner, "FailureTarget")
        if target is not None:
            state = replace(state, failing_since=target.get("lastTransitionTime"))
        if target is not None and state.outcome is None:
            reason, message = target.get("reason") or "", target.get("message") or ""
            state = replace(state, failing=True, reason=reason, message=message)
        return replace(state, suspended=suspended, released=released(owner))

    def nodes(self, owner: Object) -> int:
        return int(owner["spec"].get("completions") or 1)


def master_address(request: JobRequest) -> str:
    """The host name of rank 0."""
    return f"{request.name}-0.{request.name}"


def service(request: JobRequest) -> Object:
    """The headless Service by which the pods have names."""
    port = {"name": "rendezvous", "port": request.port, "targetPort": request.port}
    spec = {
        "clusterIP": "None",
        # Ranks look for each other before they are ready.
        "publishNotReadyAddresses": True,
        "selector": {JOB_NAME: request.name},
        "ports": [port],
    }
    return child(request, "Service", spec=spec)
