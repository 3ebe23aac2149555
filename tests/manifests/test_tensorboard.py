"""TensorBoards in the cluster: what is made of them, and what their objects tell."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from jupyter_trainhub.manifests.labels import CONTROLLER_UID, STOPPED_BY
from jupyter_trainhub.manifests.tensorboard import (
    TensorBoardObjects,
    secret_of,
    tensorboard_objects,
)
from jupyter_trainhub.manifests.tensorboard_admission import Admission, admission_of, read_only
from jupyter_trainhub.manifests.tensorboard_status import tensorboard_view
from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.storage import Storage
from jupyter_trainhub.specs.tensorboard import TensorBoardSpec
from tests.manifests.samples import JOBS, PODS, WARNINGS

Object = dict[str, Any]

GOLDEN = Path(__file__).parent / "golden" / "tensorboard.yaml"
PREFIX = "/0123456789abcdef0123456789abcdef"

STORAGE = Storage.parse({
    "name": "home", "path": "/mnt/home", "claim": "nas", "sub_path": "users/ada",
    "create": {"uid": 1000, "gid": 1000},
})  # fmt: skip
MOUNTS = (
    STORAGE,
    Mount.parse({"path": "/mnt/nfs", "nfs": {"server": "nas", "path": "/exports"}}),
    Mount.parse({"path": "/mnt/csi", "csi": {"driver": "example.com"}}),
    Mount.parse({"path": "/mnt/node", "host_path": "/data"}),
)
ADMISSION = Admission(
    folders=(("a", "/mnt/home/runs"), ("b", "/mnt/nfs/$(HOME) ü")),
    mounts=tuple(map(read_only, MOUNTS)),
    image="example.com/tensorboard:2.21",
    cpus=0.1,
    memory=4 << 30,
    idle_seconds=1800,
    reload_interval=5,
    pull_secrets=("registry",),
    group=100,
)
SPEC = TensorBoardSpec.parse(
    {"name": "My_runs", "folders": ["a:/mnt/home/runs", "b:/mnt/nfs/$(HOME) ü"], "job": "train"}
)


def objects(admission: Admission = ADMISSION, node: str | None = None) -> TensorBoardObjects:
    return tensorboard_objects(
        SPEC, admission, owner="ada", prefix=PREFIX, secret="tb--my-0runs-abc", node=node
    )


def test_the_objects_are_as_reviewed_and_valid() -> None:
    made = objects()
    secret = copy.deepcopy(made.secret)
    secret["stringData"]["serve_tensorboard.py"] = "…"
    text = yaml.safe_dump_all([made.job, secret], sort_keys=True, allow_unicode=True)
    assert text == GOLDEN.read_text()
    for item in (made.job, made.secret):
        kubernetes_validate.validate(item, "1.36", strict=True)


def test_nothing_can_be_written_or_made_and_the_prefix_stays_secret() -> None:
    made = objects()
    pod = made.job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert "initContainers" not in pod
    mounted = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    writable = [path for path, mount in mounted.items() if not mount.get("readOnly")]
    assert writable == ["/trainhub-scratch"]
    # A node makes a missing subfolder, unless the volume itself is mounted read-only.
    sources = {key: value for volume in pod["volumes"] for key, value in volume.items()}
    assert all(sources[kind]["readOnly"] for kind in ("persistentVolumeClaim", "nfs", "csi"))
    assert PREFIX not in json.dumps(made.job)
    assert secret_of(made.job) == made.secret["metadata"]["name"]
    assert container["command"][-1] == "--folder=b:/mnt/nfs/$$(HOME) ü"


def test_what_it_was_made_of_comes_back_from_the_job() -> None:
    assert admission_of(objects().job) == ADMISSION
    broken = copy.deepcopy(objects().job)
    broken["metadata"]["annotations"]["trainhub.jupyter.org/admission"] = '{"folders": 1}'
    assert admission_of(broken) is None
    assert tensorboard_view(broken, [])["memory"] == {"used": None, "limit": None}


def test_a_pod_is_put_where_its_volume_is() -> None:
    terms = objects(node="gpu-1").job["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    assert "gpu-1" in json.dumps(terms)


def released(**status: Any) -> Object:
    job = copy.deepcopy(objects().job)
    job["metadata"] |= {"uid": "u1", "creationTimestamp": "2026-11-22T02:00:00Z"}
    job["spec"]["suspend"] = False
    job["status"] = status
    return job


def pod(name: str, message: str | None = None, *, of: str = "u1") -> Object:
    """A sample pod as if it were a TensorBoard's; ``message`` are its last words."""
    found: Object = copy.deepcopy(PODS[name])
    found["metadata"].setdefault("labels", {})[CONTROLLER_UID] = of
    if message is not None:
        for container in found["status"]["containerStatuses"]:
            container["state"]["terminated"]["message"] = message
    return found


COMPLETE = JOBS["complete"]["status"]
FAILED = JOBS["failed"]["status"]
NO_TENSORBOARD = "Traceback …\nModuleNotFoundError: No module named 'tensorboard'"
NO_PYTHON = 'exec: "python3": executable file not found in $PATH'
OF_MEMORY = json.dumps({"ended": "memory", "message": "TensorBoard used 5 GiB", "remedy": "More."})
BY_SIGNAL = json.dumps({"ended": "signal", "message": "", "remedy": ""})


@pytest.mark.parametrize(("job", "pods", "phase", "words"), [
    (released(), [], "Starting", "being created"),
    (released(), [pod("running-ready")], "Running", ""),
    (released(), [pod("running-ready", of="an earlier Job")], "Starting", "being created"),
    (released(), [pod("running-not-ready")], "Starting", "starting"),
    (released(), [pod("image-missing")], "Failed", "image"),
    (released(), [pod("claim-missing")], "Starting", "claim"),
    (released(), [pod("unschedulable-cpu")], "Starting", "CPU"),
    (released(), [pod("hostpath-missing")], "Starting", "folder"),
    (released(**COMPLETE), [pod("succeeded")], "Stopped", "after 30 min without use"),
    (released(**COMPLETE), [], "Stopped", "without use"),
    (released(**COMPLETE), [pod("succeeded", BY_SIGNAL)], "Stopped", "from outside"),
    (released(**FAILED), [pod("oom")], "Failed", "more memory than its limit"),
    (released(**FAILED), [pod("failed", OF_MEMORY)], "Failed", "used 5 GiB"),
    (released(**FAILED), [pod("failed", NO_TENSORBOARD)], "Failed", "has no TensorBoard"),
    (released(**FAILED), [pod("command-missing", NO_PYTHON)], "Failed", "has no Python"),
    (released(**FAILED), [], "Failed", "backoff limit"),
])  # fmt: skip
def test_phase_and_words(job: Object, pods: list[Object], phase: str, words: str) -> None:
    view = tensorboard_view(job, pods, events=WARNINGS)
    assert (view["phase"], view["id"]) == (phase, "cluster-tb--my-0runs")
    assert words in view["message"]
    assert phase != "Failed" or view["remedy"]


def test_who_stopped_it() -> None:
    job = released()
    job["spec"]["suspend"] = True
    assert tensorboard_view(job, [])["phase"] == "Starting"
    job["metadata"]["annotations"][STOPPED_BY] = "bob"
    view = tensorboard_view(job, [pod("running-ready")])
    assert (view["phase"], view["message"]) == ("Stopped", "Stopped by bob.")
    assert (view["name"], view["owner"], view["job"]) == ("My_runs", "ada", "train")
    assert view["folders"] == SPEC.folders
