"""Saving an instance that runs, to a real registry: what goes on in its pod, and what is left."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.snapshots.engine import Choice
from jupyter_trainhub.kube.exec import run
from jupyter_trainhub.registry.layer import Spool
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.snapshot import MeasurementSpec, SnapshotSpec
from tests.conftest import Kubectl, eventually
from tests.distribution import Distribution

pytestmark = pytest.mark.cluster

View = dict[str, Any]

# The node's own system is an image, too, and a large one: only one of its folders is looked at.
ELSEWHERE = [f"/{name}" for name in os.listdir("/") if name not in ("opt", "etc")]

CHANGE = """
import os, pathlib
folder = pathlib.Path("/opt/saved")
folder.mkdir(exist_ok=True)
(folder / "text").write_text("kept")
os.utime(folder / "text", (1, 1))
(folder / "left-out").write_text("not this")
(folder / "large").write_bytes(os.urandom(1 << 20) * 24)
(folder / ".netrc").write_text("machine a login b password c")
"""
# The arguments of every program in the pod, but for its own.
PROGRAMS = """
import os, pathlib
for folder in pathlib.Path("/proc").iterdir():
    if folder.name.isdigit() and int(folder.name) != os.getpid():
        print((folder / "cmdline").read_bytes())
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distribution]:
    """A registry that a test may kill. Only the hub has to reach it."""
    server = Distribution(tmp_path_factory.mktemp("registry")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def namespace(kubeconfig: Path) -> Iterator[str]:
    """A namespace of these tests' own: to start an instance takes longer than to save it."""
    command = Kubectl(kubeconfig, f"test-{uuid.uuid4().hex[:8]}")
    command("create", "namespace", command.namespace)
    eventually(lambda: command.run("get", "serviceaccount", "default").returncode == 0)
    yield command.namespace
    command("delete", "namespace", command.namespace, "--wait=false")


@pytest.fixture
def hub(
    namespace: str, kubeconfig: Path, image: str, registry: Distribution, tmp_path: Path
) -> Hub:
    """A hub with a running instance ``x``, in which something was changed."""
    made = Hub.connect(
        TrainHubConfig(
            kubeconfig=str(kubeconfig),
            namespace=namespace,
            default_image=image,
            user="ada",
            registry=f"{registry.host}/{tmp_path.name.replace('_', '-').lower()}",
            snapshot_folder=str(tmp_path),
        )
    )
    spec = {"name": "x", "cpus": 0.1, "memory": "512Mi"}
    if not made.instances.list():
        made.instances.create(InstanceSpec.parse(spec))
    made.instances.start("x")
    made.instances.wait_ready("x", 120)
    inside(made, CHANGE)
    return made


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """Reading stops in the middle until a test lets it go on."""
    made = Held()
    written = Spool.write

    def write(spool: Spool, data: bytes) -> None:
        made.reached.set()
        made.released.wait(30)
        written(spool, data)

    monkeypatch.setattr(Spool, "write", write)
    yield made
    made.released.set()


class Held:
    """Where the reading of a layer is."""

    def __init__(self) -> None:
        self.reached, self.released = threading.Event(), threading.Event()


def inside(hub: Hub, program: str) -> str:
    """What a program in the instance prints."""
    command = ["python3", "-c", program]
    done = asyncio.run(run(hub.client, hub.instances.pod("x"), command))
    assert done.exit_code == 0, done.stderr
    return done.stdout.decode()


def save(hub: Hub, **fields: Any) -> View:
    """Begin to save it."""
    spec = {"secrets": "exclude", "exclude": [*ELSEWHERE, "/opt/saved/left-out"], **fields}
    return hub.snapshots.save("x", SnapshotSpec.parse(spec))


def ended(hub: Hub, view: View) -> View:
    found: View = eventually(lambda: (now := hub.transfers.get(view["id"]))["finished"] and now, 60)
    return found


def test_it_is_measured_saved_and_goes_on_meanwhile(
    hub: Hub, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = hub.snapshots.choice

    def choice(spec: MeasurementSpec) -> Choice:
        """To count what is left out would take a walk over all of the node."""
        return replace(whole(spec), count_left_out=False)

    monkeypatch.setattr(hub.snapshots, "choice", choice)
    measured = hub.snapshots.measure(
        "x", MeasurementSpec(exclude=[*ELSEWHERE, "/opt/saved/left-out"])
    )
    assert 24 << 20 <= measured["bytes"] < 26 << 20
    assert "/opt/saved/.netrc" in {secret["path"] for secret in measured["secrets"]}
    assert {"/trainhub", "/dev/shm"} <= {mount["path"] for mount in measured["not_saved"]}
    assert measured["image"].startswith(hub.config.registry)
    assert measured["base"]["digest"].startswith("sha256:")
    transfer = save(hub)
    assert held.reached.wait(60)
    # Nothing is paused.
    assert inside(hub, "print(6 * 7)") == "42\n"
    assert transfer["id"] in [view["id"] for view in hub.transfers.list()]
    held.released.set()
    view = ended(hub, transfer)
    assert (view["phase"], view["message"]) == ("Succeeded", None)
    target, tag = hub.snapshots.target(view["image"])
    manifest = target.manifest(tag)
    assert manifest.digest == view["result"]["digest"]
    layer = manifest.document["layers"][-1]
    content = b"".join(target.blob(layer["digest"], layer["size"]).content())
    with tarfile.open(fileobj=io.BytesIO(content)) as members:
        saved = {member.name.lstrip("./"): member for member in members}
        assert saved["opt/saved/large"].size == 24 << 20
        assert saved["opt/saved/text"].mtime == 1
    assert not {"opt/saved/left-out", "opt/saved/.netrc"} & saved.keys()
    assert not [name for name in saved if name.startswith(("trainhub", "proc", "sys", "dev/"))]
    assert "/opt/saved/.netrc" in {entry["path"] for entry in view["result"]["skipped"]}
    assert layer["size"] == view["result"]["layer_size"] < 4 << 20


def test_cancelled_it_leaves_no_program_no_file_and_no_name(hub: Hub, held: Held) -> None:
    transfer = save(hub)
    assert held.reached.wait(60)
    assert "rootfs_diff.py" in inside(hub, PROGRAMS)
    hub.transfers.cancel(transfer["id"])
    held.released.set()
    assert ended(hub, transfer)["phase"] == "Cancelled"
    eventually(lambda: r"\x00tar\x00" not in inside(hub, PROGRAMS))
    assert list(hub.spools.folder.iterdir()) == []
    assert list(hub.snapshots.target(transfer["image"])[0].tags()) == []


def test_a_registry_that_is_killed_meanwhile_and_stopping_afterwards(
    hub: Hub, held: Held, registry: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("transport", "upload"):
        monkeypatch.setattr(f"jupyter_trainhub.registry.{module}.wait", lambda *given: None)
    transfer = save(hub, then="stop")
    assert held.reached.wait(60)
    registry.kill()
    held.released.set()
    view = ended(hub, transfer)
    assert (view["phase"], view["resumable"]) == ("Failed", True)
    registry.start()
    # What was read is still there, whatever becomes of the instance.
    inside(hub, "import shutil; shutil.rmtree('/opt/saved')")
    view = ended(hub, hub.transfers.resume(transfer["id"]))
    assert (view["phase"], view["message"]) == ("Succeeded", None)
    assert view["result"]["layer_size"] > 1 << 20
    eventually(lambda: hub.instances.get("x")["phase"] in ("Stopping", "Stopped"))
