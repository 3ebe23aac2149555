"""Framework ``mpi`` as objects: hosts, ranks and keys."""

from __future__ import annotations

import base64

import asyncssh
import pytest

from jupyter_trainhub.manifests.frameworks.framework import Framework
from jupyter_trainhub.manifests.frameworks.mpi import Mpi
from jupyter_trainhub.manifests.frameworks.mpijob import MpiJob
from tests.manifests.jobs import child, request


def variables(template: dict[str, object]) -> dict[str, str]:
    (container,) = template["spec"]["containers"]  # type: ignore[index]
    return {item["name"]: item.get("value", "") for item in container["env"]}


def test_hosts_are_named_by_rank() -> None:
    objects = Mpi().objects(request(framework="mpi", nodes=2, processes_per_node=4))
    values = variables(objects.owner["spec"]["template"])
    assert values["TRAINHUB_HOSTS"] == "job--run-01-0.job--run-01,job--run-01-1.job--run-01"
    assert values["PET_NPROC_PER_NODE"] == "4"
    assert values["MASTER_ADDR"] == "job--run-01-0.job--run-01"


def test_the_operators_launcher_is_the_first_worker() -> None:
    spec = MpiJob().objects(request(framework="mpi", nodes=3)).owner["spec"]
    launcher, worker = (spec["mpiReplicaSpecs"][role] for role in ("Launcher", "Worker"))
    assert (launcher["replicas"], worker["replicas"]) == (1, 2)
    hosts = variables(launcher["template"])["TRAINHUB_HOSTS"].split(",")
    assert hosts == [
        f"job--run-01-{name}.job--run-01" for name in ("launcher", "worker-0", "worker-1")
    ]
    assert variables(launcher["template"])["PET_NODE_RANK"] == "0"
    assert "PET_NODE_RANK" not in variables(worker["template"])
    assert variables(worker["template"])["MASTER_ADDR"] == hosts[0]
    # A mounted home keeps its own ~/.ssh.
    assert "/.ssh" not in spec["sshAuthMountPath"]


def test_one_node_has_no_workers() -> None:
    spec = MpiJob().objects(request(framework="mpi")).owner["spec"]
    assert list(spec["mpiReplicaSpecs"]) == ["Launcher"]


@pytest.mark.parametrize(
    ("name", "role", "rank"),
    [
        ("job-x-launcher-k2x9f", "launcher", 0),
        ("job-x-worker-0", "worker", 1),
        ("job-x-worker-11", "worker", 12),
    ],
)
def test_the_rank_of_an_operators_pod(name: str, role: str, rank: int) -> None:
    labels = {"training.kubeflow.org/job-role": role, "training.kubeflow.org/replica-index": "7"}
    pod = {"metadata": {"name": name, "labels": labels}}
    assert (MpiJob().rank(pod), MpiJob().role(pod)) == (rank, role)


@pytest.mark.parametrize("framework", [Mpi(), MpiJob()])
def test_every_attempt_has_keys_of_its_own(framework: Framework) -> None:
    asked = request(framework="mpi", nodes=2)
    secrets = [child(framework.objects(asked), "Secret", "-keys") for _ in range(2)]
    seen = set()
    for secret in secrets:
        files = {name: base64.b64decode(text).decode() for name, text in secret["data"].items()}
        for name in ("identity", "host_key"):
            public = asyncssh.import_private_key(files[name]).export_public_key().decode()
            assert public.split()[:2] == files[f"{name}.pub"].split()
            seen.add(public)
    assert len(seen) == 4


@pytest.mark.parametrize(("restarts", "lack"), [(0, None), (1, "name")])
def test_the_operator_appends_to_the_name(restarts: int, lack: str | None) -> None:
    asked = request(framework="mpi", nodes=1000, restarts=restarts)
    spec = asked.spec.model_copy(update={"name": "x" * 48})
    assert MpiJob().lacks(spec, asked.site) == lack
