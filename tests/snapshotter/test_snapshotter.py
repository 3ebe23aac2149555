"""Saving an instance with the engine ``node``: from its user's request to the image's start.

Containers, registry, and the program that reads are real; the API server is made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.images import handover, node_reader, registry_jobs, snapshotter, transfers
from jupyter_trainhub.hub.images.registry_jobs import RegistryJobs
from jupyter_trainhub.hub.images.task import Task
from jupyter_trainhub.kube.resources import CONFIG_MAPS, JOBS, SECRETS
from jupyter_trainhub.manifests.transfer import Transfer, config_map, transfer_of
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from tests.conftest import eventually
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
    records = (lambda: cluster.hub.transfers.get(view["id"]),)
    return eventually(
        lambda: (
            found
            if (found := records[0]())["phase"] in ("Succeeded", "Failed", "Cancelled")
            else None
        ),
        30,
    )


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
