"""What a job has written, after the job: listed, downloaded, made larger, deleted."""

from __future__ import annotations

import io
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.cli.main import main
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, InvalidField, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.volumes.download import blocking
from jupyter_trainhub.kube.resources import JOBS, NAMESPACES, PODS, STORAGE_CLASSES
from jupyter_trainhub.manifests.claim_reader import READER, reader_name
from jupyter_trainhub.manifests.labels import selector
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import eventually

pytestmark = pytest.mark.cluster

WRITE = """
import os
model = os.environ["TRAINHUB_MODEL_PATH"]
os.umask(0o77)
os.makedirs(model + "/epoch 1")
open(model + "/model.bin", "wb").write(bytes(range(250)) * 12000)
open(model.encode() + b"/epoch 1/odd\\xff\\n", "w").write("odd")
os.symlink("epoch 1", model + "/latest")
os.symlink("/etc/passwd", model + "/out")
"""
MODEL = bytes(range(250)) * 12000


@pytest.fixture(scope="module")
def hub(kubeconfig: Path, image: str) -> Iterator[Hub]:
    """A hub in a namespace of the tests' own."""
    namespace = f"volumes-{uuid.uuid4().hex[:8]}"
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig), namespace=namespace, default_image=image, user="ada"
    )
    made = Hub.connect(config)
    classes = made.client.list(STORAGE_CLASSES)
    default = "storageclass.kubernetes.io/is-default-class"
    if not any(item["metadata"].get("annotations", {}).get(default) == "true" for item in classes):
        pytest.skip("the cluster makes no volumes")
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    made.client.create(NAMESPACES, body)
    yield made
    made.client.delete(NAMESPACES, namespace)


def job(name: str, program: str) -> JobSpec:
    volume = {"path": "/mnt/model", "size": "64Mi"}
    return JobSpec.parse(
        {"name": name, "command": ["python3", "-c", program], "cpus": 0.1, "memory": "128Mi"}
        | {"model_volume": volume}
    )


@pytest.fixture(scope="module")
def claim(hub: Hub) -> str:
    """The model volume of a job that has ended and was deleted."""
    hub.jobs.create(job("writes", WRITE))
    assert hub.jobs.wait("writes", 120)["phase"] == "Succeeded"
    claim = str(hub.jobs.get("writes")["volumes"][0]["claim"])
    hub.jobs.delete("writes")
    return claim


def test_the_files_are_there_after_the_job(hub: Hub, claim: str) -> None:
    (view,) = [view for view in hub.volumes.list("writes") if view["claim"] == claim]
    assert (view["phase"], view["role"], view["job"]) == ("Bound", "model", "writes")
    found = blocking(hub.volumes.files.list(claim))
    items = {item["name"]: (item["type"], item["size"]) for item in found["items"]}
    # A disk of its own has a folder "lost+found".
    assert (
        items.items()
        >= {
            "epoch 1": ("directory", None),
            "model.bin": ("file", len(MODEL)),
            "latest": ("link", None),
            "out": ("link", None),
        }.items()
    )
    (odd,) = blocking(hub.volumes.files.list(claim, "latest"))["items"]
    assert odd["name"] == "odd\udcff\n"
    assert blocking(whole(hub, claim, odd["path"])) == b"odd"
    with pytest.raises(InvalidField, match="leads out"):
        blocking(hub.volumes.files.stat(claim, "out"))


async def whole(hub: Hub, claim: str, path: str) -> bytes:
    file = await hub.volumes.files.stat(claim, path)
    return b"".join([data async for data in hub.volumes.files.read(claim, file)])


def test_a_download_goes_on_although_the_pod_dies(hub: Hub, claim: str) -> None:
    async def cut() -> bytes:
        files = hub.volumes.files
        file = await files.stat(claim, "model.bin")
        came = bytearray()
        async for data in files.read(claim, file):
            if not came:
                for pod in hub.client.list(PODS, label_selector=selector(READER)):
                    hub.client.delete(PODS, pod["metadata"]["name"])
            came += data
        return bytes(came)

    assert blocking(cut()) == MODEL


def test_the_command_lists_and_downloads(
    hub: Hub,
    claim: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    where = ["--kubeconfig", str(hub.config.kubeconfig), "--namespace", hub.namespace]
    assert main(["files", *where, "job/writes:model"]) == 0
    assert "epoch 1/" in capsys.readouterr().out
    assert main(["download", *where, "job/writes:model", "model.bin"]) == 0
    assert Path("model.bin").read_bytes() == MODEL
    assert main(["download", *where, f"{claim}/epoch 1", "all.tar"]) == 0
    with tarfile.open(fileobj=io.BytesIO(Path("all.tar").read_bytes())) as archive:
        assert archive.getnames() == ["epoch 1", "epoch 1/odd\udcff\n"]
    assert main(["files", *where, claim, "none"]) == 1
    assert "there is no 'none'" in capsys.readouterr().err


def test_a_volume_grows_where_its_class_lets_it(hub: Hub, claim: str) -> None:
    larger = 128 << 20
    if hub.volumes.get(claim)["resizable"]:
        hub.volumes.resize(claim, larger)
        eventually(lambda: hub.volumes.get(claim)["capacity"] >= larger, 120)
    else:
        with pytest.raises(Conflict, match="cannot grow"):
            hub.volumes.resize(claim, larger)


STAY = """
import os, time
open(os.environ["TRAINHUB_MODEL_PATH"] + "/now", "w").write("1")
time.sleep(300)
"""


def test_a_running_job_is_read_in_its_own_pod_and_keeps_its_volume(hub: Hub) -> None:
    hub.jobs.create(job("stays", STAY))
    eventually(lambda: hub.jobs.get("stays")["phase"] == "Running", 120)
    claim = str(hub.jobs.get("stays")["volumes"][0]["claim"])
    eventually(lambda: blocking(hub.volumes.files.list(claim))["items"])
    with pytest.raises(NotFound):
        hub.client.get(JOBS, reader_name(claim))
    with pytest.raises(Conflict, match="is used by job-stays"):
        hub.volumes.delete(claim)
    hub.jobs.delete("stays", volumes=True)
    eventually(lambda: not hub.volumes.list("stays"), 120)


def test_a_volume_that_nobody_uses_is_deleted(hub: Hub, claim: str) -> None:
    blocking(hub.volumes.files.list(claim))
    hub.volumes.delete(claim)
    eventually(lambda: not hub.volumes.list("writes"), 60)
    with pytest.raises(NotFound):
        hub.volumes.get(claim)
