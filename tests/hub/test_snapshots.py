"""Saving an instance to a real registry: every way in which it may fail, and what is left then.

The instance is made up: what it has changed is what a test says.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import AlreadyExists, Conflict, Forbidden, InvalidField, TrainHubError
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.registries import manager as registries
from jupyter_trainhub.hub.images.snapshots import base
from jupyter_trainhub.hub.images.snapshots.engine import Choice, Interrupted
from jupyter_trainhub.hub.images.transfers import handover, heartbeat
from jupyter_trainhub.hub.images.transfers.records import Records
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.kube.resources import PODS, STATEFUL_SETS
from jupyter_trainhub.manifests.transfer import Transfer
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.credentials import Credential
from jupyter_trainhub.registry.layer import Spool
from jupyter_trainhub.registry.source import BytesSource
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from tests.conftest import eventually
from tests.distribution import Distribution
from tests.hub.fakes import FakeCluster
from tests.hub.site import docker_config
from tests.registry.packing import MANIFEST, configuration, digest, tar

View = dict[str, Any]
SECRET = {"path": "/root/.netrc", "kind": "password file", "line": None}


class MadeUp:
    """An engine whose instance has changed what a test says."""

    name = "pod"

    def __init__(self) -> None:
        self.layer = tar(("opt/", ""), ("opt/new", "first"))
        self.secrets: list[View] = []
        self.size = 100
        self.measured: View = {}
        self.readings = 0
        self.choice = Choice()
        # Called in the middle of the layer, with the number of the reading.
        self.meanwhile: Callable[[int], None] = lambda reading: None

    def measure(self, pod: View, choice: Choice, check: Any = None, report: Any = None) -> View:
        return {
            "files": 2,
            "bytes": self.size,
            "secrets": self.secrets,
            "warnings": ["careful"],
            **self.measured,
        }

    def read(self, pod: View, choice: Choice, sink: Any, check: Any, report: Any) -> View:
        self.readings += 1
        self.choice = choice
        report({"files": 1, "bytes": 5, "path": "/opt"})
        sink(self.layer[:512])
        self.meanwhile(self.readings)
        check()
        sink(self.layer[512:])
        return {
            "files": 2,
            "bytes": 5,
            "deleted": 0,
            "unreadable": ["/root/secret"],
            "secrets": [SECRET] if choice.secrets == "exclude" else [],
        }


class Site:
    """A hub with one made-up instance, whose images go to ``server``."""

    def __init__(self, server: Distribution, folder: Path, **settings: Any) -> None:
        self.server = server
        self.path = f"team/{uuid.uuid4().hex[:8]}/x"
        self.cluster = FakeCluster()
        self.config = TrainHubConfig(
            registry=f"{server.host}/team",
            snapshot_folder=str(folder),
            registry_auth_file=str(folder / "auth.json"),
            **settings,
        )
        (folder / "auth.json").write_text(json.dumps({"auths": settings.pop("auths", {})}))
        self.spools = folder / f"jupyter-trainhub-{os.getuid()}"
        self.engine = MadeUp()
        self.image_id = self.push_base()
        self.hub = self.connect()

    def connect(self) -> Hub:
        """A hub of another process."""
        made = Hub(self.cluster, self.config, ClusterChoice(embedded=True), "ada")
        made.instances.running = lambda name: self.pod()  # type: ignore[method-assign]
        made.snapshots.engines["pod"] = self.engine
        self.hub = made
        return made

    def pod(self, **status: Any) -> View:
        state = {"state": {"running": {}}, "containerID": "c1", **status}
        container = {"name": "main", "image": "site/base:1"}
        return self.cluster.put(
            PODS,
            {
                "metadata": {"name": "dev-x-0", "uid": "pod-1"},
                "spec": {"containers": [container], "nodeName": "n1"},
                "status": {
                    "containerStatuses": [{"name": "main", "imageID": self.image_id, **state}]
                },
            },
        )

    def repository(self, path: str = "") -> Repository:
        hub = Hub(self.cluster, self.config, ClusterChoice(embedded=True), "ada")
        return hub.registries.repository(f"{self.server.host}/{path or self.path}", push=True)

    def push_base(self) -> str:
        """An image of one layer; its ``imageID``."""
        layer = tar(("etc/", ""), ("etc/base", "base"))
        config = configuration([layer], Env=["OF=base"], Cmd=["serve"])
        repository = self.repository("team/base")
        for blob in (layer, config):
            repository.upload(BytesSource(blob))
        described = [
            {"mediaType": kind, "digest": digest(blob), "size": len(blob)}
            for kind, blob in (
                ("application/vnd.oci.image.config.v1+json", config),
                ("application/vnd.oci.image.layer.v1.tar", layer),
            )
        ]
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0],
                    "layers": described[1:]}  # fmt: skip
        found = repository.put_manifest("1", json.dumps(document).encode(), MANIFEST)
        return f"{repository.name}@{found}"

    def name(self, tag: str) -> str:
        """Of an image of the instance."""
        return f"{self.server.host}/{self.path}:{tag}"

    def save(self, tag: str = "1", **fields: Any) -> View:
        """The transfer's view at its end."""
        return self.ended(self.begin(tag, **fields))

    def begin(self, tag: str = "1", **fields: Any) -> View:
        """The transfer's view at its beginning."""
        spec = {"image": self.name(tag), "secrets": "exclude", **fields}
        return self.hub.snapshots.save("x", SnapshotSpec.parse(spec))

    def ended(self, view: View) -> View:
        found: View = eventually(
            lambda: (now := self.hub.transfers.get(view["id"]))["finished"] and now, 60
        )
        return found

    def image(self, tag: str = "1") -> tuple[View, View, dict[str, bytes]]:
        """Its manifest, its configuration, and the files of its topmost layer."""
        repository = self.repository()
        manifest = repository.manifest(tag).document
        config = repository.blob(manifest["config"]["digest"], manifest["config"]["size"])
        layer = manifest["layers"][-1]
        content = b"".join(repository.blob(layer["digest"], layer["size"]).content())
        with tarfile.open(fileobj=io.BytesIO(content)) as members:
            files = {
                member.name: reader.read() if (reader := members.extractfile(member)) else b""
                for member in members
            }
        return manifest, json.loads(config.document()), files

    def run_saved(self, tag: str = "1") -> None:
        """The instance now runs what was saved."""
        self.image_id = f"{self.repository().name}@{self.repository().manifest(tag).digest}"

    def left(self) -> list[str]:
        """The files that wait for another attempt."""
        return sorted(path.name for path in self.spools.iterdir())


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_PUSH_SECONDS", 0.02)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distribution]:
    server = Distribution(tmp_path_factory.mktemp("registry")).start()
    yield server
    server.stop()


