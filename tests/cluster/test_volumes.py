"""Volumes as pods see them, and claims."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.cluster.pods import not_honoured, pod
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config"}}


def ended(kubectl: Kubectl, name: str) -> str:
    """The log of a pod that has ended."""
    eventually(lambda: kubectl.get("pod", name)["status"]["phase"] in ("Succeeded", "Failed"), 60)
    return kubectl("logs", name)


def test_files_of_a_config_map_follow_it_but_not_under_a_sub_path(
    kubectl: Kubectl, image: str
) -> None:
    kubectl.apply({**CONFIG, "data": {"a": "old", "b": "kept"}})
    script = (
        "readlink /config/a; cat /config/a /fixed; echo; [ ! -w /config/a ] || echo written;"
        "until [ $(cat /config/a) = new ]; do sleep 0.1; done; cat /config/a /fixed"
    )
    kubectl.apply(
        pod("follows", image, script, volumes=[{"name": "v", "configMap": {"name": "config"}}],
            volumeMounts=[{"name": "v", "mountPath": "/config"},
                          {"name": "v", "mountPath": "/fixed", "subPath": "a"}])
    )  # fmt: skip
    eventually(lambda: "oldold" in kubectl.run("logs", "follows").stdout)
    kubectl("patch", "configmap", "config", "--patch", '{"data": {"a": "new"}}')
    # A real kubelet takes up to a minute or two to look again.
    eventually(lambda: kubectl.get("pod", "follows")["status"]["phase"] == "Succeeded", 150)
    assert kubectl("logs", "follows").split() == ["..data/a", "oldold", "newold"]


def test_a_projected_volume_shows_several_objects(kubectl: Kubectl, image: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
              "stringData": {"pw": "hidden"}}  # fmt: skip
    kubectl.apply({**CONFIG, "data": {"a": "one"}}, secret)
    container = {"resources": {"requests": {"cpu": "100m"}}}
    reference = {"containerName": "main", "resource": "requests.cpu", "divisor": "1m"}
    sources = [
        {"configMap": {"name": "config", "items": [{"key": "a", "path": "deep/a"}]}},
        {"configMap": {"name": "absent", "optional": True}},
        {"secret": {"name": "s", "items": [{"key": "pw", "path": "pw", "mode": 0o400}]}},
        {"downwardAPI": {"items": [
            {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
            {"path": "cpu", "resourceFieldRef": reference}]}},
    ]  # fmt: skip
    script = "cd /all; cat deep/a pw labels cpu; echo; stat -L -c %a pw deep/a"
    kubectl.apply(
        pod("shows", image, script, labels={"app": "x"}, **container,
            volumes=[{"name": "v", "projected": {"sources": sources, "defaultMode": 0o640}}],
            volumeMounts=[{"name": "v", "mountPath": "/all"}])
    )  # fmt: skip
    assert ended(kubectl, "shows").split() == ['onehiddenapp="x"100', "400", "640"]


def test_memory_is_shared_by_the_containers_of_a_pod_and_limited(
    kubectl: Kubectl, image: str
) -> None:
    mounts = [{"name": "m", "mountPath": "/m"}]
    first = {"name": "first", "image": image, "command": ["/bin/sh", "-c", "echo hello > /m/f"],
             "volumeMounts": mounts}  # fmt: skip
    fill = "head -c 3000000 /dev/zero 2>/dev/null > /m/big || echo full"
    script = f"cat /m/f; {fill}; stat -f -c %T /m"
    memory = {"medium": "Memory", "sizeLimit": "2Mi"}
    kubectl.apply(
        pod("memory", image, script, initContainers=[first], volumeMounts=mounts,
            volumes=[{"name": "m", "emptyDir": memory}])
    )  # fmt: skip
    log = ended(kubectl, "memory").splitlines()
    assert log[0] == "hello"
    on_disk = "emptyDir.medium of m" in not_honoured(kubectl, "memory")
    assert on_disk or log[-2:] == ["full", "tmpfs"]


def test_a_pod_that_fills_its_empty_dir_is_evicted(kubectl: Kubectl, image: str) -> None:
    script = "head -c 3000000 /dev/zero > /d/big; sync; sleep 300"
    kubectl.apply(
        pod("fills", image, script, volumeMounts=[{"name": "d", "mountPath": "/d"}],
            volumes=[{"name": "d", "emptyDir": {"sizeLimit": "1Mi"}}])
    )  # fmt: skip
    # A real kubelet looks once a minute.
    eventually(lambda: kubectl.get("pod", "fills")["status"]["phase"] == "Failed", 150)
    status = kubectl.get("pod", "fills")["status"]
    assert status["reason"] == "Evicted"
    assert status["message"] == 'Usage of EmptyDir volume "d" exceeds the limit "1Mi". '


VOLUMES_NOT_TO_BE_HAD: dict[str, tuple[dict[str, Any], str]] = {
    "secret": ({"secret": {"secretName": "nope"}}, 'secret "nope" not found'),
    "key": ({"configMap": {"name": "config", "items": [{"key": "z", "path": "z"}]}},
            "configmap references non-existent config key: z"),
    "directory": ({"hostPath": {"path": "/none/such", "type": "Directory"}},
                  "hostPath type check failed: /none/such is not a directory"),
    "socket": ({"hostPath": {"path": "/tmp", "type": "Socket"}},
               "hostPath type check failed: /tmp is not a socket file"),
    "nfs": ({"nfs": {"server": "127.0.0.1", "path": "/none"}}, "mount failed: "),
}  # fmt: skip


def test_a_pod_waits_for_volumes_that_are_not_to_be_had(kubectl: Kubectl, image: str) -> None:
    kubectl.apply({**CONFIG, "data": {"a": "1"}})
    mounts = [{"name": "v", "mountPath": "/v"}]
    kubectl.apply(
        *(pod(name, image, "cat /v/z", volumes=[{"name": "v", **source}], volumeMounts=mounts)
          for name, (source, _) in VOLUMES_NOT_TO_BE_HAD.items())
    )  # fmt: skip

    def told(name: str, message: str) -> bool:
        events = kubectl.get("events", "--field-selector", f"involvedObject.name={name}")["items"]
        start = f'MountVolume.SetUp failed for volume "v" : {message}'
        return any(e["reason"] == "FailedMount" and e["message"].startswith(start) for e in events)

    for name, (_, message) in VOLUMES_NOT_TO_BE_HAD.items():
        eventually(partial(told, name, message))
        container = kubectl.get("pod", name)["status"]["containerStatuses"][0]
        assert container["state"] == {"waiting": {"reason": "ContainerCreating"}}
    kubectl("patch", "configmap", "config", "--patch", '{"data": {"z": "there"}}')
    assert ended(kubectl, "key").strip() == "there"


def claim(name: str, **spec: Any) -> dict[str, Any]:
    resources = {"requests": {"storage": "1Mi"}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources, **spec},
    }


def test_a_claim_without_class_and_volume_stays_pending(kubectl: Kubectl) -> None:
    kubectl.apply(claim("unbound", storageClassName=""))
    message = "no persistent volumes available for this claim and no storage class is set"
    eventually(lambda: message in kubectl("describe", "pvc", "unbound"))
    found = kubectl.get("pvc", "unbound")
    assert found["status"]["phase"] == "Pending"
    assert found["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


def test_a_claim_that_is_used_goes_with_its_last_pod(kubectl: Kubectl, image: str) -> None:
    name = f"{kubectl.namespace}-volume"
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {"capacity": {"storage": "5Mi"}, "accessModes": ["ReadWriteOnce"],
                 "storageClassName": "", "hostPath": {"path": f"/tmp/{name}"}},
    }  # fmt: skip
    try:
        kubectl.apply(volume, claim("used", storageClassName="", volumeName=name))
        kubectl.apply(
            pod("uses", image, "sleep 300", volumeMounts=[{"name": "v", "mountPath": "/v"}],
                volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "used"}}])
        )  # fmt: skip
        kubectl("wait", "--for=condition=Ready", "pod/uses", "--timeout=60s")
        kubectl("delete", "pvc", "used", "--wait=false")
        assert "deletionTimestamp" in kubectl.get("pvc", "used")["metadata"]
        kubectl("delete", "pod", "uses")
        eventually(lambda: kubectl.run("get", "pvc", "used").returncode == 1)
        eventually(lambda: kubectl.get("pv", name)["status"]["phase"] == "Released")
    finally:
        kubectl("delete", "pv", name)
