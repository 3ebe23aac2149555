"""Storages in real pods: folders that are made, kept and protected.

The nodes' own folders are the storage here, so these tests can look at what a pod left there.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import NAMESPACES, PODS
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import eventually

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away"),
    pytest.mark.skipif(
        "TRAINHUB_TEST_KUBECONFIG" in os.environ and "TRAINHUB_TEST_NODE_FOLDER" not in os.environ,
        reason="needs a folder that this machine shares with the nodes",
    ),
]

SMALL = {"cpus": 0.1, "memory": "256Mi"}
MakeHub = Callable[..., Hub]


@pytest.fixture
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the node that the storages lie in."""
    shared = os.environ.get("TRAINHUB_TEST_NODE_FOLDER")
    if shared is None:
        return tmp_path_factory.mktemp("volume")
    folder = Path(shared) / uuid.uuid4().hex[:8]
    folder.mkdir()
    return folder


@pytest.fixture
def hub(kubeconfig: Path, image: str, volume: Path) -> Iterator[Hub]:
    namespace = f"storages-{uuid.uuid4().hex[:8]}"
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig),
        namespace=namespace,
        default_image=image,
        user="a@b.org",
        storages=[
            {
                "name": "home",
                "path": "/mnt/user/{username}",
                "host_path": str(volume),
                "sub_path": "users/{username}",
                "create": {"uid": 1234, "gid": 2345, "mode": "2750"},
                "default": True,
            },
            {"name": "data", "path": "/mnt/data", "host_path": str(volume), "read_only": True},
        ],
    )
    made = Hub.connect(config)
    made.client.create(
        NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    )
    yield made
    made.client.delete(NAMESPACES, namespace)


def run(hub: Hub, name: str, program: str, **fields: Any) -> str:
    """What a job printed that ran ``program``."""
    spec = {"name": name, "command": ["python", "-c", program], **SMALL, **fields}
    hub.jobs.create(JobSpec.parse(spec))
    log = b"".join(hub.jobs.logs(name, 0, follow=True)).decode()
    hub.jobs.wait(name, 60)
    return log


def test_a_job_gets_its_folder_and_finds_it_again(hub: Hub, volume: Path) -> None:
    # Besides the records of runs, which are kept there.
    write = "import os; found = set(os.listdir('/mnt/user/a@b.org')) - {'.trainhub'}; "
    write += "print(os.getuid(), list(found)); "
    write += "open('/mnt/user/a@b.org/kept', 'w').close()"
    assert "[]" in run(hub, "first", write)
    made = volume / "users" / "a@b.org"
    found = made.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (1234, 2345, 0o2750)
    made.chmod(0o700)
    assert "['kept']" in run(hub, "second", write)
    assert made.stat().st_mode & 0o7777 == 0o700


def test_what_is_read_only_cannot_be_written(hub: Hub, volume: Path) -> None:
    (volume / "here").touch()
    program = """
import os
print(os.listdir("/mnt/data"))
try:
    open("/mnt/data/new", "w")
except OSError as error:
    print("refused:", error.strerror)
"""
    log = run(hub, "reads", program, storages=["data"])
    assert "['here']" in log
    assert "refused: Read-only file system" in log


def test_a_folder_that_cannot_be_made_says_why(hub: Hub, volume: Path) -> None:
    (volume / "users").symlink_to("/etc")
    hub.instances.create(InstanceSpec.parse({"name": "lab", **SMALL}))

    def told() -> str:
        for pod in hub.client.list(PODS):
            for status in pod["status"].get("initContainerStatuses", []):
                for state in (status["state"], status.get("lastState", {})):
                    if message := state.get("terminated", {}).get("message"):
                        return str(message)
        return ""

    assert "users/a@b.org cannot be made: users is a symbolic link." in eventually(told)
    assert not Path("/etc/a@b.org").exists()


def test_an_instance_without_jupyterlab_waits_to_be_entered(hub: Hub) -> None:
    # A PATH without jupyter-lab is an image without it.
    fields = {"env": {"PATH": "/usr/sbin:/bin"}, **SMALL}
    hub.instances.create(InstanceSpec.parse({"name": "bare", **fields}))
    (pod,) = eventually(lambda: [pod for pod in hub.client.list(PODS) if ready(pod)])
    assert pod["status"]["containerStatuses"][0]["state"]["running"]
    hub.instances.stop("bare")
    eventually(lambda: not [*hub.client.list(PODS)], 10)


def ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)
