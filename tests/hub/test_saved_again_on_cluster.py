"""An instance saved as an image and started from it: every file as it was.

`TRAINHUB_TEST_CHANGE` is the size of the change, as BYTES,FILES. It is small, and saved again less
often, where that is not set.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube import exec as kube_exec
from jupyter_trainhub.registry.manifest import Document
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from tests.conftest import Kubectl, eventually
from tests.hub import change_set

pytestmark = pytest.mark.cluster

BYTES, FILES = map(int, os.environ.get("TRAINHUB_TEST_CHANGE", "25165824,500").split(","))
GENERATIONS = 10 if "TRAINHUB_TEST_CHANGE" in os.environ else 3
FOLDER = "/opt/change-set"
PROGRAM = Path(change_set.__file__).read_text()
LONGEST = 1200.0  # seconds for one step, with the largest change


@pytest.fixture
def hub(kubectl: Kubectl, kubeconfig: Path, image: str, registry: str) -> Hub:
    """A hub whose images go to the tests' registry."""
    return Hub.connect(
        TrainHubConfig(
            kubeconfig=str(kubeconfig),
            namespace=kubectl.namespace,
            default_image=image,
            user="ada",
            registry=f"{registry}/{kubectl.namespace}",
        )
    )


def started(hub: Hub, name: str, **fields: Any) -> None:
    """Have an instance, once it can be used."""
    spec = {"name": name, "cpus": 0.5, "memory": "1Gi", **fields}
    hub.instances.create(InstanceSpec.parse(spec))
    hub.instances.wait_ready(name, 120)


def inside(hub: Hub, name: str, *arguments: str) -> str:
    """What `change_set` prints in an instance."""
    command = ["python3", "-c", PROGRAM, *arguments]
    done = asyncio.run(
        kube_exec.run(hub.client, hub.instances.pod(name), command, timeout=LONGEST, limit=1 << 30)
    )
    assert done.exit_code == 0, done.stderr.decode()
    return done.stdout.decode()


def manifest(hub: Hub, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(inside(hub, name, "manifest", FOLDER, change_set.REMOVED))
    return found


def saved(hub: Hub, name: str, **fields: Any) -> dict[str, Any]:
    """The result of saving an instance."""
    transfer = hub.snapshots.save(name, SnapshotSpec.parse({"secrets": "exclude", **fields}))

    def ended() -> Any:
        view = hub.transfers.get(transfer["id"])
        return view if view["finished"] else None

    view = eventually(ended, LONGEST)
    assert view["phase"] == "Succeeded", view["message"]
    result: dict[str, Any] = view["result"]
    return result


def kept(files: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """What has to be in an image: all but the file that only root may read, where it is told."""
    skipped = {entry["path"] for entry in result["skipped"]}
    assert skipped <= {f"{FOLDER}/odd/mode 0"}
    return {path: file for path, file in files.items() if path not in skipped}


def layers_of(hub: Hub, image: str) -> list[Document]:
    repository = hub.registries.repository(image)
    layers: list[Document] = repository.manifest(image.rpartition(":")[2]).document["layers"]
    return layers


def test_every_file_is_as_it_was_over_generations(hub: Hub, image: str) -> None:
    started(hub, "first")
    inside(hub, "first", "make", FOLDER, str(BYTES), str(FILES))
    before = manifest(hub, "first")
    assert len(before) > FILES
    one = saved(hub, "first", note="the first")
    hub.instances.delete("first")

    started(hub, "second", image=one["image"])
    assert manifest(hub, "second") == kept(before, one)
    inside(hub, "second", "again", FOLDER)
    changed = manifest(hub, "second")
    assert len(changed) < len(before)
    two = saved(hub, "second", note="the second")
    hub.instances.delete("second")
    # What was deleted is not in the image any more: one layer above the base, and a smaller one.
    assert len(layers_of(hub, two["image"])) == len(layers_of(hub, one["image"]))
    assert two["layer_size"] < one["layer_size"]

    started(hub, "third", image=two["image"])
    assert manifest(hub, "third") == kept(changed, two)
    hub.instances.delete("third")
    listed = {item["name"]: item for item in hub.catalogue.list()["items"]}
    assert listed[two["image"]]["note"] == "the second"
    assert listed[two["image"]]["base"] == listed[one["image"]]["base"]
    assert listed[two["image"]]["instance"] == "second"


def test_many_generations_leave_one_layer(hub: Hub) -> None:
    image, sizes = None, []
    for number in range(GENERATIONS):
        name = f"g{number}"
        started(hub, name, **({"image": image} if image else {}))
        script = 'ls /opt | grep "^of-"; rm -f /opt/of-*; echo >"/opt/of-$1"'
        pod, command = hub.instances.pod(name), ["sh", "-c", script, "sh", name]
        found = asyncio.run(kube_exec.run(hub.client, pod, command)).stdout.decode().split()
        assert found == [f"of-g{number - 1}"] * bool(number)
        image = saved(hub, name, image=f"many:{uuid.uuid4().hex[:8]}")["image"]
        hub.instances.delete(name)
        sizes.append(len(layers_of(hub, image)))
    assert len(set(sizes)) == 1
