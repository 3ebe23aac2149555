"""Long actions on images, in threads of this process, each with a record in the cluster."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_trainhub.errors import Conflict, TrainHubError
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.images.failures import translated
from jupyter_trainhub.hub.images.transfers import handover
from jupyter_trainhub.hub.images.transfers.heartbeat import Heartbeat, OnChange
from jupyter_trainhub.hub.images.transfers.outcome import failed, succeeded
from jupyter_trainhub.hub.images.transfers.records import Records
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.manifests.labels import Object, Objects
from jupyter_trainhub.manifests.transfer import Transfer

# Transfers that one process does at the same time; others wait.
AT_ONCE = 2
# Seconds between two looks of one that waits.
_LOOK_SECONDS = 0.25
# Seconds that a stop waits for the transfers of this process.
_STOP_SECONDS = 10.0

Run = Callable[[Task], Object]


class Transfers:
    """The transfers of one namespace. Methods may be called by any thread; some block.

    ``again`` holds what does a transfer of each type from its record alone, so that it can be tried
    again after the process that began it. ``on_change(id, view)`` is called in threads of its own,
    for those of this process: at most four times a second, and without a view for one that was
    forgotten. All methods raise Forbidden where the records may not be kept.
    """

    def __init__(
        self,
        client: KubeClient,
        user: str,
        again: Mapping[str, Run] | None = None,
        on_change: OnChange = lambda id_, view: None,
        server: str | None = None,
    ) -> None:
        """``server`` names the process where it takes what others offer; see :meth:`take`."""
        self._on_change = on_change
        self._records = Records(client)
        self._heartbeat = Heartbeat(self._records, on_change)
        self._user = user
        self._again = dict(again or {})
        self._takes = server is not None
        self._server = server or secrets.token_hex(8)
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._tasks: dict[str, Task] = {}
        self._threads: list[threading.Thread] = []

    def list(self) -> Objects:
        """The views of all transfers, the latest first."""
        found = {transfer.id: transfer for transfer in self._records.list()}
        with self._lock:
            found |= {id_: task.transfer for id_, task in self._tasks.items()}
        ordered = sorted(found.values(), key=lambda transfer: transfer.started, reverse=True)
        return [transfer.view() for transfer in ordered]

    def get(self, id_: str) -> Object:
        """The view of one transfer. Raises NotFound."""
        return self._find(id_).view()

    def start(
        self,
        type_: str,
        run: Run,
        *,
        title: str,
        id_: str | None = None,
        instance: str | None = None,
        image: str | None = None,
        source: str | None = None,
        engine: str | None = None,
        spec: Object | None = None,
    ) -> Object:
        """Begin a transfer; its view. ``run`` does it in a thread, and returns its result.

        Of those with one ``id_`` only one goes on at a time; left out, it is a new one's. ``spec``
        is what :attr:`Task.spec` will be, also for a later attempt of another process. Raises
        Conflict, reason ``<Type>Running``.
        """
        transfer = Transfer(
            id=id_ or f"{type_}-{secrets.token_hex(4)}",
            type=type_,
            title=title,
            owner=self._user,
            started=now(),
            instance=instance,
            image=image,
            source=source,
            engine=engine,
            spec=spec or {},
            server=self._server,
        )
        return self._begin(transfer, run)

    def resume(self, id_: str) -> Object:
        """Try a transfer again that has failed; its view.

        Raises NotFound, and Conflict when it goes on, or when it cannot be tried again.
        """
        transfer = self._find(id_)
        run = self._again.get(transfer.type)
        if not transfer.ended:
            raise Conflict(
                f"{transfer.title}: this is under way",
                reason=f"{transfer.type.capitalize()}Running",
                remedy="Wait until it has ended, or cancel it.",
            )
        if run is None or not transfer.resumable or not transfer.tells_all:
            raise Conflict(
                f"{transfer.title}: this cannot be tried again",
                reason="NotResumable",
                remedy="Start a new one.",
            )
        return self._begin(transfer.again(now(), self._server), run)

    def cancel(self, id_: str) -> Object:
        """End a transfer, whoever does it; its view, which may not show that yet.

        Raises NotFound.
        """
        with self._lock:
            task = self._tasks.get(id_)
        if task is not None:
            if handover.is_offered(task.transfer):
                # It may be somebody else's by now.
                self._records.ask_to_end(id_, self._user)
            task.cancel()
            return task.transfer.view()
        transfer = self._records.get(id_)
        if not transfer.ended:
            self._records.ask_to_end(id_, self._user)
        return transfer.view()

    def delete(self, id_: str) -> None:
        """Forget a transfer. Raises NotFound, and Conflict while it goes on."""
        if not self._find(id_).ended:
            raise Conflict(
                f"the transfer {id_!r} is under way",
                remedy="Cancel it, and wait until it has ended.",
            )
        self._records.delete(id_)
        self._on_change(id_, None)

    def stop(self) -> None:
        """End the transfers of this process: they can be tried again later. Waits some seconds."""
        self._stopping.set()
        with self._lock:
            tasks, threads = [*self._tasks.values()], [*self._threads]
        for task in tasks:
            task.cancel(because="the server that did it was stopped")
        for thread in threads:
            thread.join(_STOP_SECONDS / max(1, len(threads)))

    def _find(self, id_: str) -> Transfer:
        with self._lock:
            task = self._tasks.get(id_)
        return task.transfer if task is not None else self._records.get(id_)

    @property
    def busy(self) -> bool:
        """Whether this process works on any."""
        return any(map(threading.Thread.is_alive, self._threads))

    def take(self, id_: str, wanted: Callable[[Transfer], bool], run: Run) -> bool:
        """Go on with a transfer that another process has begun; False: somebody else does.

        Its record must be ``wanted``.
        """
        taken = self._records.take(id_, self._server, wanted)
        if taken is not None:
            self._go(taken, run)
        return taken is not None

    def _begin(self, transfer: Transfer, run: Run) -> Object:
        self._records.claim(transfer)
        return self._go(transfer, run)

    def _go(self, transfer: Transfer, run: Run) -> Object:
        task = Task(transfer)
        thread = threading.Thread(
            target=self._work, args=(task, run), name=f"trainhub-{transfer.id}", daemon=True
        )
        with self._lock:
            self._tasks[transfer.id] = task
            self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
        # The caller gets it as it begins, whatever becomes of it in the next moment.
        view = transfer.view()
        self._on_change(transfer.id, view)
        thread.start()
        return view

    def _work(self, task: Task, run: Run) -> None:
        beating = threading.Thread(target=self._heartbeat.beat, args=(task,), daemon=True)
        beating.start()
        try:
            ended = self._outcome(task, run)
        finally:
            task.end()
            beating.join()
        is_recorded = task.lost or self._heartbeat.end(task, ended)
        with contextlib.suppress(TrainHubError):
            self._records.prune(self._user)
        with self._lock:
            task.transfer = ended
            # Another attempt may have begun. What the cluster does not know is told from here.
            if is_recorded and self._tasks.get(ended.id) is task:
                del self._tasks[ended.id]
        if not task.lost:
            self._on_change(ended.id, ended.view())
        is_taken = task.lost and handover.is_offered(ended) and not self._takes
        if is_taken and handover.follow(self._records, ended.id, self._on_change, self._stopping):
            self.take(ended.id, handover.is_handed_back, run)

    def _outcome(self, task: Task, run: Run) -> Transfer:
        """The transfer after ``run``."""
        try:
            with translated():
                if handover.is_offered(task.transfer) and not self._takes:
                    handover.offer(task)
                with self._place(task):
                    result = run(task)
            return succeeded(task, result)
        except Exception as error:
            # Its user's server may try again what a snapshotter fails with.
            return failed(task, error, resumable=task.transfer.type in self._again or self._takes)

    @contextlib.contextmanager
    def _place(self, task: Task) -> Any:
        while not self._room.acquire(timeout=_LOOK_SECONDS):
            task.check()
        try:
            task.change(phase="Running")
            yield
        finally:
            self._room.release()
