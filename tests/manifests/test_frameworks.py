"""Jobs as objects: what each framework makes of a spec."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from jupyter_trainhub.manifests.frameworks import registry
from jupyter_trainhub.manifests.frameworks.applied import APPLIED_FILE, applied
from jupyter_trainhub.manifests.frameworks.framework import Framework, JobObjects
from jupyter_trainhub.manifests.frameworks.indexed_job import IndexedJob
from jupyter_trainhub.manifests.frameworks.pytorch import PyTorch
from jupyter_trainhub.manifests.frameworks.pytorchjob import PyTorchJob
from jupyter_trainhub.manifests.frameworks.registry import (
    BUILT_IN,
    framework_of,
    frameworks,
    rank_of,
)
from jupyter_trainhub.manifests.frameworks.single import Single
from jupyter_trainhub.manifests.frameworks.trainjob import TrainJob
from jupyter_trainhub.manifests.pod import main_container
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.manifests.submission import Submission
from jupyter_trainhub.specs.storage import Storage
from tests.manifests.crds.schemas import check_custom
from tests.manifests.jobs import RUN, child, owner_of, request

GOLDEN = Path(__file__).parent / "golden"

FULL: dict[str, Any] = {
    "nodes": 3,
    "gpus": 2,
    "cpus": 1.5,
    "shared_memory": "1Gi",
    "time_limit": 60,
    "restarts": 3,
    "env": {"MODE": "$(HOME)", "NCCL_DEBUG": "INFO"},
    "working_dir": "/work",
    "storages": ["home"],
    "checkpoint_volume": {"path": "/checkpoints", "size": "5Gi"},
    "model_volume": {"path": "/model", "claim": "kept"},
}
STORAGE = Storage.parse({"name": "home", "path": "/home/ada", "claim": "nas", "sub_path": "ada"})
SITE = Site(
    storages=[STORAGE],
    pull_secrets=["regcred"],
    node_selector={"pool": "a800"},
    priority_class="high",
    env={"NCCL_IB_DISABLE": "0"},
    resources={"rdma/hca": "1"},
    capabilities=["IPC_LOCK"],
    runs="/home/ada/.trainhub/runs",
)
ONE_NODE: dict[str, Any] = {"nodes": 1}


def id_of(framework: Framework) -> str:
    return f"{framework.name}-{framework.backend}"


def objects_of(framework: Framework, /, site: Site = SITE, **fields: Any) -> JobObjects:
    shape = {"framework": framework.name, **FULL, **({} if framework.multi_node else ONE_NODE)}
    return framework.objects(request(site=site, **{**shape, **fields}))


def pod_template(objects: JobObjects) -> dict[str, Any]:
    template: dict[str, Any] = objects.owner["spec"]["template"]
    return template


def container(objects: JobObjects) -> dict[str, Any]:
    (found,) = pod_template(objects)["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def environment(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        item["name"]: item["value"]
        if "value" in item
        else item["valueFrom"]["fieldRef"]["fieldPath"]
        for item in items
    }


@pytest.mark.parametrize("framework", BUILT_IN, ids=id_of)
def test_objects_are_as_they_were_looked_at(framework: Framework) -> None:
    """``TRAINHUB_WRITE_GOLDEN=1`` writes the files anew; then look at the difference."""
    objects = objects_of(framework)
    found = [objects.owner, *(item for item in objects.children if item["kind"] == "Service")]
    path = GOLDEN / f"{id_of(framework)}.yaml"
    if os.environ.get("TRAINHUB_WRITE_GOLDEN"):
        path.write_text(applied(found))
    assert list(yaml.safe_load_all(path.read_text())) == found


@pytest.mark.parametrize("framework", BUILT_IN, ids=id_of)
def test_objects_are_valid(framework: Framework) -> None:
    # More than one ConfigMap takes.
    files = {"files/a b/é.bin": random.Random(1).randbytes(1 << 20)}
    objects = objects_of(framework, host_network=True, files=files)
    for item in [objects.owner, *objects.children]:
        assert len(item["metadata"]["name"]) <= 63
        if item["apiVersion"] in ("v1", "batch/v1"):
            kubernetes_validate.validate(item, "1.36", strict=True)
        else:
            check_custom(item)


@pytest.mark.parametrize("framework", BUILT_IN, ids=id_of)
def test_every_owner_starts_suspended_and_is_known_again(framework: Framework) -> None:
    objects = objects_of(framework)
    assert framework.state(objects.owner).suspended
    released = owner_of(framework, **({} if framework.multi_node else ONE_NODE))
    assert not framework.state(released).suspended
    assert framework_of(objects.owner) is framework
    assert framework.nodes(objects.owner) == (3 if framework.multi_node else 1)


def templates(owner: dict[str, Any]) -> list[dict[str, Any]]:
    """The metadata and containers of every pod template in an owner."""
    spec = owner["spec"]
    if "template" in spec:
        return [spec["template"]]
    if "trainer" in spec:
        runtime = spec["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]
        template = runtime["replicatedJobs"][0]["template"]["spec"]["template"]
        pod = template["spec"]
        (patched,) = pod["containers"]
        filled = {**pod, "containers": [{**spec["trainer"], **patched}]}
        return [{**template, "spec": filled}]
    replicas = spec.get("pytorchReplicaSpecs") or spec["mpiReplicaSpecs"]
    return [replica["template"] for replica in replicas.values()]


@pytest.mark.parametrize("framework", BUILT_IN, ids=id_of)
def test_every_pod_has_what_is_promised(framework: Framework) -> None:
    objects = objects_of(framework)
    for template in templates(objects.owner):
        labels = template["metadata"]["labels"]
        assert labels["trainhub.jupyter.org/kind"] == "job"
        assert labels["trainhub.jupyter.org/run"] == RUN
        assert labels["trainhub.jupyter.org/attempt"] == "1"
        assert labels["sidecar.istio.io/inject"] == "false"
        pod = {"metadata": template["metadata"], "spec": template["spec"]}
        (container,) = template["spec"]["containers"]
        assert main_container(pod) == container["name"]
        values = environment(container["env"])
        assert values["TRAINHUB_JOB"] == "Run_1"
        assert values["TRAINHUB_ATTEMPTS"] == "4"
        assert values["TRAINHUB_TIME_LIMIT"] == "60"
        assert values["TRAINHUB_PEER_TIMEOUT"] == "600"
        assert values["TRAINHUB_CHECKPOINT_PATH"] == "/checkpoints"
        assert values["TRAINHUB_MODEL_PATH"] == "/model"
        assert values["TRAINHUB_RUN_FOLDER"] == f"/home/ada/.trainhub/runs/{RUN}"
        assert values["NCCL_IB_DISABLE"] == "0"
        # Kubernetes would replace "$(HOME)", and the user's text arrives as it was written.
        assert values["MODE"] == "$$(HOME)"
        assert container["command"][:3] == ["python", "/trainhub/launch.py", "--"]
        mounts = {item["mountPath"] for item in container["volumeMounts"]}
        assert {"/trainhub", "/home/ada", "/checkpoints", "/model", "/dev/shm"} <= mounts
        resources = container.get("resources") or container["resourcesPerNode"]
        assert resources["limits"]["nvidia.com/gpu"] == "2"
        assert resources["requests"]["rdma/hca"] == "1"
        assert container["securityContext"]["capabilities"]["add"] == ["IPC_LOCK"]
        assert template["spec"]["nodeSelector"] == {"pool": "a800"}


def test_ranks_on_plain_kubernetes_find_each_other() -> None:
    objects = objects_of(PyTorch())
    spec, name = objects.owner["spec"], objects.owner["metadata"]["name"]
    assert name == "job--run-01"
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 3, 3)
    # A single rank is never started again, and one that is told to go counts as failed at once.
    assert (spec["backoffLimit"], spec["podReplacementPolicy"]) == (0, "TerminatingOrFailed")
    assert "activeDeadlineSeconds" not in spec
    pod = pod_template(objects)["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["priorityClassName"] == "high"
    service = child(objects, "Service")
    assert pod["subdomain"] == service["metadata"]["name"]
    assert (service["spec"]["clusterIP"], service["spec"]["publishNotReadyAddresses"]) == (
        "None",
        True,
    )
    assert service["spec"]["selector"] == {"batch.kubernetes.io/job-name": name}
    values = environment(container(objects)["env"])
    index = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    assert values["MASTER_ADDR"] == values["PET_MASTER_ADDR"] == f"{name}-0.{name}"
    assert values["MASTER_PORT"] == values["PET_MASTER_PORT"] == "23456"
    assert (values["WORLD_SIZE"], values["PET_NNODES"]) == ("6", "3")
    assert values["PET_NPROC_PER_NODE"] == "2"
    assert values["RANK"] == values["PET_NODE_RANK"] == index


def test_pytorchjob_has_a_master_and_workers() -> None:
    objects = objects_of(PyTorchJob())
    spec = objects.owner["spec"]
    assert spec["nprocPerNode"] == "2"
    assert spec["runPolicy"] == {"suspend": True, "cleanPodPolicy": "Running", "backoffLimit": 0}
    master, worker = spec["pytorchReplicaSpecs"]["Master"], spec["pytorchReplicaSpecs"]["Worker"]
    assert (master["replicas"], worker["replicas"]) == (1, 2)
    assert master["restartPolicy"] == worker["restartPolicy"] == "Never"
    (container,) = master["template"]["spec"]["containers"]
    assert container["name"] == "pytorch"
    assert container["ports"] == [{"name": "pytorchjob-port", "containerPort": 23456}]
    # The operator appends these, so that ours would be there twice.
    assert not {"RANK", "WORLD_SIZE", "MASTER_ADDR"} & set(environment(container["env"]))
    alone = objects_of(PyTorchJob(), **ONE_NODE).owner["spec"]["pytorchReplicaSpecs"]
    assert list(alone) == ["Master"]


@pytest.mark.parametrize(
    ("kind", "index", "rank"), [("master", 0, 0), ("worker", 0, 1), ("worker", 6, 7)]
)
def test_the_rank_of_a_replica(kind: str, index: int, rank: int) -> None:
    labels = {
        "training.kubeflow.org/replica-type": kind,
        "training.kubeflow.org/replica-index": str(index),
    }
    made_by = {"kind": "PyTorchJob", "controller": True}
    pod = {"metadata": {"labels": labels, "ownerReferences": [made_by]}}
    assert (PyTorchJob().rank(pod), PyTorchJob().role(pod)) == (rank, kind)
    assert rank_of(pod) == rank


def test_trainjob_says_the_rest_by_patches() -> None:
    owner = objects_of(TrainJob(), site=SITE).owner
    trainer = owner["spec"]["trainer"]
    assert (trainer["numNodes"], trainer["numProcPerNode"]) == (3, 2)
    values = environment(trainer["env"])
    assert not any(name.startswith("PET_") for name in values)
    assert values["TRAINHUB_WORKING_DIR"] == "/work"
    (template,) = templates(owner)
    mounts = [item["mountPath"] for item in template["spec"]["containers"][0]["volumeMounts"]]
    assert "/var/run/secrets/kubernetes.io/serviceaccount" in mounts
    assert "activeDeadlineSeconds" not in owner["spec"]


@pytest.mark.parametrize(
    ("fields", "site", "lack"),
    [
        ({}, Site(), None),
        ({"host_network": True}, Site(), "host_network"),
        ({"always_pull": True}, Site(), "always_pull"),
        ({"command": ["x"] * 130}, Site(), "command"),
        ({}, Site(priority_class="high"), "priority"),
        ({"name": "a" * 48}, Site(), "name"),
    ],
)
def test_what_a_trainjob_cannot_do(fields: dict[str, Any], site: Site, lack: str | None) -> None:
    assert TrainJob().lacks(request(framework="pytorch", **fields).spec, site) == lack


def test_the_longest_name_of_a_pytorchjob_is_that_of_its_last_attempt() -> None:
    fields: dict[str, Any] = {"framework": "pytorch", "name": "a" * 48, "nodes": 100}
    assert PyTorchJob().lacks(request(**fields).spec, Site()) is None
    assert PyTorchJob().lacks(request(**fields, restarts=20).spec, Site()) == "name"


def test_the_deadline_of_a_pod_is_a_backstop() -> None:
    deadline = pod_template(objects_of(Single()))["spec"]["activeDeadlineSeconds"]
    # The launcher counts from when all nodes are there, and grants 30 s to end.
    assert deadline > 60 + 600 + 30
    pod = pod_template(objects_of(Single(), time_limit=None))["spec"]
    assert "activeDeadlineSeconds" not in pod


def test_the_users_text_reaches_the_container_as_it_is() -> None:
    objects = objects_of(Single(), command=["prog", "$(date)", "$RANK", "$$", "a b"])
    # Kubernetes turns "$$" into "$" and replaces "$(NAME)".
    assert container(objects)["command"][3:] == ["prog", "$$(date)", "$RANK", "$$$", "a b"]


def test_the_owner_tells_where_the_job_comes_from() -> None:
    asked = request(attempt=2)
    again = type(asked)(**{**vars(asked), "submission": Submission(from_run="old-1")})
    metadata = Single().objects(again).owner["metadata"]
    assert metadata["labels"]["trainhub.jupyter.org/owner"] == "ada-example.org"
    assert metadata["labels"]["trainhub.jupyter.org/attempt"] == "2"
    assert metadata["annotations"]["trainhub.jupyter.org/owner"] == "ada@example.org"
    assert metadata["annotations"]["trainhub.jupyter.org/from-run"] == "old-1"
    assert metadata["name"] == "job--run-01-12"


def test_what_was_applied_is_kept_without_code_and_secrets() -> None:
    objects = Single().objects(request({"train.py": b"password = 'x'"}))
    run = child(objects, "ConfigMap", "-run")
    assert set(run["data"]) == {APPLIED_FILE, "submission.json", "changes.diff"}
    documents = list(yaml.safe_load_all(run["data"][APPLIED_FILE]))
    assert documents[0] == objects.owner
    assert [item["kind"] for item in documents] == ["Job", "Service", "ConfigMap"]
    assert "password" not in run["data"][APPLIED_FILE]


class Sweep(IndexedJob):
    """Another package's framework: the command runs on every node by itself."""

    name = "sweep"
    title = "Sweep"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs a package with entry points of our group: ``name = value``."""

    def install(**points: str) -> None:
        info = tmp_path / "sweeps-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sweeps\nVersion: 1.0\n")
        lines = [f"[{registry.GROUP}]", *(f"{name} = {value}" for name, value in points.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        frameworks.cache_clear()

    yield install
    frameworks.cache_clear()


def test_another_package_brings_a_framework(package: Any) -> None:
    package(sweep=f"{__name__}:Sweep", broken="no_such_module:X", wrong="json:dumps")
    found = frameworks()[len(BUILT_IN) :]
    assert [framework.name for framework in found] == ["sweep"]
    owner = objects_of(found[0]).owner
    assert framework_of(owner) is found[0]


def test_a_job_outlives_the_package_of_its_framework() -> None:
    owner = objects_of(Sweep()).owner
    assert framework_of(owner).state(owner).suspended
