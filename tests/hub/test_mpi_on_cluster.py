"""Framework ``mpi`` on a cluster that runs pods: real Open MPI over real ssh."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import NAMESPACES
from jupyter_trainhub.specs.job import JobSpec

pytestmark = pytest.mark.cluster

# Node 0 alone runs it: mpirun for all nodes, then pdsh and ssh without any option.
COMMAND = r"""
mpirun sh -c 'echo "rank $OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE on $(hostname)";
  printenv ODD' || exit
cat "$OMPI_MCA_orte_default_hostfile"
echo "by ssh: $(ssh job-mpi-1 'hostname; printenv ODD' | tr '\n' ' ')" || exit
if command -v pdsh >/dev/null; then pdsh -w job-mpi-0,job-mpi-1.job-mpi hostname; fi
"""
ODD = "a 'quoted' $value"


@pytest.fixture
def hub(kubeconfig: Path, image: str) -> Iterator[Hub]:
    """A hub in a namespace of the test's own, on plain Kubernetes."""
    namespace = f"mpi-{uuid.uuid4().hex[:8]}"
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig),
        namespace=namespace,
        default_image=image,
        user="ada",
        framework_backends={"mpi": ["plain"]},
    )
    made = Hub.connect(config)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    made.client.create(NAMESPACES, body)
    yield made
    made.client.delete(NAMESPACES, namespace)


def test_mpirun_reaches_all_nodes_by_ssh(hub: Hub) -> None:
    spec = {"nodes": 2, "processes_per_node": 2, "cpus": 0.1, "memory": "512Mi"}
    command = ["sh", "-c", COMMAND]
    hub.jobs.create(
        JobSpec.parse(
            {"name": "mpi", "framework": "mpi", "command": command, "env": {"ODD": ODD}, **spec}
        )
    )
    log = b"".join(hub.jobs.logs("mpi", 0, follow=True)).decode()
    view = hub.jobs.wait("mpi", 60)
    if view["phase"] == "Failed" and ("has no ssh" in log or "mpirun: not found" in log):
        pytest.skip(f"the image lacks what MPI takes: {log.strip()}")
    assert view["phase"] == "Succeeded", log
    lines = log.splitlines()
    ranks = [f"rank {rank} of 4 on job-mpi-{rank // 2}" for rank in range(4)]
    assert sorted(line for line in lines if line.startswith("rank ")) == ranks
    assert lines.count(ODD) == 4
    assert [line for line in lines if line.endswith("slots=2")] == [
        f"job-mpi-{node}.job-mpi slots=2" for node in (0, 1)
    ]
    assert f"by ssh: job-mpi-1 {ODD} " in lines
    assert [(pod["rank"], pod["phase"]) for pod in view["pods"]] == [
        (0, "Succeeded"),
        (1, "Succeeded"),
    ]
