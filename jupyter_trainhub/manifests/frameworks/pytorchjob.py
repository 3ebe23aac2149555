"""Framework ``pytorch`` on the training operator's PyTorchJob v1.

https://github.com/kubeflow/trainer/tree/release-1.9/pkg/controller.v1/pytorch
"""

from __future__ import annotations

from jupyter_trainhub.kube.resources import PYTORCH_JOBS
from jupyter_trainhub.manifests.frameworks.applied import job_objects
from jupyter_trainhub.manifests.frameworks.framework import JobObjects, JobRequest
from jupyter_trainhub.manifests.frameworks.names import longest_name
from jupyter_trainhub.manifests.frameworks.run_policy import RunPolicyFramework
from jupyter_trainhub.manifests.frameworks.template import owner_metadata, pod_template
from jupyter_trainhub.manifests.labels import Object, natural
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.job import JobSpec

# What the operator calls the container, and the port of it at which rank 0 is met.
CONTAINER = "pytorch"
PORT_NAME = "pytorchjob-port"

TYPE = "training.kubeflow.org/replica-type"
INDEX = "training.kubeflow.org/replica-index"


class PyTorchJob(RunPolicyFramework):
    """torchrun on a master and workers that the operator makes.

    The operator sets ``MASTER_ADDR``, ``RANK``, ``WORLD_SIZE`` and ``PET_*`` in every pod, because
    there is always a master; ``WORLD_SIZE`` counts processes because their number is given.
    """

    name = "pytorch"
    backend = "pytorchjob"
    title = "PyTorch (PyTorchJob)"
    resource = PYTORCH_JOBS
    kind = "PyTorchJob"
    replica_specs = "pytorchReplicaSpecs"

    def lacks(self, spec: JobSpec, site: Site) -> str | None:
        # The operator makes a Service for each pod, whose name is one label of DNS.
        return "name" if len(longest_name(spec)) + len(f"-worker-{spec.nodes}") > 63 else None

    def objects(self, request: JobRequest) -> JobObjects:
        job: Object = {
            "apiVersion": "kubeflow.org/v1",
            "kind": "PyTorchJob",
            "metadata": owner_metadata(request, self),
            "spec": {
                "nprocPerNode": str(request.spec.processes),
                "runPolicy": {
                    "suspend": True,
                    # Frees the GPUs of the others when one fails, and keeps the logs of the ended.
                    "cleanPodPolicy": "Running",
                    "backoffLimit": 0,
                },
                "pytorchReplicaSpecs": self._replicas(request),
            },
        }
        return job_objects(request, job, [])

    def _replicas(self, request: JobRequest) -> Object:
        port = {"name": PORT_NAME, "containerPort": request.port}
        replica = {
            "restartPolicy": "Never",
            "template": pod_template(
                request, launched_as=self.name, container=CONTAINER, settings={"ports": [port]}
            ),
        }
        replicas = {"Master": {"replicas": 1, **replica}}
        if request.spec.nodes > 1:
            replicas["Worker"] = {"replicas": request.spec.nodes - 1, **replica}
        return replicas

    def rank(self, pod: Object) -> int:
        number = natural(pod["metadata"].get("labels", {}).get(INDEX, ""))
        return number + 1 if self.role(pod) == "worker" else number

    def role(self, pod: Object) -> str:
        return str(pod["metadata"].get("labels", {}).get(TYPE, "master"))
