from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.hub.hub import Hub
from tests.ssh.machine import NAME, Machine, running_instance


@pytest.fixture(scope="session")
def instance(kubeconfig: Path, image: str) -> Iterator[Hub]:
    """A running instance, in a namespace of its own."""
    with running_instance(kubeconfig, image) as hub:
        yield hub


@pytest.fixture(scope="session")
def machine(instance: Hub, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which ``trainhub ssh-config --write`` was run.

    The name of its home has what shells and ssh read as something else.
    """
    home = tmp_path_factory.mktemp("homes") / 'it\'s 100%h "home"'
    home.mkdir()
    made = Machine(home, ["--kubeconfig", str(kubeconfig), "--namespace", instance.namespace])
    made.ok(made.trainhub("ssh-config", "--write", NAME))
    return made
