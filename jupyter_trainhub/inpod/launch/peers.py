"""The nodes of a job find each other: all tell node 0 that they are there, and wait for its word.

They meet at the address where the processes of rank 0 meet later, before those start; so the job
needs no second port, and any framework's and operator's pods can do it. Both sides send lines of
JSON: ``{"run", "node", "facts"}`` to node 0, from it ``{"missing": [node]}`` while it waits and
``{"go": {node: facts}}`` when all are there.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .connection import Peer
from .ending import Ended, say
from .shape import Shape

REPORT_EVERY = 10.0  # seconds


class _Waiting:
    """The time that is left for something, and who says every ten seconds what is missing."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._begin = time.monotonic()
        self._next_report = REPORT_EVERY

    @property
    def waited(self) -> float:
        return time.monotonic() - self._begin

    @property
    def left(self) -> float:
        return self.timeout - self.waited

    def report(self, text: str) -> bool:
        """Say it, if it is time to; returns whether it was."""
        if self.waited < self._next_report:
            return False
        self._next_report += REPORT_EVERY
        say(f"{text} ({self.waited:.0f} of {self.timeout:.0f} s)")
        return True


class Meeting(NamedTuple):
    """What came of it: connections by node (of node 0 to all others, else to node 0), all facts."""

    peers: dict[int, Peer]
    facts: dict[int, dict[str, Any]]


def named(nodes: Iterable[int]) -> str:
    """A few nodes by their numbers, for people."""
    numbers = sorted(nodes)
    text = ", ".join(map(str, numbers[:8])) + (", ..." if len(numbers) > 8 else "")
    return f"{'node' if len(numbers) == 1 else f'{len(numbers)} nodes:'} {text}"


def _listen(address: str, port: int) -> socket.socket:
    family, kind, _, _, place = socket.getaddrinfo(
        address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(place)
    except OSError as error:
        listener.close()
        raise Ended(
            "CannotStart",
            f"port {port} of node 0 cannot be listened on: {error.strerror}. Submit the job again "
            "for another port; with the network of the host, another program may have this one.",
            1,
        ) from error
    listener.listen(1024)
    return listener


def gather(
    shape: Shape, run: str, address: str, facts: Mapping[str, Any], timeout: float
) -> Meeting:
    """Node 0: return when all other nodes are there. Raises Ended after ``timeout`` seconds."""
    waiting = _Waiting(timeout)
    expected = set(range(1, shape.nodes))
    peers: dict[int, Peer] = {}
    try:
        with _listen(address, shape.master_port) as listener:
            _receive_all(listener, run, expected, peers, waiting)
    except Ended as ending:
        for peer in peers.values():
            peer.send({"ended": str(ending)})
        raise
    everything = {0: dict(facts), **{node: peer.facts for node, peer in peers.items()}}
    for peer in peers.values():
        peer.send({"go": everything})
    _say_waited(waiting)
    return Meeting(peers, everything)


def _receive_all(
    listener: socket.socket, run: str, expected: set[int], peers: dict[int, Peer], waiting: _Waiting
) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while expected - set(peers):
            missing = sorted(expected - set(peers))
            if waiting.left <= 0:
                raise Ended(
                    "PeerTimeout",
                    f"node 0 waited {waiting.timeout:.0f} s in vain for {named(missing)}. See the "
                    "events of their pods, which may be waiting for resources or for the image. "
                    "The job's peer_timeout sets a longer time.",
                    1,
                )
            if waiting.report(f"waiting for {named(missing)}"):
                for peer in peers.values():
                    peer.send({"missing": missing})
            for key, _ in selector.select(min(1.0, max(0.0, waiting.left))):
                if key.fileobj is listener:
                    peer = Peer(listener.accept()[0])
                    peer.connection.settimeout(5)
                    selector.register(peer.connection, selectors.EVENT_READ, peer)
                else:
                    _hear(key.data, run, expected, peers, selector)


def _hear(
    peer: Peer,
    run: str,
    expected: set[int],
    peers: dict[int, Peer],
    selector: selectors.BaseSelector,
) -> None:
    messages = peer.receive()
    for message in messages or ():
        node = message.get("node")
        if message.get("run") == run and isinstance(node, int) and node in expected:
            peer.node, peer.facts = node, message.get("facts") or {}
            peers[peer.node] = peer
    if messages is None:
        selector.unregister(peer.connection)
        peer.close()
        if peers.get(peer.node) is peer:
            say(f"node {peer.node} has gone again")
            del peers[peer.node]


def join(shape: Shape, run: str, facts: Mapping[str, Any], timeout: float) -> Meeting:
    """Another node: return at the word of node 0. Raises Ended after ``timeout`` seconds.

    A headless Service has no record of a pod before it has an address, and resolvers remember such
    an answer for up to 30 seconds, hence patience.
    """
    waiting = _Waiting(timeout)
    pause = 0.1
    while True:
        try:
            address = (shape.master_addr, shape.master_port)
            peer = Peer(socket.create_connection(address, timeout=min(5.0, max(0.1, waiting.left))))
        except socket.gaierror:
            missing = f"the name {shape.master_addr} has no address yet"
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            missing = f"{shape.master_addr} port {shape.master_port} does not answer: {reason}"
        else:
            peer.send({"run": run, "node": shape.node_rank, "facts": facts})
            everything = _await_word(peer, waiting)
            if everything is not None:
                _say_waited(waiting)
                return Meeting({0: peer}, everything)
            peer.close()
            missing = f"{shape.master_addr} port {shape.master_port} broke off"
        if waiting.left <= 0:
            raise Ended(
                "PeerTimeout",
                f"node {shape.node_rank} waited {timeout:.0f} s for node 0: {missing}. "
                "See node 0's log and events: its pod may be waiting for resources, or its "
                "program may have ended. The job's peer_timeout sets a longer time.",
                1,
            )
        waiting.report(f"waiting for node 0: {missing}")
        time.sleep(min(pause, max(0.0, waiting.left)))
        pause = min(2.0, pause * 1.5)


def _await_word(peer: Peer, waiting: _Waiting) -> dict[int, dict[str, Any]] | None:
    """All nodes' facts; None when node 0 breaks off. Raises Ended when the time is over."""
    missing: list[int] = []
    peer.connection.settimeout(1.0)
    while True:
        messages = peer.receive()
        if messages is None:
            return None
        for message in messages:
            if "go" in message:
                return {int(node): facts for node, facts in message["go"].items()}
            if "ended" in message:
                raise Ended("PeerLost", f"node 0 ended: {message['ended']}", 1)
            missing = message.get("missing", missing)
        whom = named(missing) if missing else "the word of node 0"
        if waiting.left <= 0:
            raise Ended(
                "PeerTimeout",
                f"this node and node 0 waited {waiting.timeout:.0f} s in vain for {whom}. "
                "See the events of their pods.",
                1,
            )
        waiting.report(f"waiting for {whom}")


def _say_waited(waiting: _Waiting) -> None:
    if waiting.waited >= 1:
        say(f"all nodes are there after {waiting.waited:.0f} s")


def part(meeting: Meeting, is_first: bool) -> None:
    """End the connections, the other nodes first: theirs is the end that lingers in TIME_WAIT."""
    for peer in meeting.peers.values():
        if is_first:
            peer.connection.settimeout(5)
            while peer.receive():
                pass
        peer.close()
