"""Port-forward and the proxy subresource: connections to what listens in a pod."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from kubernetes import client, stream

from jupyter_trainhub.errors import Conflict, TrainHubError
from jupyter_trainhub.hub.access.forwarding import forward
from jupyter_trainhub.kube.client import KubeClient
from tests.cluster import web_server
from tests.cluster.lab import Lab
from tests.cluster.pods import pod
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

# Of a pod that shares its network with the machine nobody else should have this port.
PORT = random.randrange(20000, 30000)


@pytest.fixture(scope="module")
def web(lab: Lab, image: str) -> Lab:
    """A namespace with a pod ``web`` that serves, and services before it."""
    script = Path(web_server.__file__).read_text()
    body = pod(
        "web", image, "", labels={"app": "web"}, ports=[{"name": "http", "containerPort": PORT}]
    )
    container = body["spec"]["containers"][0]
    container["command"] = ["python3", "-c", script, str(PORT)]
    container["readinessProbe"] = {"tcpSocket": {"port": "http"}, "periodSeconds": 1}
    lab.create("pods", body)
    for name, labels in (("web", {"app": "web"}), ("empty", {"app": "none"})):
        ports = [{"name": "main", "port": 80, "targetPort": "http"}]
        spec = {"selector": labels, "ports": ports}
        lab.create("services", {"metadata": {"name": name}, "spec": spec})
    ready = {"type": "Ready", "status": "True"}.items()
    lab.until("pods", "web", lambda p: any(ready <= c.items() for c in p["status"]["conditions"]))
    return lab


class TestProxy:
    @pytest.mark.parametrize(
        "target",
        ["pods/web", f"pods/http:web:{PORT}", "services/web:main", "services/web:80"],
        ids=["pod", "port of a pod", "port's name of a service", "port of a service"],
    )
    def test_what_reaches_the_pod(self, web: Lab, target: str) -> None:
        path = f"{web.path('')}{target}/proxy".replace("//", "/")
        answer = web.api("GET", f"{path}/headers", q="1 a")
        start, *headers = answer.body.split("\n")
        names = {line.split(":")[0].lower() for line in headers}
        assert start == "GET /headers?q=1+a"
        assert f"X-Forwarded-Uri: {path}/headers" in headers
        assert "x-forwarded-for" in names
        assert "authorization" not in names

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_bodies(self, web: Lab, method: str) -> None:
        body = "x" * (3 << 20)
        path = web.path("pods", f"web:{PORT}/proxy/")
        assert web.api(method, path, body).body == f"{method} {len(body)}"

    def test_a_large_answer(self, web: Lab) -> None:
        assert len(web.get("pods", "web/proxy/bytes/20000000").body) == 20_000_000

    def test_an_answer_that_is_an_error(self, web: Lab) -> None:
        answer = web.get("pods", "web/proxy/nothing")
        assert (answer.code, answer.body) == (404, "none\n")

    @pytest.mark.parametrize(
        ("path", "to"),
        [("", "/"), ("/moved", "/there/?x=1"), ("/moved-here", "/there")],
    )
    def test_redirects_lead_through_it(self, web: Lab, path: str, to: str) -> None:
        proxy = web.path("pods", f"web:{PORT}/proxy")
        answer = web.api._pool.request(
            "GET", web.api.address + proxy + path, headers=web.api.headers, redirect=False
        )
        assert answer.headers["Location"] == proxy + to
        assert "Access-Control-Allow-Origin" not in answer.headers

    def test_links_of_pages_lead_through_it(self, web: Lab) -> None:
        proxy = web.path("pods", f"web:{PORT}/proxy")
        text = web.get("pods", f"web:{PORT}/proxy/page").body
        page = web_server.PAGE.decode().replace('"/x?', f'"{proxy}/x?')
        assert re.sub(r"""["']""", "", text) == re.sub(r"""["']""", "", page)

    @pytest.mark.parametrize(
        ("target", "code", "told"),
        [
            ("pods/none/proxy/", 404, 'pods "none" not found'),
            ("pods/a:b:c:d/proxy/", 400, 'invalid pod request "a:b:c:d"'),
            ("services/empty:main/proxy/", 503, 'no endpoints available for service "empty"'),
            ("services/web:81/proxy/", 503, 'no service port 81 found for service "web"'),
            ("services/web/proxy/", 503, 'no endpoints available for service "web"'),
        ],
    )
    def test_refusals(self, web: Lab, target: str, code: int, told: str) -> None:
        status = web.api("GET", f"/api/v1/namespaces/{web.namespace}/{target}").status
        assert (status["code"], status["message"]) == (code, told)

    def test_nobody_listens(self, web: Lab) -> None:
        status = web.get("pods", "web:1/proxy/").status
        address = web.get("pods", "web").body["status"]["podIP"]
        assert status == {
            "code": 503, "kind": "Status", "status": "Failure", "reason": "ServiceUnavailable",
            "message": f"error trying to reach service: dial tcp {address}:1: connect: connection "
            "refused",
        }  # fmt: skip

    def test_another_protocol(self, web: Lab) -> None:
        address = urlsplit(web.api.address)
        configuration = web.api.client.configuration
        trust = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            trust.load_cert_chain(configuration.cert_file, configuration.key_file)
        lines = [f"GET {web.path('pods', f'web:{PORT}/proxy/upgrade')} HTTP/1.1",
                 f"Host: {address.netloc}", "Connection: Upgrade", "Upgrade: shout",
                 *(f"{name}: {value}" for name, value in web.api.headers.items())]  # fmt: skip
        plain = socket.create_connection((address.hostname, address.port or 443), 20)
        with trust.wrap_socket(plain, server_hostname=address.hostname) as link:
            link.sendall("\r\n".join([*lines, "", "hello\n"]).encode())
            with link.makefile("rb") as answers:
                assert answers.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
                while answers.readline() != b"\r\n":
                    pass
                assert answers.readline() == b"HELLO\n"


