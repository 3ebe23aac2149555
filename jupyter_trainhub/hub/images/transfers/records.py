"""Records of transfers in ConfigMaps: who works on one holds it, and nobody else does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from jupyter_trainhub.errors import AlreadyExists, Conflict, Forbidden, NotFound, TrainHubError
from jupyter_trainhub.hub.clock import moment
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import CONFIG_MAPS
from jupyter_trainhub.manifests.labels import OWNER, Object, label_value, selector
from jupyter_trainhub.manifests.transfer import (
    CANCEL,
    Transfer,
    cancelled_by,
    config_map,
    data,
    heartbeat,
    object_name,
    transfer_of,
)

# Ended transfers of one user that are remembered.
KEPT = 20
_TRIES = 5


class Lost(Exception):
    """The transfer is somebody else's now, or forgotten: this process must not go on with it."""


class Records:
    """The records of one namespace. Methods block.

    They raise Forbidden with the rights that are missing, and ClusterUnavailable.
    """

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        # As this process has last seen them, so that it writes over nothing that it does not know.
        self._versions: dict[str, str] = {}

    def list(self) -> Iterator[Transfer]:
        """All transfers that can be read, in no order."""
        with _rights():
            for found in self._client.list(CONFIG_MAPS, label_selector=selector("transfer")):
                transfer = transfer_of(found)
                if transfer is not None:
                    yield _as_it_is(transfer)

    def get(self, id_: str) -> Transfer:
        """One transfer. Raises NotFound."""
        transfer = transfer_of(self._read(id_))
        if transfer is None:
            raise _none(id_)
        return _as_it_is(transfer)

    def claim(self, transfer: Transfer) -> None:
        """Write the record of a transfer that begins.

        Raises Conflict, reason SnapshotRunning for a snapshot, while another one of this id goes
        on.
        """
        body = config_map(heartbeat(transfer, moment()))
        with _rights():
            for _ in range(_TRIES):
                with contextlib.suppress(AlreadyExists):
                    self._remember(self._client.create(CONFIG_MAPS, body))
                    return
                if self._take_over(transfer, body):
                    return
        raise _restless(transfer)

    def write(self, transfer: Transfer) -> str | None:
        """Write how a transfer of this process stands; who wants it to end, if anybody.

        Raises Lost.
        """
        name = object_name(transfer.id)
        body = {"data": data(heartbeat(transfer, moment()))}
        with _rights():
            for _ in range(_TRIES):
                seen = {"metadata": {"resourceVersion": self._versions.get(name)}}
                try:
                    found = self._client.patch(CONFIG_MAPS, name, seen | body)
                except NotFound:
                    raise Lost from None
                except Conflict:
                    found = self._read(transfer.id)
                    present = transfer_of(found)
                    if present is not None and present.server != transfer.server:
                        raise Lost from None
                    self._remember(found)
                else:
                    self._remember(found)
                    return cancelled_by(found)
        raise _restless(transfer)

    def take(self, id_: str, server: str, wanted: Callable[[Transfer], bool]) -> Transfer | None:
        """Make a transfer that another process has begun one of ``server``'s.

        None where it is not ``wanted``, or where somebody else was quicker.
        """
        try:
            found = self._read(id_)
            transfer = transfer_of(found)
            if transfer is None or not wanted(transfer):
                return None
            taken = replace(transfer, server=server)
            seen = {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}}
            body = {"data": data(heartbeat(taken, moment()))}
            with _rights():
                self._remember(self._client.patch(CONFIG_MAPS, object_name(id_), seen | body))
            return taken
        except (Conflict, NotFound):
            return None

    def ask_to_end(self, id_: str, user: str) -> None:
        """Let the process that works on it know that ``user`` wants it to end. Raises NotFound."""
        with _rights():
            self._client.patch(
                CONFIG_MAPS, object_name(id_), {"metadata": {"annotations": {CANCEL: user}}}
            )

    def delete(self, id_: str) -> None:
        """Forget a transfer. Raises NotFound."""
        with _rights():
            self._client.delete(
                CONFIG_MAPS, object_name(id_), uid=self._read(id_)["metadata"]["uid"]
            )

    def prune(self, user: str) -> None:
        """Forget all but the latest ended transfers of ``user``."""
        chosen = f"{selector('transfer')},{OWNER}={label_value(user)}"
        found = self._client.list(CONFIG_MAPS, label_selector=chosen)
        transfers = filter(None, map(transfer_of, found))
        ended = sorted((t for t in transfers if t.ended), key=lambda t: t.finished or "")
        for transfer in ended[:-KEPT]:
            with contextlib.suppress(TrainHubError):
                self.delete(transfer.id)

    def _take_over(self, transfer: Transfer, body: Object) -> bool:
        """Whether ``transfer`` is now what the record is about, which was there before."""
        try:
            found = self._client.get(CONFIG_MAPS, object_name(transfer.id))
        except NotFound:
            return False
        present = transfer_of(found)
        if present is not None and not _as_it_is(present).ended:
            raise _running(present)
        metadata = {
            **body["metadata"],
            "resourceVersion": found["metadata"]["resourceVersion"],
            # What an earlier attempt was told does not concern this one.
            "annotations": {CANCEL: None},
        }
        with contextlib.suppress(NotFound, Conflict):
            taken = self._client.patch(
                CONFIG_MAPS, object_name(transfer.id), {**body, "metadata": metadata}
            )
            self._remember(taken)
            return True
        return False

    def _remember(self, found: Object) -> None:
        metadata = found["metadata"]
        self._versions[metadata["name"]] = metadata["resourceVersion"]

    def _read(self, id_: str) -> Object:
        with _rights():
            try:
                return self._client.get(CONFIG_MAPS, object_name(id_))
            except NotFound:
                raise _none(id_) from None


def _as_it_is(transfer: Transfer) -> Transfer:
    silent = not transfer.ended and transfer.is_silent(moment())
    return transfer.abandoned() if silent else transfer


def _running(present: Transfer) -> Conflict:
    return Conflict(
        f"{present.title}: this is under way, begun by {present.owner} at {present.started}",
        reason=f"{present.type.capitalize()}Running",
        remedy="Wait until it has ended, or cancel it.",
        details={"id": present.id},
    )


def _restless(transfer: Transfer) -> Conflict:
    return Conflict(
        f"the record of the transfer {transfer.id!r} changes all the time",
        remedy="Try again in a while.",
    )


def _none(id_: str) -> NotFound:
    return NotFound(
        f"there is no transfer {id_!r}", field="id", remedy="Look at the list of transfers."
    )


@contextlib.contextmanager
def _rights() -> Iterator[None]:
    """Without its record nobody would know of a transfer, and two could do the same at once."""
    try:
        yield
    except Forbidden as error:
        if error.reason == "Unauthorized":
            raise
        raise Forbidden(
            f"transfers are recorded in ConfigMaps, and the cluster says: {error.message}",
            remedy="Ask the cluster's administrator for get, list, create, patch and delete of "
            "configmaps in the namespace.",
            details=error.details,
        ) from None
