"""Saving an instance with the engine ``node``: from its user's request to the image's start.

Containers, registry, and the program that reads are real; the API server is made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.images.copies import registry_jobs
from jupyter_trainhub.hub.images.copies.registry_jobs import RegistryJobs
from jupyter_trainhub.hub.images.snapshots import node_reader, snapshotter
from jupyter_trainhub.hub.images.transfers import handover
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.kube.resources import CONFIG_MAPS, JOBS, SECRETS
from jupyter_trainhub.manifests.reader_job import job_name
from jupyter_trainhub.manifests.transfer import ENDED, Transfer, config_map
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from tests.conftest import eventually
from tests.hub.snapshots.saving_site import MadeUp
from tests.snapshotter.node import Cluster
from tests.snapshotter.site import Site, change, manifest

View = dict[str, Any]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshotter, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(registry_jobs, "_LOOK_SECONDS", 0.1)
    monkeypatch.setattr(handover, "_FOLLOW_SECONDS", 0.1)


@pytest.fixture
def cluster(site: Site, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(site, tmp_path)
    made.start()
    yield made
    made.stop()


def save(cluster: Cluster, **fields: Any) -> View:
    """Begin to save the instance."""
    spec = {"engine": "node", "secrets": "exclude", "note": "tried", **fields}
    return cluster.hub.snapshots.save("x", SnapshotSpec.parse(spec))


def ended(cluster: Cluster, view: View) -> View:
    """The transfer at its end, as its user sees it."""

    def look() -> View | None:
        found = cluster.hub.transfers.get(view["id"])
        return found if found["phase"] in ENDED else None

    found: View = eventually(look)
    return found


def test_from_the_request_to_the_start_of_the_image(cluster: Cluster) -> None:
    told: list[View | None] = []
    cluster.hub.on_transfer = lambda id_, view: told.append(view)
    change(cluster.container)
    cluster.run_snapshotter()
    found = ended(cluster, save(cluster, image=f"{cluster.site.repository.name}:one"))
    assert (found["phase"], found["engine"]) == ("Succeeded", "node"), found
    assert found["result"]["deleted"] == 2
    assert (
        found["progress"]["files"] == found["result"]["files"] == found["progress"]["total_files"]
    )
    again = cluster.site.run("one")
    assert manifest(again) == manifest(cluster.container)
    job = cluster.system.jobs[0]
    assert (cluster.system.names(JOBS), cluster.system.names(SECRETS)) == ([], [])
    assert job["spec"]["template"]["spec"]["hostPID"]
    # Its user's server has passed it on.
    eventually(lambda: told[-1] == found)
    # Saved again there is one layer above the base.
    cluster.container, cluster.tag = again, "one"
    (again.root / "opt" / "odd" / "plain").unlink()
    found = ended(cluster, save(cluster, image=f"{cluster.site.repository.name}:two"))
    assert found["phase"] == "Succeeded", found
    assert len(cluster.site.document("two")["layers"]) == 3
    assert manifest(cluster.site.run("two")) == manifest(again)


def test_what_it_cannot_read_is_read_from_within(cluster: Cluster) -> None:
    cluster.hub.snapshots.engines["pod"] = MadeUp()
    cluster.config.snapshot_engine = "node"
    cluster.container.id = cluster.site.run_without_overlay().id
    cluster.run_snapshotter()
    found = ended(cluster, save(cluster, engine="auto"))
    assert (found["phase"], found["engine"]) == ("Succeeded", "pod"), found
    assert "no overlay" in found["result"]["warnings"][-1]
    found = ended(cluster, save(cluster, engine="node"))
    assert found["phase"] == "Failed"
    assert "no overlay" in found["message"]


class WithoutPython(MadeUp):
    """An image in which nothing can be measured from within."""

    def measure(self, *asked: object, **how: object) -> View:
        raise Conflict("there is none", reason="NoPython", remedy="Add it.")


@pytest.mark.parametrize(
    ("fields", "settings", "message"),
    [
        ({"image": "HOST/elsewhere/x:1"}, {}, "does not save to"),
        ({}, {"snapshotter_destinations": ["HOST/{namespace}/*"]}, "does not save to"),
        ({"secrets": "ask"}, {}, "/root/key"),
        ({}, {"snapshot_max_bytes": 1}, "may be saved here"),
        ({"image": "HOST/team/x:base"}, {}, "already"),
        ({"image": "HOST/team/x:base", "overwrite": True}, {}, "does not overwrite"),
    ],
)
def test_refused(cluster: Cluster, fields: View, settings: View, message: str) -> None:
    host = cluster.site.server.host
    for name, value in settings.items():
        given = [text.replace("HOST", host) for text in value] if isinstance(value, list) else value
        setattr(cluster.config, name, given)
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhki\n"
    (cluster.container.root / "root" / "key").write_text(key)
    cluster.hub.snapshots.engines["pod"] = WithoutPython()
    cluster.run_snapshotter()
    fields = fields | {key: fields[key].replace("HOST", host) for key in {"image"} & fields.keys()}
    found = ended(cluster, save(cluster, **fields))
    assert (found["phase"], found["resumable"]) == ("Failed", True)
    assert message in found["message"]
    assert found["remedy"]
    assert cluster.system.names(JOBS) == []


def test_cancelled_in_the_middle(cluster: Cluster) -> None:
    cluster.system.released.clear()
    cluster.run_snapshotter()
    view = save(cluster)
    eventually(lambda: cluster.system.names(JOBS))
    cluster.hub.transfers.cancel(view["id"])
    assert ended(cluster, view)["phase"] == "Cancelled"
    assert (cluster.system.names(JOBS), cluster.system.names(SECRETS)) == ([], [])
    cluster.system.released.set()


def test_another_one_finishes_what_a_snapshotter_has_begun(cluster: Cluster) -> None:
    """Also what several of them do at the same time: each transfer has one."""
    change(cluster.container)
    cluster.system.released.clear()
    image = f"{cluster.site.repository.name}:finished"
    begun = Transfer(
        id="snapshot-x",
        type="snapshot",
        title="Save instance x",
        owner="ada",
        started="2026-11-22T12:00:00Z",
        instance="x",
        image=image,
        engine="node",
        phase="Running",
        spec=SnapshotSpec.parse({"image": image, "engine": "node", "secrets": "exclude"}).to_dict(),
        server="snapshotter-gone",
    )
    reader = node_reader.NodeReader(cluster.connect("lab", "ada"), RegistryJobs(cluster.system))
    name = job_name("lab", begun.id)
    reader._begin(name, Task(begun), SnapshotSpec.parse(begun.spec))
    cluster.lab.put(CONFIG_MAPS, config_map(begun))
    for _ in range(3):
        cluster.run_snapshotter()
    cluster.system.released.set()
    eventually(lambda: cluster.hub.transfers.get(begun.id)["phase"] == "Succeeded")
    assert len(cluster.system.jobs) == 1
    assert manifest(cluster.site.run("finished")) == manifest(cluster.container)


def test_jobs_that_nobody_waits_for_are_removed(cluster: Cluster) -> None:
    record = Transfer(
        "snapshot-x", "snapshot", "x", "ada", "2026-11-22T12:00:00Z", instance="x", engine="node",
        spec={"image": f"{cluster.site.repository.name}:never", "secrets": "exclude"},
    )  # fmt: skip
    reader = node_reader.NodeReader(cluster.connect("lab", "ada"), RegistryJobs(cluster.system))
    name = job_name("lab", record.id)
    reader._begin(name, Task(record), SnapshotSpec.parse(record.spec))
    cluster.run_snapshotter()
    eventually(lambda: not cluster.system.names(JOBS) + cluster.system.names(SECRETS))
