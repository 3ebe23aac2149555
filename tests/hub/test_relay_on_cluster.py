"""Copying images by a Job in the cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField, RegistryFailed
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.copies import relay
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.specs.transfer import CopySpec
from tests.conftest import Kubectl, eventually
from tests.distribution import Distribution
from tests.hub.site import docker_config, ended, htpasswd, layer, put_image, repository

pytestmark = pytest.mark.cluster


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[str]:
    """Another registry, which wants ada's password."""
    server = Distribution(tmp_path / "outside", htpasswd(tmp_path)).start()
    yield server.host
    server.stop()


@pytest.fixture
def hub(kubectl: Kubectl, kubeconfig: Path, image: str, registry: str) -> Hub:
    given = os.environ.get("TRAINHUB_TEST_SNAPSHOTTER_IMAGE", "")
    if image != "host" and not given:
        pytest.skip("TRAINHUB_TEST_SNAPSHOTTER_IMAGE names no image of images/snapshotter")
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig),
        namespace=kubectl.namespace,
        user="ada",
        registry=f"{registry}/{kubectl.namespace}",
        snapshotter_image=given or image,
    )
    return Hub.connect(config)


def copy(hub: Hub, **fields: object) -> View:
    """The transfer, when it has ended."""
    return ended(hub, hub.relay.copy(CopySpec.parse({"where": "cluster", **fields})))


def test_with_the_password_of_a_secret(hub: Hub, kubectl: Kubectl, outside: str) -> None:
    digest = put_image(repository(outside, "tools", "secret"), "1", layer(), layer("b", "b"))
    kubectl("create", "secret", "docker-registry", "outside", f"--docker-server={outside}",
            "--docker-username=ada", "--docker-password=secret")  # fmt: skip
    image = f"{hub.config.registry}/tools:1"
    source = {"source": f"{outside}/tools:1", "source_secret": "outside", "image": image}

    done = copy(hub, **source)

    assert (done["phase"], done["message"]) == ("Succeeded", None), done
    assert done["result"]["digest"] == digest
    assert done["result"]["size"] == done["progress"]["bytes"] > 0
    assert hub.catalogue.get(image)["digest"] == digest
    # Nothing is left, passwords least of all.
    left = kubectl("get", "jobs,secrets", "-o", "name").split()
    assert left == ["secret/outside"]

    put_image(repository(outside, "tools", "secret"), "1", layer("c", "c"))
    refused = copy(hub, **source)
    assert (refused["phase"], refused["resumable"]) == ("Failed", True)
    assert "already" in refused["message"]
    assert copy(hub, **source, overwrite=True)["phase"] == "Succeeded"


def test_where_this_machine_has_no_route(
    hub: Hub, outside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*asked: object) -> str:
        raise RegistryError("it does not answer", reason="Unavailable")

    monkeypatch.setattr(relay, "require", away)
    digest = put_image(repository(outside, "tools", "secret"), "1", layer())
    (tmp_path / "auth.json").write_bytes(docker_config(outside))
    hub.config.registry_auth_file = str(tmp_path / "auth.json")
    image = {"source": f"{outside}/tools:1", "image": f"{hub.config.registry}/tools:1"}

    assert copy(hub, **image, where="auto")["result"]["digest"] == digest

    hub.config.snapshotter_image = ""
    with pytest.raises(RegistryFailed):
        hub.relay.copy(CopySpec.parse({**image, "where": "auto"}))
    with pytest.raises(InvalidField):
        hub.relay.copy(CopySpec.parse({**image, "where": "cluster"}))


def test_cancelled_while_it_waits(hub: Hub, kubectl: Kubectl, outside: str) -> None:
    hub.config.snapshotter_image = "registry.example.org/that/is/nowhere:1"
    spec = CopySpec.parse(
        {"source": f"{outside}/x:1", "image": f"{hub.config.registry}/x:1", "where": "cluster"}
    )
    view = hub.relay.copy(spec)
    eventually(lambda: kubectl.get("jobs")["items"])
    hub.transfers.cancel(view["id"])
    assert ended(hub, view)["phase"] in ("Cancelled", "Failed")
    eventually(lambda: kubectl("get", "jobs,secrets,pods", "-o", "name") == "")
