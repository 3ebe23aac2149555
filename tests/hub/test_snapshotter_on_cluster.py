"""The cluster's snapshotter with the rights of examples/snapshotter.yaml, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from tests.conftest import Kubectl, eventually
from tests.hub.site import ended

pytestmark = pytest.mark.cluster

EXAMPLE = Path(__file__).parents[2] / "examples" / "snapshotter.yaml"


@pytest.fixture
def system(kubectl: Kubectl) -> Iterator[Kubectl]:
    """The snapshotter's namespace, with all of the example but its Deployment."""
    name = f"{kubectl.namespace}-system"
    text = EXAMPLE.read_text().replace("trainhub-system", name)
    *objects, _ = yaml.safe_load_all(text.replace("trainhub-snapshotter", name))
    made = Kubectl(kubectl.kubeconfig, name)
    made.apply(*objects)
    yield made
    kubectl("delete", "namespace", name, "--wait=false")
    kubectl("delete", "clusterrole,clusterrolebinding", name, f"{name}-nodes")


@pytest.fixture
def snapshotter(
    system: Kubectl, kubectl: Kubectl, image: str, registry: str, tmp_path: Path
) -> Iterator[Path]:
    """A running one; its log."""
    given = os.environ.get("TRAINHUB_TEST_SNAPSHOTTER_IMAGE", "")
    if image != "host" and not given:
        pytest.skip("TRAINHUB_TEST_SNAPSHOTTER_IMAGE names no image of images/snapshotter")
    document = yaml.safe_load(kubectl.kubeconfig.read_text())
    account = system.namespace
    eventually(lambda: system.run("get", "serviceaccount", account).returncode == 0)
    token = system("create", "token", account).strip()
    document["users"] = [{"name": "it", "user": {"token": token}}]
    document["contexts"][0]["context"]["user"] = "it"
    document["current-context"] = document["contexts"][0]["name"]
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(document))
    (tmp_path / "jupyter_trainhub_config.py").write_text(
        f"c.TrainHubConfig.registry = {f'{registry}/{kubectl.namespace}'!r}\n"
        f"c.TrainHubConfig.snapshotter_image = {given or image!r}\n"
        f"c.TrainHubConfig.snapshotter_namespace = {system.namespace!r}\n"
    )
    command = [sys.executable, "-m", "jupyter_trainhub.cli", "snapshotter",
               "--kubeconfig", str(tmp_path / "kubeconfig")]  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, env={**os.environ, "JUPYTER_CONFIG_PATH": str(tmp_path)}, stderr=log
        )
    yield tmp_path / "log"
    process.terminate()
    assert process.wait(10) == 0


def test_it_saves_an_instance_or_has_it_saved_from_within(
    snapshotter: Path, kubectl: Kubectl, system: Kubectl, image: str, registry: str, tmp_path: Path
) -> None:
    hub = Hub.connect(
        TrainHubConfig(
            kubeconfig=str(kubectl.kubeconfig),
            namespace=kubectl.namespace,
            default_image=image,
            user="ada",
            registry=f"{registry}/{kubectl.namespace}",
            snapshot_folder=str(tmp_path),
            snapshot_engine="node",
        )
    )
    hub.instances.create(InstanceSpec.parse({"name": "x", "cpus": 0.1, "memory": "256Mi"}))
    hub.instances.wait_ready("x", 120)
    done = ended(hub, hub.snapshots.save("x", SnapshotSpec.parse({"secrets": "exclude"})))
    assert done["phase"] == "Succeeded", (done["message"], snapshotter.read_text())
    told = f"{done['result']['warnings']} {snapshotter.read_text()}"
    # TrainHub's embedded cluster gives no pod more than the usual capabilities.
    assert done["engine"] == ("node" if image != "host" else "pod"), told
    if image == "host":
        assert "CAP_SYS_ADMIN" in told
    assert hub.catalogue.get(done["image"])["instance"] == "x"
    assert system("get", "jobs,secrets", "-o", "name").split() == []
    assert "cannot" not in snapshotter.read_text()
