"""The cluster under test by its plain API, and what a real one answered."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.api import Api
from tests.cluster.lab import Lab, begin

MakeLab = Callable[[], Lab]


@pytest.fixture(scope="session")
def api(kubeconfig: Path) -> Api:
    """The API of the cluster under test, as its administrator."""
    return Api(kubeconfig)


@pytest.fixture(scope="session")
def make_lab(api: Api) -> Iterator[MakeLab]:
    """Makes labs that are gone after the session."""
    made: list[Lab] = []

    def make() -> Lab:
        name = f"lab-{uuid.uuid4().hex[:8]}"
        lab = Lab(api, name, api("POST", "/api/v1/namespaces", {"metadata": {"name": name}}))
        # Pods need the service account that a real cluster makes a moment later.
        lab.until("serviceaccounts", "default", lambda account: account["metadata"]["uid"])
        made.append(lab)
        return lab

    yield make
    for lab in made:
        api("DELETE", f"/api/v1/namespaces/{lab.namespace}")


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    """A namespace of the module's own."""
    return make_lab()


@pytest.fixture(scope="session")
def situations(make_lab: MakeLab, image: str) -> Lab:
    """The namespace where all pods and jobs that the facts are about run side by side."""
    lab = make_lab()
    begin(lab, image)
    return lab


@pytest.fixture(scope="session")
def real() -> dict[str, Any]:
    """What a Kubernetes 1.36.2 with containerd answered, by the name of the fact."""
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("facts.json").read_text())
    return facts
