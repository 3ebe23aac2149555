"""Frameworks on a cluster: another package's, and owners of custom kinds."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import NAMESPACES
from jupyter_trainhub.manifests.frameworks import registry
from jupyter_trainhub.manifests.frameworks.framework import Framework
from jupyter_trainhub.manifests.job_status import job_view
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import Kubectl, eventually
from tests.manifests.crds.schemas import definition
from tests.manifests.jobs import request

pytestmark = pytest.mark.cluster

SWEEP = '''
"""Framework "sweep": every pod works on a part of its own, and none waits for another."""

from jupyter_trainhub.manifests import pod
from jupyter_trainhub.manifests.frameworks.indexed_job import IndexedJob
from jupyter_trainhub.manifests.frameworks.template import pod_template
from jupyter_trainhub.manifests.labels import COMPLETION_INDEX


class Sweep(IndexedJob):
    name = "sweep"
    title = "Sweep"

    def template(self, request):
        part = pod.from_field("PART", f"metadata.annotations['{COMPLETION_INDEX}']")
        return pod_template(
            request, launched_as="single", env=[part], restartPolicy="Never", subdomain=request.name
        )
'''


@pytest.fixture
def sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that brings the framework ``sweep``."""
    (tmp_path / "sweeps.py").write_text(SWEEP)
    info = tmp_path / "sweeps-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sweeps\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\nsweep = sweeps:Sweep\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    registry.frameworks.cache_clear()
    yield
    registry.frameworks.cache_clear()
    sys.modules.pop("sweeps", None)


@pytest.fixture
def hub(kubeconfig: Path, image: str) -> Iterator[Hub]:
    namespace = f"frameworks-{uuid.uuid4().hex[:8]}"
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig), namespace=namespace, default_image=image, user="ada"
    )
    made = Hub.connect(config)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    made.client.create(NAMESPACES, body)
    yield made
    made.client.delete(NAMESPACES, namespace)


def sweep(name: str) -> JobSpec:
    program = "import os; print('part', os.environ['PART'])"
    return JobSpec.parse(
        {
            "name": name,
            "framework": "sweep",
            "command": ["python", "-c", program],
            "nodes": 2,
            "cpus": 0.1,
            "memory": "128Mi",
        }
    )


def test_another_packages_framework_runs_jobs(hub: Hub, sweeps: None) -> None:
    hub.jobs.create(sweep("parts"))
    view = hub.jobs.wait("parts", 60)
    assert (view["phase"], view["framework"], view["backend"]) == ("Succeeded", "sweep", "plain")
    assert b"part 1\n" in b"".join(hub.jobs.logs("parts", 1))
    steps = [entry["reason"] for entry in view["history"]]
    assert steps[:2] == ["Created", "Released"]
    assert steps[-2:] == ["Started", "Completed"]


def test_a_framework_that_nobody_brings_is_refused(hub: Hub) -> None:
    with pytest.raises(InvalidField) as caught:
        hub.jobs.create(sweep("parts"))
    assert caught.value.field == "framework"


CUSTOM = [item for item in registry.BUILT_IN if item.kind != "Job"]


@pytest.fixture
def defined(kubectl: Kubectl) -> Iterator[Callable[[str], None]]:
    """Brings the definition of a kind into the cluster, where it is not there for good."""
    made: list[str] = []

    def define(kind: str) -> None:
        body = definition(kind)
        name = body["metadata"]["name"]
        if kubectl.run("get", "customresourcedefinition", name).returncode:
            made.append(name)
            kubectl("create", "-f", "-", stdin=json.dumps(body))
        kubectl("wait", "--for=condition=Established", f"customresourcedefinition/{name}")

    yield define
    for name in made:
        kubectl("delete", "customresourcedefinition", name)


@pytest.mark.parametrize("framework", CUSTOM, ids=lambda item: item.kind)
def test_a_cluster_takes_owners_of_custom_kinds(
    framework: Framework, kubectl: Kubectl, defined: Callable[[str], None]
) -> None:
    defined(framework.kind)
    asked = request(framework=framework.name, nodes=3, working_dir="/work", shared_memory="1Gi")
    owner = framework.objects(asked).owner
    strictly = ("create", "--validate=strict", "-f", "-")
    eventually(lambda: kubectl.run(*strictly, stdin=json.dumps(owner)).returncode == 0)
    plural = f"{framework.resource.plural}.{framework.resource.version.partition('/')[0]}"
    name = owner["metadata"]["name"]

    def look() -> dict[str, Any]:
        return kubectl.get(plural, name)

    def patch(body: dict[str, Any], *more: str) -> None:
        kubectl("patch", plural, name, "--type=merge", "-p", json.dumps(body), *more)

    assert job_view(look(), [])["phase"] == "Suspended"
    patch({"spec": framework.suspension(suspended=False)})
    assert job_view(look(), [])["phase"] == "Pending"
    assert framework.nodes(look()) == 3
    condition = {
        "type": "Failed",
        "status": "True",
        "reason": "Tested",
        "message": "It was told to.",
        "lastTransitionTime": "2026-11-22T02:30:00Z",
    }
    patch({"status": {"conditions": [condition]}}, "--subresource=status")
    view = job_view(look(), [])
    assert (view["phase"], view["message"]) == ("Failed", "It was told to.")
