"""How the nodes of a job find each other, and what they say when they do not."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from functools import partial
from typing import Any

import pytest

from jupyter_trainhub.inpod.launch.ending import Ended
from jupyter_trainhub.inpod.launch.peers import Meeting, gather, join, part
from jupyter_trainhub.inpod.launch.shape import Shape
from tests.inpod.pod import StartPod

NODE_0 = "127.0.0.2"


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server((NODE_0, 0)) as server:
        port: int = server.getsockname()[1]
    return port


def shape(port: int, node: int, nodes: int = 3) -> Shape:
    return Shape(nodes, 1, node, NODE_0, port)


def test_all_learn_of_all_and_the_port_is_free_again(free_port: int) -> None:
    met: dict[int, Meeting] = {}

    def other(node: int) -> None:
        met[node] = join(shape(free_port, node), "run-1", {"port": node}, 20)
        part(met[node], is_first=False)

    threads = [threading.Thread(target=other, args=(node,)) for node in (1, 2)]
    for thread in threads:
        thread.start()
    met[0] = gather(shape(free_port, 0), "run-1", NODE_0, {"port": 0}, 20)
    part(met[0], is_first=True)
    for thread in threads:
        thread.join(20)
    everything = {node: {"port": node} for node in range(3)}
    assert [met[node].facts for node in range(3)] == [everything] * 3
    # The program of rank 0 listens there next.
    socket.create_server((NODE_0, free_port)).close()


@pytest.mark.parametrize(
    "sent", [b"[" * 100_000 + b"\n", b"5\n", b"\xff\n", b'{"run": "run-1", "node": [1]}\n']
)
def test_whoever_reaches_the_port_may_send_anything(free_port: int, sent: bytes) -> None:
    def stranger() -> None:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection((NODE_0, free_port)) as one:
                one.sendall(sent)
                one.recv(1)
                return
            time.sleep(0.01)

    thread = threading.Thread(target=stranger)
    thread.start()
    with pytest.raises(Ended, match="in vain for node 1"):
        gather(shape(free_port, 0, 2), "run-1", NODE_0, {}, 0.3)
    thread.join(20)


def test_nodes_of_another_run_are_not_taken_for_ours(free_port: int) -> None:
    other = threading.Thread(target=_try_to_join, args=(shape(free_port, 1, 2), "run-2"))
    other.start()
    with pytest.raises(Ended, match="in vain for node 1"):
        gather(shape(free_port, 0, 2), "run-1", NODE_0, {}, 0.3)
    other.join(20)


def _try_to_join(mine: Shape, run: str) -> None:
    with pytest.raises(Ended):
        join(mine, run, {}, 0.3)


def test_who_waits_is_told_why_node_0_has_ended(free_port: int) -> None:
    caught: list[Ended] = []

    def other() -> None:
        with pytest.raises(Ended) as info:
            join(shape(free_port, 1), "run-1", {}, 20)
        caught.append(info.value)

    thread = threading.Thread(target=other)
    thread.start()
    with pytest.raises(Ended) as info:
        gather(shape(free_port, 0), "run-1", NODE_0, {}, 1)
    thread.join(20)
    assert info.value.reason == "PeerTimeout"
    assert caught[0].reason == "PeerLost"
    assert "in vain for node 2" in str(caught[0])


def worker(address: str, port: int, **env: str) -> dict[str, str]:
    """The environment of node 1 of 2."""
    return {
        "TRAINHUB_FRAMEWORK": "pytorch",
        "PET_NNODES": "2",
        "PET_NODE_RANK": "1",
        "PET_MASTER_ADDR": address,
        "PET_MASTER_PORT": str(port),
        **env,
    }


def test_waiting_in_vain_says_for_what(start: StartPod, free_port: int) -> None:
    pod = start("true", **worker(NODE_0, free_port, TRAINHUB_PEER_TIMEOUT="0.3"))
    assert pod.wait() == 1
    assert pod.message["reason"] == "PeerTimeout"
    assert f"{NODE_0} port {free_port} does not answer: Connection refused" in pod.stderr


def test_a_name_without_address_is_named(start: StartPod) -> None:
    pod = start("true", **worker("job-x-0.invalid", 29500, TRAINHUB_PEER_TIMEOUT="0"))
    assert pod.wait() == 1
    assert "the name job-x-0.invalid has no address yet" in pod.message["message"]


def test_a_node_that_waits_can_be_stopped(start: StartPod, free_port: int) -> None:
    env = worker(NODE_0, free_port, PET_NODE_RANK="0", POD_IP=NODE_0)
    pod = start("true", **env)
    while True:  # it listens once its handlers are set
        try:
            socket.create_connection((NODE_0, free_port), 1).close()
            break
        except OSError:
            assert pod.process.poll() is None
    pod.process.terminate()
    assert pod.wait() == 143
    assert pod.message["reason"] == "Terminated"


@pytest.mark.parametrize("first", [True, False])
def test_waiting_reports_what_is_missing(
    first: bool,
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = [0.0]

    def pass_time(*_: Any) -> list[Any]:
        clock[0] += 2.0
        return []

    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr("time.sleep", pass_time)
    monkeypatch.setattr("selectors.DefaultSelector.select", pass_time)
    mine = shape(free_port, 0 if first else 1)
    wait = partial(gather, mine, "run-1", NODE_0) if first else partial(join, mine, "run-1")
    with pytest.raises(Ended, match="waited 31 s"):
        wait({}, 31)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    missing = "2 nodes: 1, 2" if first else "node 0: 127.0.0.2 port"
    assert all(f"[trainhub] waiting for {missing}" in line for line in lines)
