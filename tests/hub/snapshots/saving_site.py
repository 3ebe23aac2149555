"""A site whose instance is saved: a real registry, a faked cluster and a made-up engine."""

from __future__ import annotations

import io
import json
import os
import tarfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.snapshots.engine import Choice
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.source import BytesSource
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from tests.conftest import eventually
from tests.distribution import Distribution
from tests.hub.fakes import FakeCluster
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


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a registry that is away."""
    for module in ("transport", "upload"):
        monkeypatch.setattr(
            f"jupyter_trainhub.registry.{module}.wait", lambda seconds, cancelled, where: None
        )
