"""A node of framework ``mpi``: what it takes, and how the nodes end together."""

from __future__ import annotations

import queue
import socket
from pathlib import Path

import pytest

from jupyter_trainhub.inpod.launch import remote_shell
from jupyter_trainhub.inpod.launch.connection import Peer
from jupyter_trainhub.inpod.launch.ending import Ended
from jupyter_trainhub.inpod.launch.mpi import MpiNode
from jupyter_trainhub.inpod.launch.peers import Meeting
from jupyter_trainhub.inpod.launch.shape import Shape
from tests.inpod.pod import StartPod

HOSTS = {"TRAINHUB_HOSTS": "job-x-0.job-x,job-x-1.job-x", "POD_IP": "127.0.0.2"}


def joined(node: int) -> tuple[MpiNode, Peer]:
    """A node that has met one other, and the other's end of their connection."""
    ours, theirs = socket.socketpair()
    made = MpiNode({}, Shape(1, 1, 0, "127.0.0.2", 29500))
    made.hosts = HOSTS["TRAINHUB_HOSTS"].split(",")
    peer = Peer(ours)
    peer.node = 1 - node
    made._meeting = Meeting({peer.node: peer}, {})
    return made, Peer(theirs)


def test_one_node_needs_no_ssh(start: StartPod) -> None:
    script = 'cat "$OMPI_MCA_orte_default_hostfile"; env'
    env = {"TRAINHUB_FRAMEWORK": "mpi", "PET_NPROC_PER_NODE": "3", "RANK": "0", "WORLD_SIZE": "3"}
    pod = start("sh", "-c", script, **env)
    assert pod.wait() == 0
    lines = pod.stdout.splitlines()
    assert lines[0] == "localhost slots=3"
    assert "OMPI_ALLOW_RUN_AS_ROOT=1" in lines
    assert not [line for line in lines if line.startswith(("RANK=", "WORLD_SIZE="))]


@pytest.mark.parametrize(
    ("has", "packages"),
    [({"ssh"}, "openssh-server"), (set[str](), "openssh-client and openssh-server")],
)
def test_what_the_image_lacks_is_named(
    has: set[str], packages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_shell, "_program", lambda name: name if name in has else None)
    with pytest.raises(Ended, match=f"add {packages} to it"):
        MpiNode(HOSTS, Shape(2, 1, 0, "127.0.0.2", 29500))


@pytest.mark.parametrize("line", ["root:!locked::0:99999:7:::", "root:!::0:99999:7:::"])
def test_a_locked_account_is_opened_for_keys_only(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = tmp_path / "shadow"
    shadow.write_text(f"bin:!:1::::::\n{line}\n")
    monkeypatch.setattr(remote_shell, "_SHADOW", shadow)
    remote_shell._open_account("root")
    assert shadow.read_text() == "bin:!:1::::::\nroot:*::0:99999:7:::\n"


def test_the_others_end_with_node_0() -> None:
    node, other = joined(1)
    other.send({"end": True})
    assert node.serve() == 0


def test_a_node_that_loses_node_0_fails() -> None:
    node, other = joined(1)
    other.close()
    with pytest.raises(Ended, match="node 0 is gone") as caught:
        node.serve()
    assert caught.value.reason == "PeerLost"


@pytest.mark.parametrize(
    ("word", "why"), [("told to stop by SIGTERM", "told to stop by SIGTERM"), ("", "connection")]
)
def test_node_0_is_told_who_was_lost(word: str, why: str) -> None:
    node, other = joined(0)
    lost: queue.Queue[Ended] = queue.Queue()
    node.watch(lost.put)
    if word:
        other.send({"ended": word})
    other.close()
    ending = lost.get(timeout=10)
    assert ending.reason == "PeerLost"
    assert str(ending).startswith("node 1 (job-x-1.job-x) was lost")
    assert why in str(ending)
