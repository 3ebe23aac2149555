"""The cluster's snapshotter: saves the instances of all users by Jobs on their nodes.

Users write records of transfers in their own namespaces, and have no rights in this one. Several of
these may run at the same time: a record is one's who has written it last.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.clock import moment
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.copies.registry_jobs import RegistryJobs
from jupyter_trainhub.hub.images.snapshots.node_reader import NodeReader
from jupyter_trainhub.hub.images.transfers.handover import is_offered
from jupyter_trainhub.hub.images.transfers.manager import Transfers
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import CONFIG_MAPS, JOBS
from jupyter_trainhub.manifests.labels import Objects, selector
from jupyter_trainhub.manifests.reader_job import OF
from jupyter_trainhub.manifests.transfer import Transfer, transfer_of

_LOG = logging.getLogger(__name__)

# Seconds between two looks at the records.
LOOK_SECONDS = 2.0
# Instances that one snapshotter saves at the same time; all of it is waiting.
AT_ONCE = 16
_SERVER = "snapshotter-"

Connect = Callable[[str, str], Hub]


class Snapshotter:
    """Takes and does transfers, until it is stopped."""

    def __init__(self, client: KubeClient, connect: Connect, namespaces: Sequence[str]) -> None:
        """``client`` is on the snapshotter's own namespace.

        ``connect(namespace, user)`` gives a hub; ``namespaces`` are the users', all where empty.
        """
        self._client = client
        self._connect = connect
        self._namespaces = namespaces or ("",)
        self._jobs = RegistryJobs(client)
        self._server = f"{_SERVER}{secrets.token_hex(8)}"
        self._working: list[Transfers] = []

    def run(self, stopping: threading.Event) -> None:
        """Look for transfers until ``stopping`` is set. What goes on then another one finishes."""
        while not stopping.wait(LOOK_SECONDS):
            try:
                # First, for a Job is made after the record that it is for.
                jobs = [*self._client.list(JOBS, label_selector=selector("reader"))]
                found = [*self._records()]
                self._sweep(jobs, {f"{where}/{it.id}" for where, it in found if not it.ended})
                for namespace, transfer in found:
                    if self._is_wanted(transfer):
                        self._take(namespace, transfer)
            except TrainHubError as error:
                _LOG.warning("the transfers cannot be looked at: %s", error)

    def _records(self) -> Iterator[tuple[str, Transfer]]:
        for namespace in self._namespaces:
            following: str | None = None
            while True:
                page = self._client.list_page(
                    CONFIG_MAPS,
                    label_selector=selector("transfer"),
                    following=following,
                    namespace=namespace,
                )
                for found in page["items"] or ():
                    transfer = transfer_of(found)
                    if transfer is not None:
                        yield found["metadata"]["namespace"], transfer
                following = page["metadata"].get("continue")
                if not following:
                    break

    def _is_wanted(self, transfer: Transfer) -> bool:
        """Whether it waits for a snapshotter, or the one that did it is gone."""
        if transfer.type != "snapshot" or transfer.ended or not is_offered(transfer):
            return False
        if transfer.server.startswith(_SERVER):
            return transfer.is_silent(moment())
        # A server that is gone waits for nothing.
        return transfer.phase == "Pending" and not transfer.is_silent(moment())

    def _take(self, namespace: str, transfer: Transfer) -> None:
        self._working = [transfers for transfers in self._working if transfers.busy]
        if len(self._working) >= AT_ONCE:
            return
        try:
            hub = self._connect(namespace, transfer.owner)
            transfers = Transfers(hub.client, transfer.owner, server=self._server)
            reader = NodeReader(hub, self._jobs)
            if transfers.take(transfer.id, self._is_wanted, reader.run):
                self._working.append(transfers)
        except TrainHubError as error:
            _LOG.warning("%s/%s cannot be taken: %s", namespace, transfer.id, error)

    def _sweep(self, jobs: Objects, going_on: set[str]) -> None:
        """Delete Jobs of transfers that nobody waits for any more."""
        for job in jobs:
            about = str(job["metadata"].get("annotations", {}).get(OF, ""))
            is_ours = "" in self._namespaces or about.partition("/")[0] in self._namespaces
            if is_ours and about not in going_on:
                self._jobs.delete(job["metadata"]["name"])
