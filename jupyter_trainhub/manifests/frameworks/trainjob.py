"""Framework ``pytorch`` on Kubeflow Trainer's TrainJob v1alpha1.

A TrainJob names a runtime, and changes it by patches that allow less than a pod template has.
https://www.kubeflow.org/docs/components/trainer/operator-guides/runtime-patches/
"""

from __future__ import annotations

from dataclasses import replace

from jupyter_trainhub.kube.resources import TRAIN_JOBS
from jupyter_trainhub.manifests.frameworks.applied import job_objects
from jupyter_trainhub.manifests.frameworks.conditions import outcome, released
from jupyter_trainhub.manifests.frameworks.framework import (
    Framework,
    JobObjects,
    JobRequest,
    OwnerState,
)
from jupyter_trainhub.manifests.frameworks.names import longest_name
from jupyter_trainhub.manifests.frameworks.template import owner_metadata, pod_template
from jupyter_trainhub.manifests.labels import DOMAIN, Object
from jupyter_trainhub.manifests.pod import value
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.manifests.volumes import make_folders
from jupyter_trainhub.specs.job import JobSpec

# The replicated job of the runtime that trains, and its container.
NODE = "node"

# The most items of a command, and of the variables.
_MOST = 128

# What a patch may say of a pod; the rest is the runtime's.
_PATCHED = (
    "imagePullSecrets",
    "nodeSelector",
    "securityContext",
    "terminationGracePeriodSeconds",
    "volumes",
)

# An empty folder where the token of the service account would be mounted keeps it out, for a patch
# cannot say automountServiceAccountToken.
_NO_TOKEN = {"name": "no-token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}


class TrainJob(Framework):
    """torchrun on the nodes of a training runtime.

    Only ``PET_*`` come from the operator; the launcher completes the rest and changes to the
    working folder. There is no deadline on the TrainJob itself: it would count the time in the
    queue, and the pods and their logs are removed with it.
    """

    name = "pytorch"
    backend = "trainjob"
    title = "PyTorch (TrainJob)"
    resource = TRAIN_JOBS
    kind = "TrainJob"

    def lacks(self, spec: JobSpec, site: Site) -> str | None:
        missing = {
            "host_network": spec.host_network,
            "always_pull": spec.always_pull,
            "priority": site.priority_class is not None,
            "storages": bool(make_folders(spec, site, "")),
            "command": len(spec.command or ()) > _MOST - 3,
            # Ours are about 20.
            "env": len(spec.env) + len(site.env) > _MOST - 28,
            # The pods are called "<name>-node-0-<index>-<5 characters>".
            "name": len(longest_name(spec)) + len(f"-{NODE}-0-{spec.nodes}-12345") > 63,
        }
        return next((field for field, lacking in missing.items() if lacking), None)

    def objects(self, request: JobRequest) -> JobObjects:
        spec, site = request.spec, request.site
        env = [] if spec.working_dir is None else [value("TRAINHUB_WORKING_DIR", spec.working_dir)]
        template = pod_template(
            request,
            launched_as=self.name,
            container=NODE,
            env=env,
            sources=[{"name": "no-token", "emptyDir": {}}],
            targets=[_NO_TOKEN],
        )
        (container,) = template["spec"]["containers"]
        job: Object = {
            "apiVersion": "trainer.kubeflow.org/v1alpha1",
            "kind": "TrainJob",
            "metadata": owner_metadata(request, self),
            "spec": {
                "suspend": True,
                "runtimeRef": {"name": site.training_runtime},
                "trainer": {
                    "image": request.image,
                    "command": container["command"],
                    "env": container["env"],
                    "numNodes": spec.nodes,
                    "numProcPerNode": spec.processes,
                    "resourcesPerNode": container["resources"],
                },
                "runtimePatches": [
                    {
                        "manager": f"{DOMAIN}/jobs",
                        "trainingRuntimeSpec": _patch(template),
                    }
                ],
            },
        }
        return job_objects(request, job, [])

    def suspension(self, suspended: bool) -> Object:
        return {"suspend": suspended}

    def state(self, owner: Object) -> OwnerState:
        state = outcome(owner, "Complete", "Failed")
        suspended = bool(owner["spec"].get("suspend"))
        return replace(state, suspended=suspended, released=released(owner))

    def nodes(self, owner: Object) -> int:
        return int(owner["spec"].get("trainer", {}).get("numNodes") or 1)


def _patch(template: Object) -> Object:
    """What of a pod template a TrainJob may change of its runtime."""
    (container,) = template["spec"]["containers"]
    kept = {
        key: container[key]
        for key in ("name", "volumeMounts", "securityContext")
        if key in container
    }
    pod = {key: template["spec"][key] for key in _PATCHED if key in template["spec"]}
    job = {"template": {"metadata": template["metadata"], "spec": {**pod, "containers": [kept]}}}
    return {"template": {"spec": {"replicatedJobs": [{"name": NODE, "template": {"spec": job}}]}}}
