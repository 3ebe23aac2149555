"""A TensorBoard in a real pod, of logs that only pods can mount."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.access.reach import Endpoint
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.tensorboards import TensorBoards
from jupyter_trainhub.kube.resources import PERSISTENT_VOLUME_CLAIMS
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import Kubectl, eventually
from tests.server.boards import write_loss

pytestmark = pytest.mark.cluster

FOLDER = "/mnt/nas/my runs ü"
# Writes what it is given into a run's folder.
WRITE = f"""
import base64, os, sys
os.makedirs({FOLDER!r} + "/a")
open({FOLDER!r} + "/a/events.out.tfevents.1.x", "wb").write(base64.b64decode(sys.argv[1]))
"""


def hub_of(user: str, kubectl: Kubectl, image: str, folder: Path) -> Hub:
    config = TrainHubConfig(
        kubeconfig=str(kubectl.kubeconfig),
        namespace=kubectl.namespace,
        default_image=image,
        tensorboard_image=os.environ.get("TRAINHUB_TEST_TENSORBOARD_IMAGE", ""),
        user=user,
        run_folder=str(folder),
        storages=[{"name": "nas", "path": "/mnt/nas", "claim": "nas"}],
    )
    return Hub.connect(config)


@pytest.fixture
def hub(kubectl: Kubectl, image: str, tmp_path: Path) -> Iterator[Hub]:
    """The hub of ada, whose storage holds a run."""
    if not kubectl.get("storageclass")["items"]:
        pytest.skip("the cluster makes no volumes")
    made = hub_of("ada", kubectl, image, tmp_path / "kept")
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "nas"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "64Mi"}},
        },
    }
    made.client.create(PERSISTENT_VOLUME_CLAIMS, claim)
    write_loss(tmp_path / "run")
    (events,) = (tmp_path / "run").iterdir()
    job = {
        "name": "train",
        "command": ["python3", "-c", WRITE, base64.b64encode(events.read_bytes()).decode()],
        "storages": ["nas"],
        "memory": "64Mi",
        "cpus": 0.05,
    }
    made.jobs.create(JobSpec.parse(job))
    assert made.jobs.wait("train", 120)["phase"] == "Succeeded"
    yield made
    made.close()


def not_here(path: str) -> Path:
    raise NotFound(f"there is no folder {path!r}", field="folders", remedy="Create it.")


def running(boards: TensorBoards, id_: str) -> Any:
    view = boards.wait(id_, 120)
    if "TRAINHUB_TEST_IMAGE" in os.environ and "has no TensorBoard" in view["message"]:
        pytest.skip(f"{view['message']} TRAINHUB_TEST_TENSORBOARD_IMAGE names another.")
    assert view["phase"] == "Running", view
    return view


def ask(boards: TensorBoards, id_: str, path: str) -> Any:
    """What it answers, as the proxy would ask it."""
    found = boards.endpoint(id_)
    endpoint = Endpoint(found.host, found.port, found.prefix, "", gateway=found.gateway)
    answer = endpoint.get(path, 1 << 20)
    assert answer is not None
    assert answer[0] == 200
    return json.loads(answer[1])


def pod_of(kubectl: Kubectl) -> dict[str, Any]:
    (pod,) = kubectl.get("pods", "-l", "trainhub.jupyter.org/kind=tensorboard")["items"]
    return dict(pod)


def test_the_life_of_one(hub: Hub, kubectl: Kubectl, image: str, tmp_path: Path) -> None:
    """Idle ones end by themselves, limits hold, the prefix is secret, and nothing is written."""
    mine = hub.tensorboards
    bobs = hub_of("bob", kubectl, image, tmp_path / "kept").tensorboards
    opened = mine.open({"folders": [FOLDER], "memory": "1Gi"}, not_here)
    id_ = opened["id"]
    running(mine, id_)
    assert eventually(lambda: ask(mine, id_, "/data/runs")) == ["a"]
    eventually(lambda: not mine.get(id_)["waiting"])
    view = mine.get(id_)
    assert view["version"]
    used, limit = view["memory"]["used"], view["memory"]["limit"]
    assert used is not None
    assert 1 << 20 < used < 1 << 30 == limit
    assert "TensorBoard" in mine.log(id_)

    pod = pod_of(kubectl)
    prefix = mine.endpoint(id_).prefix
    assert len(prefix) == 33
    assert prefix not in json.dumps(pod)
    assert prefix not in mine.log(id_)
    name = pod["metadata"]["name"]
    tried = kubectl.run("exec", name, "--", "python3", "-c", "open('/mnt/nas/x', 'w')")
    assert "Read-only file system" in tried.stderr

    # Everybody has the same one.
    assert bobs.open({"folders": [FOLDER]}, not_here)["id"] == id_
    assert [item["id"] for item in bobs.list() if item["where"] == "cluster"] == [id_]
    assert bobs.stop(id_)["message"] == "Stopped by bob."
    eventually(
        lambda: not kubectl.get("pods", "-l", "trainhub.jupyter.org/kind=tensorboard")["items"]
    )
    mine.start(id_)
    running(bobs, id_)

    # A folder that is not there yet is waited for, and one that nobody uses ends.
    changes = {"folders": [FOLDER, "/mnt/nas/later"], "idle_seconds": 1}
    assert mine.update(id_, changes, not_here)["id"] == id_
    ended = eventually(lambda: (seen := mine.get(id_))["phase"] == "Stopped" and seen, 120)
    assert ended["message"] == "It ended after 1 s without use."
    mine.delete(id_)
    assert not kubectl.get("jobs", "-l", "trainhub.jupyter.org/kind=tensorboard")["items"]
