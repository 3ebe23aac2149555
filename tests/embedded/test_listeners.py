"""A pod's rights reach what its own processes listen on, and nothing else of the machine's."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.runtime import listeners
from tests.cluster.api import Api
from tests.conftest import Kubectl


@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")],
)
def test_a_listener_is_found_with_its_owner(family: socket.AddressFamily, address: str) -> None:
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        ours = listeners.held([os.getpid()])
        # Another program may listen on the same port of another address.
        ((inode, found),) = (item for item in listeners.listening(port).items() if item[0] in ours)
        assert found == address
        assert inode not in listeners.held([1])
    assert inode not in listeners.listening(port)


@pytest.mark.cluster
@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1"])
def test_what_the_machine_serves_is_no_pods(
    kubectl: Kubectl, embedded_kubeconfig: Path, address: str
) -> None:
    kubectl("run", "idle", "--image=host", "--", "sleep", "600")
    kubectl("wait", "--for=condition=Ready", "pod/idle", "--timeout=60s")
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]
        path = f"/api/v1/namespaces/{kubectl.namespace}/pods/idle:{port}/proxy/"
        answer = Api(embedded_kubeconfig)("GET", path)
        assert answer.code == 503
        assert answer.body["message"].endswith("connect: connection refused")
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
