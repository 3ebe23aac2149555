"""Volumes of jobs as claims, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.manifests.claim_reader import reader_job, reader_name
from jupyter_trainhub.manifests.claim_status import claim_view
from jupyter_trainhub.manifests.claims import (
    claim_name,
    claim_names,
    environment,
    new_claims,
    ownership,
    volumes,
)
from jupyter_trainhub.manifests.labels import KIND
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.storage import Storage

RUN = "mnist-1a2b3c4d"
GIB = 1 << 30


def job(**fields: Any) -> JobSpec:
    both = {
        "checkpoint_volume": {"path": "/ckpt", "size": "20Gi"},
        "model_volume": {"path": "/model", "claim": "job-old-00000000-model"},
    }
    return JobSpec.parse({"name": "mnist", "command": ["true"], **both, **fields})


def test_a_claim_is_made_for_each_volume_that_names_none() -> None:
    (claim,) = new_claims(job(), RUN, "ada", image="torch:2")
    assert claim["metadata"]["name"] == "job-mnist-1a2b3c4d-checkpoint"
    # What lists jobs must not find it.
    assert claim["metadata"]["labels"][KIND] == "volume"
    assert "ownerReferences" not in claim["metadata"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "20Gi"}},
    }


@pytest.mark.parametrize(
    ("nodes", "site", "expected"),
    [
        (2, {}, {"accessModes": ["ReadWriteMany"]}),
        (2, {"access_modes": ["ReadWriteOnce"]}, {"accessModes": ["ReadWriteOnce"]}),
        (1, {"storage_class": "nfs"}, {"storageClassName": "nfs"}),
    ],
)
def test_class_and_modes_are_the_sites(
    nodes: int, site: dict[str, Any], expected: dict[str, Any]
) -> None:
    (claim,) = new_claims(job(nodes=nodes, framework="pytorch"), RUN, "ada", **site)
    assert expected.items() <= claim["spec"].items()


def test_a_name_is_never_too_long_and_keeps_its_end() -> None:
    name = claim_name("Very_Long_" * 4, "x-1a2b3c4d", "checkpoint")
    assert len(name) <= 63
    assert name.endswith("-1a2b3c4d-checkpoint")
    assert name.startswith("job")


def test_pods_mount_them_and_are_told_where() -> None:
    spec = job()
    sources, targets = volumes(spec, claim_names(spec, RUN))
    claims = [source["persistentVolumeClaim"]["claimName"] for source in sources]
    assert claims == ["job-mnist-1a2b3c4d-checkpoint", "job-old-00000000-model"]
    assert [target["mountPath"] for target in targets] == ["/ckpt", "/model"]
    assert {item["name"]: item["value"] for item in environment(spec)} == {
        "TRAINHUB_CHECKPOINT_PATH": "/ckpt",
        "TRAINHUB_MODEL_PATH": "/model",
    }


def test_new_volumes_are_given_to_a_group_unless_others_have_claims_in_the_pod() -> None:
    group = {"fsGroup": 100, "fsGroupChangePolicy": "OnRootMismatch"}
    assert ownership(job(), Site(volume_group=100)) == group
    assert ownership(job(), Site()) == {}
    assert (
        ownership(JobSpec.parse({"name": "x", "command": ["true"]}), Site(volume_group=100)) == {}
    )
    shared = Storage.parse({"name": "nas", "path": "/nas", "claim": "nas"})
    read = shared.model_copy(update={"read_only": True})
    assert ownership(job(), Site(volume_group=100, storages=[shared])) == {}
    assert ownership(job(), Site(volume_group=100, storages=[read])) == group


def claim(**changes: Any) -> dict[str, Any]:
    (made,) = new_claims(job(), RUN, "ada", storage_class="fast")
    status = {"phase": "Bound", "capacity": {"storage": "20Gi"}}
    return {**made, "status": status, **changes}


def test_a_volume_tells_what_it_is() -> None:
    view = claim_view(claim(), used_by=["job-mnist-0-x"], expandable=True)
    expected = {
        "claim": "job-mnist-1a2b3c4d-checkpoint",
        "role": "checkpoint",
        "job": "mnist",
        "run": RUN,
        "owner": "ada",
        "path": "/ckpt",
        "size": 20 * GIB,
        "capacity": 20 * GIB,
        "phase": "Bound",
        "resizable": True,
        "used_by": ["job-mnist-0-x"],
        "message": None,
    }
    assert expected.items() <= view.items()


def event(reason: str, message: str, time: str = "2026-11-22T10:00:00Z") -> dict[str, Any]:
    return {"reason": reason, "message": message, "lastTimestamp": time, "metadata": {}}


@pytest.mark.parametrize(
    ("reason", "message", "told"),
    [
        ("WaitForFirstConsumer", "waiting for first consumer to be created before binding",
         "The volume is made when the first pod asks for it."),
        ("WaitForPodScheduled", "waiting for pod job-mnist-0-x to be scheduled",
         "The volume is made once the pod job-mnist-0-x has a node."),
        ("FailedBinding",
         "no persistent volumes available for this claim and no storage class is set",
         "the cluster has no default StorageClass"),
        ("ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found',
         "There is no StorageClass 'fast'."),
        # rancher.io/local-path
        ("ProvisioningFailed", 'failed to provision volume with StorageClass "fast": NodePath only '
         "supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes",
         "makes no volume with the access mode ReadWriteOnce"),
        # CSI
        ("ProvisioningFailed", 'failed to provision volume with StorageClass "fast": rpc error: '
         "code = ResourceExhausted desc = not enough space", "The storage has no room for 20Gi."),
        ("ProvisioningFailed", 'failed to provision volume with StorageClass "fast": rpc error: '
         "code = Internal desc = login refused", "login refused"),
        ("ExternalProvisioning", "Waiting for a volume to be created either by the external "
         "provisioner 'csi.example.com' or manually by the system administrator.",
         "csi.example.com is asked to make the volume."),
    ],
)  # fmt: skip
def test_a_volume_that_is_not_there_says_why(reason: str, message: str, told: str) -> None:
    pending = claim(status={"phase": "Pending"})
    earlier = event("Provisioning", "External provisioner", "2026-11-22T09:00:00Z")
    view = claim_view(pending, events=[event(reason, message), earlier])
    assert told in view["message"]
    assert view["resizable"] is False


@pytest.mark.parametrize(
    ("conditions", "events", "told"),
    [
        ([], [], "It grows to 20Gi."),
        ([{"type": "FileSystemResizePending", "status": "True"}], [],
         "its file system grows when a pod mounts it"),
        ([{"type": "Resizing", "status": "True"}],
         [event("VolumeResizeFailed", "resize failed: rpc error: no quota left")],
         "It cannot grow to 20Gi: no quota left."),
    ],
)  # fmt: skip
def test_growth_is_told_until_it_is_done(conditions: Any, events: Any, told: str) -> None:
    status = {"phase": "Bound", "capacity": {"storage": "10Gi"}, "conditions": conditions}
    assert told in claim_view(claim(status=status), events=events)["message"]


def test_a_reader_only_reads_and_ends_by_itself() -> None:
    made = reader_job("c", image="torch:2", owner="ada", node="n1")
    pod = made["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert made["metadata"]["name"] == reader_name("c")
    assert made["spec"]["ttlSecondsAfterFinished"] < 60
    assert container["volumeMounts"][0]["readOnly"] is True
    assert container["command"][-1] == "600"
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert "n1" in str(pod["affinity"])


def test_a_reader_fits_a_restricted_namespace() -> None:
    made = reader_job("c", image="torch:2", owner="ada", group=100, as_root=False)
    pod = made["spec"]["template"]["spec"]
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["supplementalGroups"] == [100]
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "affinity" not in pod
