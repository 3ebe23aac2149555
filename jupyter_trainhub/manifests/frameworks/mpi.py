"""Framework ``mpi`` without an operator: pod 0 runs the command and reaches the others by ssh.

All pods are those of one Indexed Job, so that they are started, stopped and end together; the
launcher runs sshd in each, and ends the others with pod 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_trainhub.manifests import pod
from jupyter_trainhub.manifests.frameworks import ssh_keys
from jupyter_trainhub.manifests.frameworks.environment import rendezvous
from jupyter_trainhub.manifests.frameworks.framework import JobRequest
from jupyter_trainhub.manifests.frameworks.indexed_job import IndexedJob, master_address
from jupyter_trainhub.manifests.frameworks.template import pod_template
from jupyter_trainhub.manifests.labels import Object


class Mpi(IndexedJob):
    """A command on the first of several nodes, on plain Kubernetes."""

    name = "mpi"
    title = "MPI"

    def template(self, request: JobRequest) -> Object:
        name = request.name
        hosts = [f"{name}-{node}.{name}" for node in range(request.spec.nodes)]
        return pod_template(
            request,
            launched_as=self.name,
            env=[*rendezvous(request, master_address(request)), *reach(hosts)],
            sources=[ssh_keys.volume(name)],
            targets=[ssh_keys.MOUNT],
            restartPolicy="Never",
            subdomain=name,
        )

    def more(self, request: JobRequest) -> Sequence[Object]:
        return [ssh_keys.secret(request)]


def reach(hosts: Sequence[str]) -> list[Object]:
    """How the launcher knows the nodes, by rank, and the keys."""
    return [
        pod.value("TRAINHUB_HOSTS", ",".join(hosts)),
        pod.value("TRAINHUB_SSH_KEYS", ssh_keys.FOLDER),
    ]
