"""The way to an instance's pod."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any, cast

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, Forbidden
from jupyter_trainhub.hub.access.reach import Endpoint, Reach, refused, running_pod
from jupyter_trainhub.kube.credentials import Credentials
from jupyter_trainhub.server.upstream import Upstream
from tests.hub.fakes import FakeCluster

POD: dict[str, Any] = {
    "metadata": {"namespace": "lab", "name": "dev-dev-0"},
    "status": {"podIP": "fd00::1"},
}


class OneFolder:
    """The site's storages, on this machine or not."""

    def __init__(self, local: bool) -> None:
        self._local = local

    def is_local(self) -> bool:
        return self._local


class Cluster(FakeCluster):
    """A cluster below a path of its server, as behind a management server."""

    def credentials(self) -> Credentials:
        return Credentials("https://api/k8s/c1", {"Authorization": "Bearer kube"}, None)


def reach(access: str, *, context: str | None = "c", local: bool = False) -> Reach:
    cluster = Cluster()
    cluster.context = context
    return Reach(cluster, TrainHubConfig(instance_access=access), cast(Any, OneFolder(local)))


@pytest.mark.parametrize(
    ("access", "context", "local", "direct"),
    [
        ("auto", "c", False, False),
        ("auto", "c", True, True),
        ("auto", None, False, True),
        ("direct", "c", False, True),
        ("api", None, True, False),
    ],
)
def test_which_way_is_taken(access: str, context: str | None, local: bool, direct: bool) -> None:
    assert reach(access, context=context, local=local).is_direct() is direct


def test_through_the_api_server() -> None:
    upstream = Upstream.at(reach("api").endpoint(POD, 8888, "/p/lab", "secret"))
    assert upstream.target("/api") == (
        "/k8s/c1/api/v1/namespaces/lab/pods/dev-dev-0:8888/proxy/p/lab/api"
    )
    assert (upstream.address.host, upstream.address.port) == ("api", 443)
    headers = upstream.headers([("Accept", "*/*")])
    assert headers["Authorization"] == "Bearer kube"
    assert headers["X-TrainHub-Token"] == "secret"
    assert headers["Host"] == "api"
    assert "secret" not in repr(upstream)
    assert "kube" not in repr(upstream.gateway)


def test_directly_and_with_a_cookie() -> None:
    endpoint = reach("direct").endpoint(POD, 8889, "", "secret", cookie="c")
    headers = Upstream.at(endpoint).headers([])
    assert headers["Cookie"] == "c=secret"
    assert headers["Host"] == "[fd00::1]:8889"
    assert "Authorization" not in headers


def test_a_pod_that_ends_or_has_no_address_is_not_asked() -> None:
    view = {"phase": "Running", "message": "", "remedy": None}
    ending = {**POD, "metadata": {**POD["metadata"], "deletionTimestamp": "now"}}
    assert running_pod("dev", view, [ending, POD]) is POD
    with pytest.raises(Conflict):
        running_pod("dev", view, [ending, {**POD, "status": {}}])
    with pytest.raises(Conflict) as stopped:
        running_pod("dev", {"phase": "Stopped", "message": "", "remedy": None}, [POD])
    assert stopped.value.remedy == "Start it."


def test_the_right_that_is_missing_is_named() -> None:
    error = refused(403, 'cannot create resource "pods/proxy"')
    assert isinstance(error, Forbidden)
    assert "create" in error.message
    assert "pods/proxy" in str(error.remedy)
    assert refused(503, "connection refused") is None


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"])
def test_an_answer_that_never_ends_is_not_waited_for(sent: bytes) -> None:
    """A pod may belong to anybody, and send a byte whenever we would give up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with contextlib.suppress(OSError), connection:
                connection.sendall(sent)
                while True:
                    connection.sendall(b"x")
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        Endpoint("127.0.0.1", server.getsockname()[1], "", "").get("/", 99, 0.2)
        assert time.monotonic() - began < 3