@pytest.fixture
def site(shared: Distribution, tmp_path: Path) -> Site:
    return Site(shared, tmp_path)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Site]:
    """A site whose registry a test may kill."""
    server = Distribution(tmp_path / "registry").start()
    yield Site(server, tmp_path)
    server.stop()


def test_the_base_and_one_layer(site: Site) -> None:
    view = site.save(note="a note")
    assert (view["phase"], view["message"]) == ("Succeeded", None)
    manifest, config, files = site.image()
    assert len(manifest["layers"]) == 2
    assert files == {"opt": b"", "opt/new": b"first"}
    # Nothing of the pod's is in it.
    assert (
        config["config"].pop("Labels").items()
        >= {
            "org.opencontainers.image.base.name": "site/base:1",
            "org.opencontainers.image.base.digest": site.image_id.partition("@")[2],
            "org.opencontainers.image.authors": "ada",
            "org.opencontainers.image.description": "a note",
            "trainhub.jupyter.org/instance": "x",
            "trainhub.jupyter.org/namespace": "lab",
            "trainhub.jupyter.org/layers-above-base": "1",
        }.items()
    )
    assert config["config"] == {"Env": ["OF=base"], "Cmd": ["serve"]}
    result = view["result"]
    assert result["digest"] == site.repository().manifest("1").digest
    assert (result["files"], result["deleted"]) == (2, 0)
    assert result["layer_size"] == manifest["layers"][-1]["size"] < result["size"]
    assert result["skipped"] == [
        {"path": "/root/secret", "reason": "it cannot be read by the user of the instance"},
        {"path": SECRET["path"], "reason": "it is a secret"},
    ]
    assert result["warnings"] == ["careful"]
    progress = view["progress"]
    assert (progress["total_files"], progress["total_bytes"]) == (2, 100)
    assert progress["sent"] == result["layer_size"]
    assert site.left() == []


