"""The folders of a pod: volumes, mounts, how missing ones are made, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.manifests.folders import folders
from jupyter_trainhub.manifests.frameworks.single import Single
from jupyter_trainhub.manifests.instance import instance_objects
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.storage import Storage
from tests.manifests.jobs import request

NFS = {"nfs": {"server": "nas", "path": "/export"}}
CREATE = {"create": {"uid": 1000, "gid": 100, "mode": "0700"}}


def stateful_set(*storages: dict[str, Any], setup_image: str = "", **fields: Any) -> Any:
    site = Site(storages=[Storage.parse(item) for item in storages], setup_image=setup_image)
    names = [item["name"] for item in storages]
    spec = InstanceSpec.parse({"name": "x", "storages": names, **fields})
    objects = instance_objects(spec, owner="ada", image="site/lab:1", token="t", site=site)
    return objects.stateful_set


def pod_of(*storages: dict[str, Any], **fields: Any) -> Any:
    return stateful_set(*storages, **fields)["spec"]["template"]["spec"]


@pytest.mark.parametrize(
    ("storage", "volume"),
    [
        ({"claim": "c"}, {"persistentVolumeClaim": {"claimName": "c"}}),
        (
            {"claim": "c", "read_only": True},
            {"persistentVolumeClaim": {"claimName": "c", "readOnly": True}},
        ),
        ({**NFS, "sub_path": "a"}, NFS),
        ({"host_path": "/data"}, {"hostPath": {"path": "/data", "type": "Directory"}}),
        (
            {
                "csi": {
                    "driver": "nas.csi",
                    "read_only": True,
                    "fs_type": "nfs4",
                    "attributes": {"share": "/x"},
                    "secret": "s",
                }
            },
            {
                "csi": {
                    "driver": "nas.csi",
                    "readOnly": True,
                    "fsType": "nfs4",
                    "volumeAttributes": {"share": "/x"},
                    "nodePublishSecretRef": {"name": "s"},
                }
            },
        ),
    ],
)
def test_each_source_is_a_volume(storage: dict[str, Any], volume: dict[str, Any]) -> None:
    pod = pod_of({"name": "s", "path": "/mnt/s", **storage})
    assert pod["volumes"][0] == {"name": "storage-0", **volume}
    mount = pod["containers"][0]["volumeMounts"][0]
    assert mount.get("subPath") == storage.get("sub_path")
    assert mount.get("readOnly", False) == storage.get("read_only", False)
    assert "initContainers" not in pod


def test_missing_folders_are_made_below_the_volumes_root() -> None:
    made = {"name": "home", "path": "/mnt/me", **NFS, "sub_path": "u/$(X) a", **CREATE}
    plain = {"name": "data", "path": "/mnt/data", "claim": "data", "sub_path": "d"}
    pod = pod_of(plain, made, setup_image="busybox:1")
    (container,) = pod["initContainers"]
    assert container["image"] == "busybox:1"
    # "$$" is Kubernetes' way to write a "$" that it must not look at.
    assert container["command"][-4:] == ["/volumes/storage-1", "u/$$(X) a", "1000:100", "0700"]
    assert container["volumeMounts"] == [{"name": "storage-1", "mountPath": "/volumes/storage-1"}]
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
    assert pod_of(made)["initContainers"][0]["image"] == "site/lab:1"


def test_a_folder_to_be_made_is_read_only_for_the_user_alone() -> None:
    storage = {"name": "s", "path": "/s", "claim": "c", "sub_path": "a", "read_only": True}
    pod = pod_of({**storage, **CREATE})
    assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "c"}
    assert pod["containers"][0]["volumeMounts"][0]["readOnly"] is True


def test_jobs_get_the_same() -> None:
    storage = Storage.parse({"name": "s", "path": "/s", **NFS, "sub_path": "a", **CREATE})
    site = Site(storages=[storage], node_selector={"gpu": "a100"})
    job = Single().objects(request(host_network=True, site=site)).owner
    pod = job["spec"]["template"]["spec"]
    assert pod["containers"][0]["volumeMounts"][0]["mountPath"] == "/s"
    assert pod["initContainers"][0]["name"] == "make-folders"
    assert (pod["nodeSelector"], pod["hostNetwork"]) == ({"gpu": "a100"}, True)


@pytest.mark.parametrize(
    ("storage", "source"),
    [
        ({**NFS, "sub_path": "users/ada"}, "NFS nas:/export/users/ada"),
        (NFS, "NFS nas:/export"),
        ({"claim": "home"}, "claim home"),
        ({"claim": "home", "sub_path": "a"}, "claim home, folder a"),
        ({"host_path": "/data"}, "folder /data of the node"),
        ({"csi": {"driver": "nas.csi"}}, "volume of the CSI driver nas.csi"),
    ],
)
def test_where_a_folder_lies_is_said_in_words(storage: dict[str, Any], source: str) -> None:
    found = folders(stateful_set({"name": "s", "path": "/mnt/s", **storage}))[0]
    assert found == {
        "path": "/mnt/s",
        "title": "s",
        "kept": "kept",
        "read_only": False,
        "source": source,
    }


def test_what_is_kept_where() -> None:
    mount = {"path": "/mnt/own/x", "claim": "c", "read_only": True}
    found = folders(
        stateful_set(
            {"name": "home", "title": "My home", "path": "/mnt/me", "claim": "c"},
            mounts=[mount],
            shared_memory="1Gi",
        )
    )
    assert [(item["path"], item["title"], item["kept"], item["read_only"]) for item in found] == [
        ("/dev/shm", "Shared memory", "memory", False),
        ("/mnt/own/x", "x", "kept", True),
        ("/mnt/me", "My home", "kept", False),
        ("/", "Everything else", "lost", False),
    ]
    assert found[-1]["source"] == "container of the image site/lab:1"
    assert [item["path"] for item in folders(stateful_set())] == ["/dev/shm", "/"]
