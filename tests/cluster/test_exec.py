"""Programs and connections in a pod, as TrainHub's own client has them."""

from __future__ import annotations

import asyncio
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.errors import Conflict, NotFound, TrainHubError, WaitTimeout
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import CommandNotFound, Completed, Exec, run
from jupyter_trainhub.kube.portforward import Connection, open_connection
from tests.cluster.lab import Lab
from tests.cluster.pods import pod
from tests.conftest import Kubectl

pytestmark = [pytest.mark.cluster, pytest.mark.anyio]

# Of a pod that shares its network with the machine nobody else should have this port.
PORT = random.randrange(20000, 30000)
SERVER = """
import socketserver, sys
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            if data.startswith(b"bye"):
                return
            self.request.sendall(data)
        open("/tmp/heard-the-end", "w").close()
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def client(kubeconfig: Path, lab: Lab, image: str) -> KubeClient:
    """TrainHub's client in a namespace where a pod ``stay`` serves echoes."""
    kubectl = Kubectl(kubeconfig, lab.namespace)
    body = pod("stay", image, "")
    body["spec"]["containers"][0]["command"] = ["python3", "-c", SERVER, str(PORT)]
    kubectl.apply(body)
    kubectl("wait", "--for=condition=Ready", "pod/stay", "--timeout=60s")
    return KubeClient.connect(kubeconfig, namespace=lab.namespace)


async def test_a_program_with_its_streams_and_its_exit_code(client: KubeClient) -> None:
    done = await run(client, "stay", ["sh", "-c", "cat; echo error >&2; exit 7"], stdin=b"in\n")
    assert done == Completed(7, b"in\n", b"error\n")


async def test_words_arrive_as_they_are(client: KubeClient) -> None:
    words = ["a b", "$(date)", '"', "ä", "", "&x=1+2"]
    script = "import json, sys; print(json.dumps(sys.argv[1:]))"
    done = await run(client, "stay", ["python3", "-c", script, *words])
    assert json.loads(done.stdout) == words


async def test_large_data_goes_both_ways_at_once(client: KubeClient) -> None:
    data = os.urandom(16 << 20)
    done = await run(client, "stay", ["cat"], stdin=data, limit=32 << 20)
    assert done.exit_code == 0
    assert done.stdout == data


async def test_no_more_is_kept_than_asked_for(client: KubeClient) -> None:
    done = await run(client, "stay", ["sh", "-c", "printf 123456"], limit=4)
    assert done.stdout == b"1234"


async def test_a_program_waits_for_its_reader(client: KubeClient) -> None:
    process = await Exec.start(client, "stay", ["yes"])
    for _ in range(10):
        assert await process.read() is not None
    await process.close()
    with pytest.raises(TrainHubError):
        await process.wait()


@pytest.mark.parametrize(
    ("program", "error", "reason"),
    [
        ("nope", CommandNotFound, "CommandNotFound"),
        ("/nope", CommandNotFound, "CommandNotFound"),
        ("/etc/passwd", Conflict, "CommandNotExecutable"),
    ],
)
async def test_what_cannot_be_started(
    client: KubeClient, program: str, error: type[TrainHubError], reason: str
) -> None:
    with pytest.raises(error) as refused:
        await run(client, "stay", [program])
    assert refused.value.reason == reason
    assert program in refused.value.message


@pytest.mark.parametrize("code", [126, 127])
async def test_exit_codes_of_shells_are_not_taken_for_errors(client: KubeClient, code: int) -> None:
    assert (await run(client, "stay", ["sh", "-c", f"exit {code}"])).exit_code == code


async def test_no_such_pod(client: KubeClient) -> None:
    with pytest.raises(NotFound):
        await run(client, "gone", ["true"])
    with pytest.raises(NotFound):
        await open_connection(client, "gone", PORT)


async def test_a_pod_that_has_ended(client: KubeClient, kubeconfig: Path, image: str) -> None:
    kubectl = Kubectl(kubeconfig, client.namespace)
    kubectl.apply(pod("done", image, "true"))
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/done", "--timeout=60s")
    with pytest.raises(Conflict):
        await run(client, "done", ["true"])


