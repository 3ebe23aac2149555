"""Framework ``mpi`` on the MPI operator's MPIJob v2beta1.

The operator makes pods and a Service; what runs in them is the same as on plain Kubernetes, so that
users find the same variables, host list and ssh. Its own key and host list are left unused: they do
not work for every user of an image.
https://github.com/kubeflow/mpi-operator/blob/master/pkg/controller/mpi_job_controller.go
"""

from __future__ import annotations

from jupyter_trainhub.kube.resources import MPI_JOBS
from jupyter_trainhub.manifests import pod as pods
from jupyter_trainhub.manifests.frameworks import ssh_keys
from jupyter_trainhub.manifests.frameworks.applied import job_objects
from jupyter_trainhub.manifests.frameworks.framework import JobObjects, JobRequest
from jupyter_trainhub.manifests.frameworks.mpi import reach
from jupyter_trainhub.manifests.frameworks.names import longest_name
from jupyter_trainhub.manifests.frameworks.run_policy import RunPolicyFramework
from jupyter_trainhub.manifests.frameworks.template import owner_metadata, pod_template
from jupyter_trainhub.manifests.labels import Object, natural
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.job import JobSpec

ROLE = "training.kubeflow.org/job-role"
# Where the operator mounts its key; by default it would cover a user's own ~/.ssh.
OPERATORS_KEY = "/etc/mpi-ssh"


class MpiJob(RunPolicyFramework):
    """A launcher, which is also the first worker, and the other workers, made by the operator."""

    name = "mpi"
    backend = "mpijob"
    title = "MPI (MPIJob)"
    resource = MPI_JOBS
    kind = "MPIJob"
    replica_specs = "mpiReplicaSpecs"

    def lacks(self, spec: JobSpec, site: Site) -> str | None:
        # The operator appends to the name, which is then one label of DNS.
        return "name" if len(f"{longest_name(spec)}-worker-{max(0, spec.nodes - 2)}") > 63 else None

    def objects(self, request: JobRequest) -> JobObjects:
        job: Object = {
            "apiVersion": "kubeflow.org/v2beta1",
            "kind": "MPIJob",
            "metadata": owner_metadata(request, self),
            "spec": {
                "slotsPerWorker": request.spec.processes,
                # Else the launcher's pod would be one more, without GPUs.
                "runLauncherAsWorker": True,
                # All wait for each other by themselves; a launcher that comes last would
                # keep the others waiting without a word.
                "launcherCreationPolicy": "AtStartup",
                "mpiImplementation": "OpenMPI",
                "sshAuthMountPath": OPERATORS_KEY,
                "runPolicy": {"suspend": True, "cleanPodPolicy": "Running", "backoffLimit": 0},
                "mpiReplicaSpecs": self._replicas(request),
            },
        }
        return job_objects(request, job, [ssh_keys.secret(request)])

    def _replicas(self, request: JobRequest) -> Object:
        launcher = self._replica(request, 1, pods.value("PET_NODE_RANK", "0"))
        others = request.spec.nodes - 1
        if not others:
            return {"Launcher": launcher}
        # The index that the operator gives to workers begins with 0 or 1, as its version is.
        named = pods.from_field("TRAINHUB_POD", "metadata.name")
        return {"Launcher": launcher, "Worker": self._replica(request, others, named)}

    def _replica(self, request: JobRequest, replicas: int, place: Object) -> Object:
        spec, name = request.spec, request.name
        workers = [f"{name}-worker-{index}.{name}" for index in range(spec.nodes - 1)]
        hosts = [f"{name}-launcher.{name}", *workers]
        values = {
            "MASTER_ADDR": hosts[0],
            "MASTER_PORT": str(request.port),
            "PET_MASTER_ADDR": hosts[0],
            "PET_MASTER_PORT": str(request.port),
            "PET_NNODES": str(spec.nodes),
            "PET_NPROC_PER_NODE": str(spec.processes),
        }
        env = [place, *(pods.value(key, text) for key, text in values.items()), *reach(hosts)]
        template = pod_template(
            request,
            launched_as=self.name,
            env=env,
            sources=[ssh_keys.volume(name)],
            targets=[ssh_keys.MOUNT],
        )
        return {"replicas": replicas, "restartPolicy": "Never", "template": template}

    def rank(self, pod: Object) -> int:
        if self.role(pod) == "launcher":
            return 0
        return natural(pod["metadata"]["name"].rpartition("-")[2], -1) + 1

    def role(self, pod: Object) -> str:
        return str(pod["metadata"].get("labels", {}).get(ROLE, "launcher"))
