"""What becomes of a saving when something fails in the middle, and of what it had read."""

from __future__ import annotations

import errno
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_trainhub.errors import Forbidden
from jupyter_trainhub.hub.images.registries import manager as registries
from jupyter_trainhub.hub.images.snapshots.engine import Interrupted
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.registry.credentials import Credential
from jupyter_trainhub.registry.layer import Spool
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from tests.conftest import eventually
from tests.distribution import Distribution
from tests.hub.site import docker_config
from tests.hub.snapshots.saving_site import Site, impatient
from tests.registry.packing import tar


def test_a_disk_that_fills_up_leaves_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(spool: Spool, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(spool.path))

    monkeypatch.setattr(Spool, "write", full)
    view = site.save()
    assert view["phase"] == "Failed"
    assert "is full" in view["message"]
    assert (site.left(), list(site.repository().tags())) == ([], [])


def test_a_broken_connection_is_tried_once_more(site: Site) -> None:
    def broken(times: int) -> Callable[[int], None]:
        def meanwhile(reading: int) -> None:
            if reading <= times:
                raise Interrupted("the connection broke", remedy="Try again.")

        return meanwhile

    site.engine.meanwhile = broken(1)
    assert site.save()["phase"] == "Succeeded"
    assert site.image()[2] == {"opt": b"", "opt/new": b"first"}
    site.engine.readings, site.engine.meanwhile = 0, broken(9)
    view = site.save("2")
    assert (view["phase"], view["message"]) == ("Failed", "the connection broke")
    assert (site.engine.readings, site.left()) == (2, [])


OOM = {"state": {"terminated": {"reason": "OOMKilled"}}, "containerID": "c1"}


@pytest.mark.parametrize(
    ("become", "message"),
    [
        (lambda site: site.cluster.objects["pods"].clear(), "was stopped or restarted"),
        (lambda site: site.pod(containerID="c2"), "was stopped or restarted"),
        (lambda site: site.pod(**OOM), "had no memory left"),
        (lambda site: site.pod(state={"running": {}}, containerID="c2",
                               lastState=OOM["state"]), "had no memory left"),
    ],
)  # fmt: skip
def test_an_instance_that_ends_meanwhile(
    site: Site, become: Callable[[Site], None], message: str
) -> None:
    def end(reading: int) -> None:
        become(site)
        raise Interrupted("the connection broke")

    site.engine.meanwhile = end
    view = site.save()
    assert view["phase"] == "Failed"
    assert message in view["message"]
    assert (site.engine.readings, site.left(), list(site.repository().tags())) == (1, [], [])


def test_cancelled_it_leaves_nothing(site: Site) -> None:
    reading, cancelled = threading.Event(), threading.Event()

    def wait(number: int) -> None:
        reading.set()
        cancelled.wait(10)

    site.engine.meanwhile = wait
    spec = SnapshotSpec.parse({"image": site.name("1"), "secrets": "exclude"})
    transfer = site.hub.snapshots.save("x", spec)
    assert reading.wait(10)
    site.hub.transfers.cancel(transfer["id"])
    cancelled.set()
    assert site.ended(transfer)["phase"] == "Cancelled"
    assert (site.left(), list(site.repository().tags())) == ([], [])
    # docker-registry leaves empty folders of what it has forgotten.
    uploads = site.server.folder / "data/docker/registry/v2/repositories" / site.path / "_uploads"
    assert list(uploads.rglob("data")) == []