async def test_what_takes_too_long(client: KubeClient) -> None:
    with pytest.raises(WaitTimeout):
        await run(client, "stay", ["sleep", "60"], timeout=0.5)


async def until(process: Exec, text: bytes) -> bytes:
    """The output up to a text."""
    output = b""
    while text not in output:
        piece = await asyncio.wait_for(process.read(), 20)
        assert piece is not None, output
        output += piece[1]
    return output


async def test_a_terminal_has_the_size_it_is_given(client: KubeClient) -> None:
    script = "until [ \"$(stty size)\" = '31 97' ]; do sleep 0.05; done; echo fits; exit 3"
    process = await Exec.start(client, "stay", ["sh", "-c", script], stdin=True, tty=True)
    await process.resize(97, 31)
    await until(process, b"fits\r\n")
    assert await asyncio.wait_for(process.wait(), 20) == 3


async def test_ctrl_c_reaches_a_program_with_a_terminal(client: KubeClient) -> None:
    script = "trap 'echo caught; exit 4' INT; echo ready; while :; do sleep 0.1; done"
    process = await Exec.start(client, "stay", ["sh", "-c", script], stdin=True, tty=True)
    await until(process, b"ready\r\n")
    await process.write(b"\x03")
    await until(process, b"caught\r\n")
    assert await asyncio.wait_for(process.wait(), 20) == 4


async def test_the_pod_goes_while_a_program_runs(
    client: KubeClient, kubeconfig: Path, image: str
) -> None:
    kubectl = Kubectl(kubeconfig, client.namespace)
    kubectl.apply(pod("brief", image, "exec sleep 600"))
    kubectl("wait", "--for=condition=Ready", "pod/brief", "--timeout=60s")
    process = await Exec.start(client, "brief", ["sh", "-c", "echo up; exec sleep 600"])
    await until(process, b"up\n")
    kubectl("delete", "pod", "brief", "--grace-period=0", "--force", "--wait=false")
    try:
        end: int | str = await asyncio.wait_for(process.wait(), 40)
    except TrainHubError as error:
        end = error.reason
    # A cluster tells the code of the kill, or nothing at all.
    assert end in (137, "ConnectionLost", "ContainerNotRunning", "ClusterUnavailable")


async def read(connection: Connection, count: int) -> bytes:
    """As many bytes, or what comes until the end."""
    data = b""
    while len(data) < count and (piece := await asyncio.wait_for(connection.read(), 20)):
        data += piece
    return data


async def test_connections_to_a_port_of_the_pod(client: KubeClient) -> None:
    one, two = [await open_connection(client, "stay", PORT) for _ in range(2)]
    blocks = os.urandom(3 << 20), os.urandom(1 << 20)
    answers: Any = await asyncio.gather(
        one.write(blocks[0]),
        two.write(blocks[1]),
        read(one, len(blocks[0])),
        read(two, len(blocks[1])),
    )
    assert tuple(answers[2:]) == blocks
    await two.close()
    await one.write(b"more")
    assert await read(one, 4) == b"more"
    await one.close()


async def test_the_pods_end_of_a_connection(client: KubeClient) -> None:
    connection = await open_connection(client, "stay", PORT)
    await connection.write(b"bye")
    assert await read(connection, 1) == b""
    assert await connection.read() == b""
    await connection.write(b"too late")
    await connection.close()


async def test_what_was_sent_before_the_end_arrives_and_closing_ends_it(
    client: KubeClient,
) -> None:
    await run(client, "stay", ["rm", "-f", "/tmp/heard-the-end"])
    connection = await open_connection(client, "stay", PORT)
    await connection.write(b"x" * 100_000)
    await connection.write_eof()
    assert len(await read(connection, 100_000)) == 100_000
    await connection.close()
    script = "until [ -e /tmp/heard-the-end ]; do sleep 0.05; done"
    assert (await run(client, "stay", ["sh", "-c", script])).exit_code == 0


async def test_a_port_that_nobody_listens_on(client: KubeClient) -> None:
    connection = await open_connection(client, "stay", 1)
    with pytest.raises(Conflict) as refused:
        await asyncio.wait_for(connection.read(), 20)
    assert refused.value.reason == "PortRefused"
