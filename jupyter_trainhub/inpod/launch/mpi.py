"""Framework ``mpi``: node 0 runs the command, which reaches the other nodes by ssh.

All nodes run sshd and meet (``peers``); the connections stay. Node 0 ends the others by them when
its command has ended, and ends its command when one breaks: mpirun would not notice a machine that
is gone.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .connection import Peer
from .ending import Ended, say
from .peers import REPORT_EVERY, Meeting, gather, join, named
from .remote_shell import RemoteShell
from .shape import Shape, read_hosts

_CHECKS_AT_ONCE = 16


class MpiNode:
    """This node's part in a job of framework ``mpi``."""

    def __init__(self, env: Mapping[str, str], shape: Shape) -> None:
        """Raises Ended when the image lacks what it takes. A job of one node needs no ssh."""
        self.shape = shape
        self.hosts = read_hosts(env) if shape.nodes > 1 else ["localhost"]
        if len(self.hosts) != shape.nodes:
            text = f"TRAINHUB_HOSTS names {len(self.hosts)} hosts for {shape.nodes} nodes"
            raise Ended("InvalidEnvironment", f"{text}; leave it to TrainHub", 2)
        self._env = env
        self._address = env.get("POD_IP", "")
        self._shell: RemoteShell | None = None
        if shape.nodes > 1:
            keys = Path(env.get("TRAINHUB_SSH_KEYS", "/"))
            name = f"{env.get('TRAINHUB_RUN', '')}-{env.get('TRAINHUB_ATTEMPT', '')}"
            self._shell = RemoteShell(keys, self._address, name)
        self._meeting = Meeting({}, {})

    def variables(self, folder: Path) -> dict[str, str]:
        """What a program needs to find the nodes, for Open MPI 4 and 5, pdsh and DeepSpeed.

        Makes the host list in ``folder``, or where the keys are. Sources: ``ompi_info --all``,
        ``prte_info --all``, pdsh(1).
        """
        folder = folder if self._shell is None else self._shell.folder
        hostfile = folder / "hostfile"
        lines = [f"{host} slots={self.shape.processes}\n" for host in self.hosts]
        hostfile.write_text("".join(lines))
        found = {
            "OMPI_MCA_orte_default_hostfile": str(hostfile),
            "PRTE_MCA_prte_default_hostfile": str(hostfile),
            "OMPI_MCA_orte_keep_fqdn_hostnames": "true",
            "PRTE_MCA_prte_keep_fqdn_hostnames": "true",
            # Both have to be set, so that nobody does it by mistake.
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "PRTE_ALLOW_RUN_AS_ROOT": "1",
            "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "PDSH_RCMD_TYPE": "ssh",
        }
        if self._shell is not None:
            path = self._env.get("PATH", os.defpath)
            found["PATH"] = f"{self._shell.programs}:{path}"
        return found

    def meet(self, env: Mapping[str, str], run: str, timeout: float) -> None:
        """Return when all nodes are there and, on node 0, can be entered.

        ``env`` is for the processes that are started by ssh, ``timeout`` in seconds. Raises Ended.
        """
        if self._shell is None:
            return
        begin = time.monotonic()
        self._shell.start(env)
        facts = {"port": self._shell.port}
        if self.shape.node_rank == 0:
            self._meeting = gather(self.shape, run, self._address, facts, timeout)
        else:
            self._meeting = join(self.shape, run, facts, timeout)
        ports = [int(self._meeting.facts[node]["port"]) for node in range(self.shape.nodes)]
        self._shell.know(self.hosts, ports)
        if self.shape.node_rank == 0:
            try:
                self._wait_for_shells(self._shell, begin, timeout)
            except Ended as ending:
                self.release(str(ending))
                raise

    def _wait_for_shells(self, shell: RemoteShell, begin: float, timeout: float) -> None:
        closed = dict.fromkeys(range(self.shape.nodes), "")
        next_report = REPORT_EVERY
        while True:
            shell.require_server()
            closed = self._closed(shell, list(closed))
            waited = time.monotonic() - begin
            if not closed:
                return
            node, why = next(iter(closed.items()))
            text = f"{named(closed)}: ssh {self.hosts[node]}: {why}"
            if waited >= timeout:
                text = f"node 0 waited {timeout:.0f} s in vain to enter {text}"
                raise Ended("PeerTimeout", text, 1)
            if waited >= next_report:
                next_report += REPORT_EVERY
                say(f"waiting to enter {text} ({waited:.0f} of {timeout:.0f} s)")
            time.sleep(0.5)

    def _closed(self, shell: RemoteShell, nodes: list[int]) -> dict[int, str]:
        """Those of ``nodes`` that cannot be entered, and why."""
        found: dict[int, str] = {}

        def check(mine: list[int]) -> None:
            for node in mine:
                if why := shell.check(self.hosts[node]):
                    found[node] = why

        threads = [
            threading.Thread(target=check, args=(nodes[start::_CHECKS_AT_ONCE],), daemon=True)
            for start in range(min(_CHECKS_AT_ONCE, len(nodes)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return dict(sorted(found.items()))

    def watch(self, lost: Callable[[Ended], None]) -> None:
        """Node 0: call ``lost`` in another thread when one of the other nodes is gone."""
        if self._meeting.peers:
            threading.Thread(target=self._watch, args=(lost,), daemon=True).start()

    def _watch(self, lost: Callable[[Ended], None]) -> None:
        with selectors.DefaultSelector() as selector:
            for peer in self._meeting.peers.values():
                selector.register(peer.connection, selectors.EVENT_READ, peer)
            while True:
                for key, _ in selector.select():
                    peer = key.data
                    messages = peer.receive()
                    if messages == []:
                        continue
                    why = "its connection broke: the pod or its machine is gone"
                    for message in messages or ():
                        why = str(message.get("ended", why))
                    host = self.hosts[peer.node]
                    lost(Ended("PeerLost", f"node {peer.node} ({host}) was lost: {why}", 1))
                    return

    def release(self, why: str = "") -> None:
        """Let the other nodes end; ``why`` is what made this one fail before it began."""
        for peer in self._meeting.peers.values():
            peer.send({"ended": why} if why else {"end": True})

    def serve(self) -> int:
        """Another node: run sshd until node 0 has ended, and return the exit code.

        Raises Ended when node 0 is gone without a word, or sshd.
        """
        peer = self._meeting.peers[0]
        peer.connection.settimeout(1.0)
        try:
            while True:
                for message in self._hear(peer):
                    if message.get("end"):
                        return 0
                    if message.get("ended"):
                        raise Ended("PeerLost", f"node 0 ended: {message['ended']}", 1)
                self._reap()
        except Ended as ending:
            peer.send({"ended": str(ending)})
            raise

    @staticmethod
    def _hear(peer: Peer) -> list[dict[str, object]]:
        messages = peer.receive()
        if messages is None:
            raise Ended("PeerLost", "node 0 is gone: its pod or its machine was ended", 1)
        return messages

    def _reap(self) -> None:
        """Bury what processes that were started by ssh have left behind."""
        if self._shell is not None:
            self._shell.require_server()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
