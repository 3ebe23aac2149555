"""A cluster that is made up, but for what its Jobs run, and for the node's container runtime."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.snapshots.snapshotter import Snapshotter
from jupyter_trainhub.kube.resources import CONFIG_MAPS, JOBS, PODS, Resource
from jupyter_trainhub.kube.stream import Stream
from jupyter_trainhub.manifests.labels import JOB_NAME, owned_by
from jupyter_trainhub.manifests.registry_job import FILES
from tests.hub.fakes import FakeCluster
from tests.snapshotter.containerd import Container
from tests.snapshotter.site import Site

Object = dict[str, Any]


class System(FakeCluster):
    """The snapshotter's namespace: it sees the records of ``users``, and its Jobs run here."""

    def __init__(self, users: FakeCluster, folder: Path) -> None:
        super().__init__()
        self.users, self.folder = users, folder
        self.released = threading.Event()
        """Set: pods of Jobs start."""
        self.released.set()
        self.jobs: list[Object] = []
        self._printed: dict[str, Path] = {}

    def list_page(self, resource: Resource, **how: Any) -> Object:
        if resource != CONFIG_MAPS:
            return super().list_page(resource, **how)
        page = self.users.list_page(resource, **how)
        for item in page["items"]:
            item["metadata"]["namespace"] = self.users.namespace
        return page

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        made = super().create(resource, body, dry_run=dry_run)
        if resource == JOBS:
            self.jobs.append(made)
        return made

    def patch(
        self, resource: Resource, name: str, body: Object, *, dry_run: bool = False
    ) -> Object:
        made = super().patch(resource, name, body, dry_run=dry_run)
        if resource == JOBS and not made["spec"]["suspend"]:
            threading.Thread(target=self._run, args=(made,), daemon=True).start()
        return made

    def stream(
        self,
        resource: Resource,
        name: str,
        subresource: str,
        parameters: Mapping[str, Any] | None = None,
    ) -> Stream:
        path = self._printed.get(name)
        return cast("Stream", [path.read_bytes() if path and path.exists() else b""])

    def _run(self, job: Object) -> None:
        """Run a Job's pod as a process of this machine, which is the node."""
        name = job["metadata"]["name"]
        files = self.folder / f"{name}-{len(self.jobs)}"
        files.mkdir()
        secret = self.objects["secrets"][name]
        for key, text in secret["stringData"].items():
            (files / key).write_text(text)
        words = job["spec"]["template"]["spec"]["containers"][0]["command"][1:]
        words = [word.replace(FILES, str(files)) for word in words]
        pod = f"{name}-{len(self.jobs)}"
        self._printed[pod] = files / "log"
        self._pod(pod, job, "Pending")
        self.released.wait(30)
        with (files / "log").open("wb") as log:
            command = [sys.executable, *words, "--termination-log", str(files / "end")]
            code = subprocess.run(command, stdout=log, stderr=log).returncode
        # Nobody makes pods of a Job that is deleted.
        if name in self.names(JOBS):
            self._pod(pod, job, "Failed" if code else "Succeeded")

    def _pod(self, name: str, job: Object, phase: str) -> None:
        pod = {"metadata": {"name": name, "labels": {JOB_NAME: job["metadata"]["name"]}},
               "status": {"phase": phase}}  # fmt: skip
        self.put(PODS, owned_by(pod, job))


class Cluster:
    """Users' namespace ``lab`` with one instance ``x``, and the snapshotter's."""

    def __init__(self, site: Site, folder: Path, **settings: Any) -> None:
        self.site, self.folder = site, folder
        self.lab = FakeCluster()
        self.system = System(self.lab, folder)
        self.config = TrainHubConfig(
            registry=f"{site.server.host}/team",
            snapshotter_image="registry.example.org/snapshotter:1",
            snapshot_folder=str(folder),
            **settings,
        )
        self.container: Container
        self.tag = "base"
        self.hub = self.connect("lab", "ada")
        self._stopping = threading.Event()

    def start(self, tag: str = "base") -> Container:
        """Start the instance."""
        self.container, self.tag = self.site.run(tag), tag
        return self.container

    def connect(self, namespace: str, user: str) -> Hub:
        """A hub of one user's."""
        made = Hub(self.lab, self.config, ClusterChoice(embedded=True), user)
        made.instances.running = lambda name: self.pod()  # type: ignore[method-assign]
        return made

    def pod(self) -> Object:
        """The instance's pod."""
        digest = self.site.repository.resolve(self.tag)
        assert digest
        name = f"{self.site.repository.name}@{digest.digest}"
        status = {"name": "main", "imageID": name, "state": {"running": {}},
                  "containerID": f"containerd://{self.container.id}"}  # fmt: skip
        container = {"name": "main", "image": f"{self.site.repository.name}:{self.tag}"}
        return {
            "metadata": {"name": "dev-x-0", "uid": "pod-1"},
            "spec": {"containers": [container], "nodeName": "n1"},
            "status": {"containerStatuses": [status]},
        }

    def run_snapshotter(self) -> None:
        """Run one, in a thread."""
        made = Snapshotter(self.system, self.connect, [])
        threading.Thread(target=made.run, args=(self._stopping,), daemon=True).start()

    def stop(self) -> None:
        """Stop it."""
        self._stopping.set()
        self.hub.close()