@pytest.fixture(params=["true", "false"], ids=["websocket", "spdy"])
def forwarded(
    request: pytest.FixtureRequest, web: Lab, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[int, int]]:
    """Local ports that lead to the pod's server and to a port that nobody listens on."""
    monkeypatch.setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", request.param)
    line = Kubectl(kubeconfig, web.namespace).arguments(
        "port-forward", "--address=127.0.0.1", "pod/web", f":{PORT}", ":1"
    )
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first, second = (process.stdout.readline() for _ in range(2))
        yield tuple(int(re.findall(r":(\d+) ->", text)[0]) for text in (first, second))  # type: ignore[misc]
        process.kill()


class TestPortForward:
    def test_many_connections_at_once(self, forwarded: tuple[int, int]) -> None:
        def fetch(size: int) -> int:
            with urlopen(f"http://127.0.0.1:{forwarded[0]}/bytes/{size}", timeout=60) as answer:
                return len(answer.read())

        sizes = [1, 100_000, 5_000_000] * 6
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(fetch, sizes)) == sizes

    def test_the_end_of_what_is_sent_is_passed_on(self, forwarded: tuple[int, int]) -> None:
        request = (
            b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", forwarded[0]), 20) as link:
            link.sendall(request + bytes(3_000_000))
            link.shutdown(socket.SHUT_WR)
            with link.makefile("rb") as answer:
                assert answer.read().endswith(b"POST 3000000")

    def test_nobody_listens(self, forwarded: tuple[int, int]) -> None:
        with socket.create_connection(("127.0.0.1", forwarded[1]), 20) as link:
            assert link.recv(1) == b""


def test_port_forward_of_the_python_client(web: Lab) -> None:
    core = client.CoreV1Api(web.api.client)
    forward = stream.portforward(
        core.connect_get_namespaced_pod_portforward, "web", web.namespace, ports=f"{PORT},1"
    )
    link = forward.socket(PORT)
    link.setblocking(True)
    link.sendall(b"GET /bytes/100000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = b""
    while not answer.endswith(bytes(100000)):
        answer += link.recv(65536)
    link.close()
    told = eventually(lambda: forward.error(1))
    assert re.match(
        r"error forwarding port 1 to pod \w+, uid : failed to execute portforward", told
    )
    assert "dial tcp4 127.0.0.1:1: connect: connection refused" in told


class TestForward:
    """``trainhub open``: our own forwarding, from a port of this machine."""

    def test_many_connections_at_once(self, web: Lab, kubeconfig: Path) -> None:
        def fetch(size: int) -> int:
            with urlopen(f"http://127.0.0.1:{port}/bytes/{size}", timeout=60) as answer:
                return len(answer.read())

        sizes = [1, 100_000, 5_000_000] * 3
        with forwarding(kubeconfig, web, PORT) as (port, failed):
            with ThreadPoolExecutor(8) as pool:
                assert list(pool.map(fetch, sizes)) == sizes
            again = forward(
                KubeClient.connect(kubeconfig), "web", PORT, local_port=port,
                begun=print, failed=print,
            )  # fmt: skip
            with pytest.raises(Conflict, match=f"port {port} of this machine"):
                asyncio.run(again)
            # One that goes on does not keep it from ending.
            socket.create_connection(("127.0.0.1", port), 20)
        assert not failed

    def test_a_port_that_nobody_listens_on(self, web: Lab, kubeconfig: Path) -> None:
        with forwarding(kubeconfig, web, 1) as (port, failed):
            with socket.create_connection(("127.0.0.1", port), 20) as link:
                assert link.recv(1) == b""
            assert [error.reason for error in eventually(lambda: failed)] == ["PortRefused"]


@contextmanager
def forwarding(kubeconfig: Path, lab: Lab, port: int) -> Iterator[tuple[int, list[TrainHubError]]]:
    """The local port, and what fails, while ``port`` of the pod is forwarded in a thread."""
    begun: Future[int] = Future()
    failed: list[TrainHubError] = []
    client = KubeClient.connect(kubeconfig, namespace=lab.namespace)
    loop = asyncio.new_event_loop()
    coroutine = forward(client, "web", port, begun=begun.set_result, failed=failed.append)
    task = loop.create_task(coroutine)
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(loop.run_until_complete, asyncio.wait([task]))
        yield begun.result(30), failed
        loop.call_soon_threadsafe(task.cancel)
        running.result(30)
    loop.close()
