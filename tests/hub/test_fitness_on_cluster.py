"""Looking into images and instances on a cluster that runs pods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.specs.instance import InstanceSpec
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

# On this path there is no JupyterLab, so that the container ends at once when it is told.
SMALL = {"cpus": 0.1, "memory": "128Mi", "env": {"PATH": "/usr/local/bin:/usr/bin:/bin"}}


@pytest.fixture
def hub(kubectl: Kubectl, kubeconfig: Path, image: str) -> Hub:
    """A hub in a namespace of the test's own."""
    return Hub.connect(
        TrainHubConfig(
            kubeconfig=str(kubeconfig), namespace=kubectl.namespace, default_image=image, user="ada"
        )
    )


def states(found: Any) -> dict[str, str]:
    return {item["name"]: item["state"] for item in found["items"]}


def pods_are_gone(hub: Hub) -> bool:
    return not list(hub.client.list(PODS))


def test_an_image_is_looked_into_and_nothing_is_left(hub: Hub, image: str) -> None:
    found = hub.fitness.check(image=image)
    assert found["target"] == image
    assert found["ok"]["job"] is True
    assert states(found)["shell"] == states(found)["python"] == "ok"
    eventually(lambda: pods_are_gone(hub))


def test_a_running_instance_is_looked_into(hub: Hub) -> None:
    with pytest.raises(NotFound):
        hub.fitness.check(instance="lab")
    hub.instances.create(InstanceSpec.parse({"name": "lab", **SMALL}))
    hub.instances.wait_ready("lab", 60)
    found = hub.fitness.check(instance="lab")
    assert found["target"] == "lab"
    assert states(found)["python"] == "ok"
    assert states(found)["jupyterlab"] == "missing"
    assert "jupyterlab" in found["dockerfile"]
    hub.instances.delete("lab")


def test_an_image_that_cannot_be_had_is_told_in_words(hub: Hub) -> None:
    with pytest.raises(Conflict, match="is not the name of an image") as refused:
        hub.fitness.check(image="Not A Name")
    assert refused.value.remedy
    eventually(lambda: pods_are_gone(hub))


def test_what_an_image_can_import_is_found_and_kept(
    hub: Hub, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert hub.modules.known("")["state"] == "unknown"
    found = hub.modules.look(image)
    assert (found["python"] or "").startswith("3.")
    assert "json" not in found["modules"]
    assert hub.modules.known("")["python"] == found["python"]


def test_a_check_that_nobody_waits_for_is_ended(hub: Hub, image: str) -> None:
    with pytest.raises(Conflict, match="cancelled"):
        hub.fitness.check(image=image, cancelled=lambda: True)
    eventually(lambda: pods_are_gone(hub))
