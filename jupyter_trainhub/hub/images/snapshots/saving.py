"""One attempt to save an instance: read what has changed, send it, name the image."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from jupyter_trainhub.errors import ClusterUnavailable, Conflict, TrainHubError
from jupyter_trainhub.hub.images.snapshots.base import Base
from jupyter_trainhub.hub.images.snapshots.ending import ending
from jupyter_trainhub.hub.images.snapshots.engine import Interrupted
from jupyter_trainhub.hub.images.snapshots.measurement import progress_told, reading_told
from jupyter_trainhub.hub.images.snapshots.publication import Publication, Sending, saved_image
from jupyter_trainhub.hub.images.snapshots.spools import disk_told
from jupyter_trainhub.hub.images.transfers.task import Cancelled, Task
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.registry.blob import Blob, BrokenImage
from jupyter_trainhub.registry.layer import Compression, Spool, layer_descriptor
from jupyter_trainhub.registry.merge import Layer, merge
from jupyter_trainhub.specs.snapshot import SnapshotSpec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.images.snapshots.manager import Snapshots

# What writes a layer, and returns what there is to tell of it.
Write = Callable[[Spool], Object]


class Saving:
    """An attempt, in the thread of its transfer."""

    def __init__(
        self, hub: Hub, snapshots: Snapshots, task: Task, measured: Object | None = None
    ) -> None:
        """``measured`` is what the engine has measured just now, if it has."""
        self._hub = hub
        self._snapshots = snapshots
        self._spools = hub.spools
        self._task = task
        self._measured = measured
        self._id = task.transfer.id
        self._instance = str(task.transfer.instance)
        self._spec = SnapshotSpec.parse(task.spec)
        self._engine = snapshots.engine(task.transfer.engine or "pod")
        self._choice = snapshots.choice(self._spec)
        if self._choice.secrets == "report":
            # None were found before; of one that has come since nobody was asked.
            self._choice = replace(self._choice, secrets="exclude")
        self._target, self._tag = snapshots.target(str(self._spec.image))

    def run(self) -> Object:
        """Save it; the transfer's result. What was read is kept if the registry fails.

        Raises TrainHubError, RegistryError and Cancelled.
        """
        left = self._left()
        self._spools.clear(self._id, keep=left.path if left else None)
        try:
            with disk_told(self._spools.folder):
                return self._save(left)
        except BaseException:
            # What another process does by now has its files beside these.
            is_unwanted = self._task.because is None and self._task.cancelled()
            if is_unwanted and not self._task.lost:
                self._spools.clear(self._id)
            raise

    def _left(self) -> Spool | None:
        """The layer that an earlier attempt has read, where it is still there."""
        path = self._spools.find(self._id, self._task.state.get("spool"))
        with contextlib.suppress(BrokenImage, OSError):
            spool = Spool.reopen(path) if path is not None else None
            if spool is not None and spool.digest() == self._task.state.get("digest"):
                return spool
        self._task.keep(spool=None)
        return None

    def _save(self, left: Spool | None) -> Object:
        if left is not None:
            base = self._snapshots.base(self._task.state["base"])
            self._task.progress(**self._task.state["progress"])
            sending = Sending(self._target, left, self._task)
            return self._publish(base, left, sending)
        pod = self._hub.instances.running(self._instance)
        facts = self._snapshots.base_facts(pod)
        base = self._snapshots.base(facts)
        warnings = self._measure(pod, base)
        spool, sending, done = self._read(pod, base)
        self._task.progress(files=done.get("files"), bytes=done.get("bytes", 0), path=None)
        self._task.keep(
            base=facts,
            spool=spool.path.name,
            digest=spool.digest(),
            progress=self._task.transfer.progress,
            told=reading_told(done, warnings),
        )
        return self._publish(base, spool, sending)

    def _measure(self, pod: Object, base: Base) -> list[str]:
        """See that there is room for the changes, and how many they are; warnings."""
        self._task.step("measure")
        measured = self._measured or self._engine.measure(
            pod, self._choice, self._task.check, self._report
        )
        size, limit = measured["bytes"], self._hub.config.snapshot_max_bytes
        if limit and size > limit:
            raise _too_large(size, limit)
        # What was saved before is fetched, and merged with the rest into a third file.
        earlier = base.earlier["size"] if base.earlier is not None else 0
        self._spools.require_room(2 * (size + earlier) if earlier else size)
        self._task.progress(files=0, bytes=0, total_files=measured["files"], total_bytes=size)
        return [str(warning) for warning in measured.get("warnings") or ()]

    def _read(self, pod: Object, base: Base) -> tuple[Spool, Sending, Object]:
        """The layer, complete, which is sent meanwhile; and what reading it told at the end."""
        self._task.step("read")
        for last in (False, True):
            try:
                return self._merged(pod, base) if base.earlier else self._sent(self._reader(pod))
            except TrainHubError as error:
                why = None
                with contextlib.suppress(ClusterUnavailable):
                    why = ending(self._hub.client, self._instance, pod)
                if why is not None:
                    raise why from None
                if last or not isinstance(error, Interrupted):
                    raise
        raise AssertionError

    def _reader(self, pod: Object) -> Write:
        def write(spool: Spool) -> Object:
            task = self._task
            return self._engine.read(pod, self._choice, spool.write, task.check, self._report)

        return write

    def _sent(self, write: Write) -> tuple[Spool, Sending, Object]:
        """A layer that ``write`` writes, and that is sent at the same time.

        A registry that fails meanwhile does not end the writing: the next attempt then has all of
        the layer.
        """
        spool = self._spool(cast("Compression", self._hub.config.snapshot_compression))
        sending = Sending(self._target, spool, self._task)
        try:
            done = write(spool)
            spool.finish()
        except BaseException as error:
            # The thread that sends waits for more.
            spool.fail(error if isinstance(error, Exception) else Cancelled())
            sending.give_up()
            spool.remove()
            raise
        return spool, sending, done

    def _merged(self, pod: Object, base: Base) -> tuple[Spool, Sending, Object]:
        """The layer that was saved before and the one of now, as one."""
        earlier, upper = self._fetched(base), self._spool("zstd")
        try:
            done = self._reader(pod)(upper)
            upper.finish()
            self._task.change(message="It is merged with what was saved before.")

            def write(spool: Spool) -> Object:
                for piece in merge(self._checked(earlier.content), self._checked(upper.content)):
                    spool.write(piece)
                return done

            return self._sent(write)
        finally:
            self._task.change(message=None)
            upper.remove()
            Path(earlier.place).unlink(missing_ok=True)

    def _fetched(self, base: Base) -> Blob:
        """The layer that was saved before, in a file: it is read twice."""
        assert base.earlier is not None
        path, there = self._spools.new(self._id), base.blob(base.earlier, self._task.cancelled)
        try:
            with base.required(), path.open("wb") as file:
                for piece in self._checked(there.stored)():
                    file.write(piece)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return replace(there, open=lambda: path.open("rb"), place=str(path))

    def _checked(self, layer: Layer) -> Layer:
        """The same, which ends when nobody wants it any more."""

        def read() -> Iterator[bytes]:
            for piece in layer():
                self._task.check()
                yield piece

        return read

    def _publish(self, base: Base, spool: Spool, sending: Sending) -> Object:
        publication = Publication(self._target, self._tag, base, self._task)
        try:
            publication.add_base()
            self._task.step("upload")
            sending.result()
            self._task.progress(sent=spool.size)
            layer = {**layer_descriptor(spool), "diff_id": spool.diff_id}
            saved = saved_image(publication, self._hub.namespace, self._task, base, layer)
        except BaseException:
            sending.give_up()
            spool.close()
            raise
        spool.remove()
        return {**saved, **self._task.state["told"]}

    def _spool(self, compression: Compression) -> Spool:
        return Spool(self._spools.new(self._id), compression)

    def _report(self, told: Object) -> None:
        """Pass on how far the reading is; and note that the instance is in use."""
        limit, size = self._hub.config.snapshot_max_bytes, told.get("bytes")
        if limit and isinstance(size, int) and size > limit:
            raise _too_large(size, limit)
        self._task.progress(**progress_told(told))
        self._hub.idle.activity.note(self._instance, "saving")


def _too_large(size: int, limit: int) -> Conflict:
    return Conflict(
        f"the changes have {size >> 20} MiB, and {limit >> 20} MiB may be saved here",
        reason="SnapshotTooLarge",
        remedy="Leave folders out, or move data to a storage.",
    )