def test_saved_again_it_is_still_one_layer(site: Site) -> None:
    site.save()
    for number in range(2, 5):
        site.run_saved(str(number - 1))
        site.engine.layer = tar(("opt/.wh.new", ""), (f"opt/{number}", "x"))
        assert site.save(str(number))["phase"] == "Succeeded"
    manifest, config, files = site.image("4")
    assert len(manifest["layers"]) == len(config["rootfs"]["diff_ids"]) == 2
    # What was deleted is in no layer.
    assert {path for path in files if "wh" not in path} == {"opt", "opt/2", "opt/3", "opt/4"}
    labels = config["config"]["Labels"]
    assert labels["org.opencontainers.image.base.name"] == "site/base:1"
    assert labels[base.LAYERS_ABOVE_BASE] == "1"
    assert site.left() == []


def test_an_image_that_was_built_on_a_saved_one_is_a_base(site: Site) -> None:
    site.save()
    repository = site.repository()
    manifest, config, _ = site.image()
    built = tar(("opt/built", "x"))
    repository.upload(BytesSource(built))
    config["rootfs"]["diff_ids"].append(digest(built))
    document = json.dumps(config).encode()
    repository.upload(BytesSource(document))
    manifest["layers"].append(
        {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(built),
         "size": len(built)}
    )  # fmt: skip
    manifest["config"] |= {"digest": digest(document), "size": len(document)}
    repository.put_manifest("built", json.dumps(manifest).encode(), MANIFEST)
    site.run_saved("built")
    assert site.save("again")["phase"] == "Succeeded"
    assert len(site.image("again")[0]["layers"]) == 4


def test_a_name_that_is_taken(site: Site) -> None:
    site.save()
    site.engine.layer = tar(("opt/new", "second"))
    with pytest.raises(AlreadyExists) as refused:
        site.save()
    assert refused.value.reason == "ImageExists"
    assert site.save(overwrite=True)["phase"] == "Succeeded"
    assert site.image()[2] == {"opt/new": b"second"}


def test_a_name_that_somebody_takes_meanwhile(site: Site) -> None:
    def take(reading: int) -> None:
        made = site.repository("team/base").manifest("1")
        for blob in (made.document["config"], *made.document["layers"]):
            site.repository().mount(blob["digest"], "team/base")
        site.repository().put_manifest("1", made.bytes, made.media_type)

    site.engine.meanwhile = take
    view = site.save()
    assert view["phase"] == "Failed"
    assert "already" in view["message"]
    assert len(site.repository().manifest("1").document["layers"]) == 1


def test_secrets_are_asked_about(site: Site) -> None:
    site.engine.secrets = [SECRET]
    with pytest.raises(Conflict) as refused:
        site.save(secrets="ask")
    assert (refused.value.reason, refused.value.details["secrets"]) == ("SecretsFound", [SECRET])
    assert site.hub.transfers.list() == []
    for decision in ("exclude", "include"):
        assert site.save(decision, secrets=decision, exclude=["/data"])["phase"] == "Succeeded"
        assert site.engine.choice.secrets == decision
    assert site.engine.choice.exclude == (*site.config.snapshot_exclude, "/data")


def test_a_secret_that_comes_after_the_question_is_left_out(site: Site) -> None:
    assert site.save(secrets="ask")["phase"] == "Succeeded"
    assert site.engine.choice.secrets == "exclude"


def test_what_is_measured_is_named_as_the_site_names_it(site: Site) -> None:
    stateful_set: View = {
        "metadata": {"annotations": {"trainhub.jupyter.org/storages": '{"v": "NAS"}'}},
        "spec": {
            "template": {
                "spec": {
                    "volumes": [{"name": "v", "nfs": {"server": "nas", "path": "/x"}}],
                    "containers": [
                        {"name": "main", "volumeMounts": [{"name": "v", "mountPath": "/mnt/u"}]}
                    ],
                }
            }
        },
    }
    site.cluster.put(STATEFUL_SETS, {**stateful_set, "metadata": {
        **stateful_set["metadata"], "name": "dev-x"}})  # fmt: skip
    mounts = [{"path": path, "kind": "volume", "title": "nas:/x"} for path in ("/mnt/u", "/data")]
    site.engine.measured = {"not_saved": mounts, "tree": "broken", "what": 1}
    found = site.hub.snapshots.measure("x")
    assert [mount["title"] for mount in found["not_saved"]] == ["NAS", "nas:/x"]
    assert (found["instance"], found["files"], found["tree"]) == ("x", 2, [])
    assert (found["above_base"], found["previous_bytes"], found["engine"]) == (False, 0, "pod")
    assert found["base"] == {"name": "site/base:1", "digest": site.image_id.partition("@")[2]}
    assert found["image"].startswith(f"{site.server.host}/team/ada/x:")
    assert "what" not in found
    saved = site.save()["result"]
    site.run_saved()
    found = site.hub.snapshots.measure("x")
    assert (found["above_base"], found["previous_bytes"]) == (True, saved["layer_size"])
    assert found["base"]["name"] == "site/base:1"