@pytest.mark.parametrize("saved_before", [False, True])
def test_a_registry_that_is_killed_gets_the_layer_at_the_second_try(
    mortal: Site, saved_before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    if saved_before:
        mortal.save("0")
        mortal.run_saved("0")
        mortal.engine.layer = tar(("opt/later", "x"))
    mortal.engine.meanwhile = lambda reading: mortal.server.kill()
    view = mortal.save()
    assert (view["phase"], view["resumable"]) == ("Failed", True)
    assert mortal.server.host in view["message"]
    assert len(mortal.left()) == 2  # the layer, and what describes it
    mortal.server.start()
    assert list(mortal.repository().tags()) == (["0"] if saved_before else [])
    # By another server, and the instance is gone by now.
    another = mortal.connect()
    monkeypatch.setattr(another.instances, "running", lambda name: pytest.fail("read again"))
    readings = mortal.engine.readings
    view = mortal.ended(mortal.hub.transfers.resume(view["id"]))
    assert (view["phase"], view["message"]) == ("Succeeded", None)
    assert mortal.engine.readings == readings
    assert (view["progress"]["bytes"], view["result"]["files"]) == (5, 2)
    manifest, _, files = mortal.image()
    assert len(manifest["layers"]) == 2
    assert ("opt/later" if saved_before else "opt/new") in files
    assert mortal.left() == []


def test_a_layer_that_was_damaged_meanwhile_is_read_again(
    mortal: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    mortal.engine.meanwhile = lambda reading: mortal.server.kill()
    view = mortal.save()
    mortal.server.start()
    mortal.engine.meanwhile = lambda reading: None
    (mortal.spools / mortal.left()[0]).write_bytes(b"something else")
    assert mortal.ended(mortal.hub.transfers.resume(view["id"]))["phase"] == "Succeeded"
    assert mortal.engine.readings == 2
    assert mortal.image()[2] == {"opt": b"", "opt/new": b"first"}


@pytest.mark.parametrize("which", [-1, 0])
def test_an_image_that_its_registry_has_lost_a_part_of(
    mortal: Site, which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    mortal.save("0")
    mortal.run_saved("0")
    lost = mortal.image("0")[0]["layers"][which]["digest"].partition(":")[2]
    for path in [*mortal.server.folder.glob(f"data/**/{lost}")]:
        shutil.rmtree(path)
    # What it remembers of its blobs.
    mortal.server.kill()
    mortal.server.start()
    mortal.engine.layer = tar(("opt/later", "x"))
    view = mortal.save("1")
    assert "is not whole any more" in view["message"]
    assert list(mortal.repository().tags()) == ["0"]
    # What was read is kept, in case that the base comes back.
    assert len(mortal.left()) == (0 if which == -1 else 2)


def test_who_has_lost_a_transfer_leaves_the_files_of_the_one_who_has_it(site: Site) -> None:
    def lose(reading: int) -> None:
        task.append(site.hub.transfers._tasks["snapshot-x"])
        (site.spools / f"{site.hub.spools._prefix('snapshot-x')}other").touch()
        task[0].lost = True
        task[0].cancel()

    task: list[Task] = []
    site.engine.meanwhile = lose
    spec = SnapshotSpec.parse({"image": site.name("1"), "secrets": "exclude"})
    site.hub.snapshots.save("x", spec)
    eventually(lambda: task and task[0].ending.is_set())
    assert [name.rpartition(".")[2] for name in site.left()] == ["other"]


def test_a_password_that_is_corrected_is_taken_soon(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registries, "_PASSWORDS_FRESH", 0.0)
    site.connect()
    known = [site.hub.registries.repository(site.name("1")).endpoint.credential]
    (tmp_path / "auth.json").write_bytes(docker_config(site.server.host))
    known.append(site.hub.registries.repository(site.name("1")).endpoint.credential)
    assert known == [None, Credential("ada", "secret")]


def test_who_may_not_push_is_told_before_anything_is_read(site: Site, tmp_path: Path) -> None:
    (tmp_path / "htpasswd").write_text("")
    settings = {"auth": {"htpasswd": {"realm": "r", "path": str(tmp_path / "htpasswd")}}}
    server = Distribution(tmp_path / "registry", settings).start()
    try:
        site.config.registry = f"{server.host}/team"
        with pytest.raises(Forbidden) as refused:
            site.save(image=f"{server.host}/team/x:1")
        assert server.host in refused.value.message
    finally:
        server.stop()
    assert (site.engine.readings, site.hub.transfers.list()) == (0, [])