@pytest.mark.parametrize(
    ("fields", "image_id", "error", "reason"),
    [
        ({"image": "r.example.com/a@sha256:" + "0" * 64}, None, InvalidField, "Invalid"),
        ({"image": "r.example.com/UPPER:1"}, None, InvalidField, "Invalid"),
        ({}, "sha256:" + "0" * 64, Conflict, "ImageNotInRegistry"),
        ({}, "HOST/team/base@sha256:" + "0" * 64, TrainHubError, "ImageNotInRegistry"),
    ],
)
def test_refused_before_anything_is_read(
    site: Site, fields: View, image_id: str | None, error: type[TrainHubError], reason: str
) -> None:
    site.image_id = (image_id or site.image_id).replace("HOST", site.server.host)
    with pytest.raises(error) as refused:
        site.save(**fields)
    assert refused.value.reason == reason
    assert refused.value.remedy
    assert (site.engine.readings, site.hub.transfers.list()) == (0, [])


def test_an_engine_that_nobody_runs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "OFFER_SECONDS", 0.3)
    found = site.save(engine="node")
    assert (found["phase"], found["resumable"], site.engine.readings) == ("Failed", True, 0)
    assert "no snapshotter" in found["message"]
    site.config.snapshot_engine = "node"
    found = site.save(engine="auto")
    assert (found["phase"], found["engine"]) == ("Succeeded", "pod")
    assert "read from within" in found["result"]["warnings"][-1]


def test_what_a_snapshotter_has_taken_is_its_own_until_it_hands_it_back(site: Site) -> None:
    other = Records(site.cluster)

    def taken(view: View) -> Transfer:
        found: Transfer = eventually(
            lambda: other.take(view["id"], "snapshotter-1", lambda it: it.phase == "Pending")
        )
        return found

    view = site.begin(engine="node")
    transfer = taken(view)
    assert Records(site.cluster).take(view["id"], "snapshotter-2", lambda it: False) is None
    other.write(replace(transfer, phase="Running", step="read"))
    eventually(lambda: site.hub.transfers.get(view["id"])["step"] == "read")
    site.hub.transfers.cancel(view["id"])
    assert other.write(transfer) == "ada"
    other.write(replace(transfer, phase="Cancelled", finished="2026-11-22T12:00:00Z"))
    assert site.ended(view)["phase"] == "Cancelled"
    assert site.engine.readings == 0

    view = site.begin(engine="node")
    transfer = taken(view)
    other.write(handover.handed_back(transfer, handover.HandBack("there is no overlay")))
    found = site.ended(view)
    assert (found["phase"], found["engine"], site.engine.readings) == ("Succeeded", "pod", 1)
    assert "there is no overlay" in found["result"]["warnings"][-1]


def test_more_than_the_site_allows(shared: Distribution, tmp_path: Path) -> None:
    site = Site(shared, tmp_path, snapshot_max_bytes=10 << 20)
    site.engine.size = 20 << 20
    view = site.save("large")
    assert view["phase"] == "Failed"
    assert view["message"] == "the changes have 20 MiB, and 10 MiB may be saved here"
    assert site.engine.readings == 0


def test_no_room_for_the_layer_is_seen_first(site: Site) -> None:
    site.engine.size = 1 << 60
    view = site.save()
    assert "has room for" in view["message"]
    assert "snapshot_folder" in view["remedy"]
    assert site.engine.readings == 0


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


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a registry that is away."""
    for module in ("transport", "upload"):
        monkeypatch.setattr(
            f"jupyter_trainhub.registry.{module}.wait", lambda seconds, cancelled, where: None
        )
