"""Where log folders are: on this machine, or on a volume that only pods can mount."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.tensorboards.folders import LogFolder, named, parse
from jupyter_trainhub.hub.tensorboards.roots import allowed_folder
from jupyter_trainhub.hub.tensorboards.sources import Source, Sources
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.specs.mount import Mount

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.specs.resources import PodSpec
    from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

# What a text is on this machine, inside the allowed roots. Raises InvalidField and NotFound.
Here = Callable[[str], Path]

CLAIM = "pvc://"
# Where pods see claims that are named by address.
_CLAIMS = "/claims"
_FIELD = "folders"


def asks_for_the_cluster(spec: TensorBoardSpec) -> bool:
    """Whether no folder of ``spec`` can be found without a cluster."""
    named_there = spec.job or spec.instance or spec.storages or spec.mounts
    return bool(
        spec.where == "cluster"
        or named_there
        or any(parse(text).path.startswith(CLAIM) for text in spec.folders)
    )


def resolve(spec: TensorBoardSpec, here: Here, hub: Hub | None) -> Sources:
    """Where the folders of ``spec`` are.

    Without a ``hub`` only this machine is looked at. Raises InvalidField for folders that cannot be
    shown (together), and NotFound.
    """
    resolver = _Resolver(spec, here, hub)
    folders = resolver.folders()
    named(folders)
    found = tuple(map(resolver.source, folders))
    if spec.where != "cluster" and all(source.local for source in found):
        return Sources(found, is_local=True)
    if spec.where == "local":
        odd = next(source for source in found if not source.local)
        raise InvalidField(
            f"this machine does not see {odd.given.path!r}",
            field="where",
            remedy="Leave 'where' out: a pod can show it.",
        )
    if all(source.mount for source in found):
        return Sources(found, is_local=False)
    local = next(source for source in found if not source.mount)
    if spec.where == "cluster" or not any(source.mount for source in found):
        raise InvalidField(
            f"no pod can mount {local.given.path!r}",
            field=_FIELD,
            remedy=f"{resolver.offer} Or leave 'where' out: this machine shows it."
            if resolver.offer
            else "Leave 'where' out: this machine shows it, and no storage is offered to pods.",
        )
    remote = next(source for source in found if not source.local)
    raise InvalidField(
        f"{local.given.path!r} is on this machine, and {remote.given.path!r} only pods can mount",
        field=_FIELD,
        remedy="Open them in two TensorBoards.",
    )


class _Resolver:
    def __init__(self, spec: TensorBoardSpec, here: Here, hub: Hub | None) -> None:
        self._spec = spec
        self._here = here
        self._hub = hub

    def folders(self) -> list[LogFolder]:
        """The folders that are asked for."""
        if self._spec.folders or self._spec.job is None:
            return [parse(text) for text in self._spec.folders]
        assert self._hub is not None
        from jupyter_trainhub.hub.tensorboards.job_logs import logs_of

        return [LogFolder("", path) for path in logs_of(self._hub, self._job).folders]

    def source(self, folder: LogFolder) -> Source:
        """Where one folder is."""
        if folder.path.startswith(CLAIM):
            return self._claim(folder)
        if self._spec.job or self._spec.instance:
            return self._in_pods(folder, self._absolute(folder.path))
        try:
            return self._on_this_machine(folder, self._here(folder.path))
        except TrainHubError as error:
            if folder.name and isinstance(error, NotFound):
                hint = "Write ./ before a folder's own name that holds a ':'."
                error.remedy = f"{error.remedy} {hint}"
            if self._hub is None or not folder.path.startswith("/"):
                raise
            local = self._below_a_storage(Path(_normal(folder.path)))
            if local is not None:
                return self._on_this_machine(folder, local)
            mount = self._holding(_normal(folder.path))
            if mount is None:
                error.remedy = " ".join(filter(None, (error.remedy, self.offer)))
                raise
            return self._on(mount, folder, _normal(folder.path))

    @cached_property
    def _job(self) -> Object:
        assert self._hub is not None
        assert self._spec.job is not None
        with _about("job"):
            return self._hub.jobs.get(self._spec.job)

    @cached_property
    def mounts(self) -> list[Mount]:
        """What may hold the folders, as pods see it."""
        hub, spec = self._hub, self._spec
        if hub is None:
            return []
        if self._pods is not None:
            pods, owner, volumes = self._pods
            # Others may have made them by other means.
            hub.policy.check_mounts(pods.mounts)
            shared = {storage.name: storage for storage in hub.storage.shared_with(owner)}
            storages = [shared[name] for name in pods.storages or () if name in shared]
            return [*pods.mounts, *volumes, *storages]
        hub.policy.check_mounts(spec.mounts)
        named_ones = spec.storages
        offered = hub.storage.offered() if named_ones is None else hub.storage.named(named_ones)
        return [*spec.mounts, *offered]

    @property
    def offer(self) -> str:
        """Which folders could be chosen, in a sentence."""
        paths = [mount.path for mount in self.mounts]
        return f"Choose a folder in {' or '.join(paths)}." if paths else ""

    @cached_property
    def _pods(self) -> tuple[PodSpec, str, list[Mount]] | None:
        """The spec of the job or instance that is meant, whose it is, and its own volumes."""
        hub, spec = self._hub, self._spec
        if spec.job is not None and hub is not None:
            from jupyter_trainhub.specs.job import JobSpec

            volumes = [item for item in self._job["volumes"] if item["path"]]
            own = [Mount(path=item["path"], claim=item["claim"]) for item in volumes]
            return JobSpec.parse(self._job["spec"]), self._job["owner"], own
        if spec.instance is not None and hub is not None:
            from jupyter_trainhub.specs.instance import InstanceSpec

            with _about("instance"):
                view = hub.instances.get(spec.instance)
            return InstanceSpec.parse(view["spec"]), view["owner"], []
        return None

    def _absolute(self, path: str) -> str:
        base = self._pods[0].working_dir if self._pods else None
        if path.startswith("/") or base is None:
            return _normal(path)
        return _normal(posixpath.join(base, path))

    def _in_pods(self, folder: LogFolder, path: str) -> Source:
        mount = self._holding(path)
        if mount is not None:
            return self._on(mount, folder, path)
        whose = f"job {self._spec.job!r}" if self._spec.job else f"instance {self._spec.instance!r}"
        raise InvalidField(
            f"{path!r} lies in the own file system of the pods of {whose}, which goes with them, "
            "or on a storage that is not yours",
            field=_FIELD,
            remedy=f"Let the program write its logs to a mounted folder. {self.offer}".rstrip(),
        )

    def _claim(self, folder: LogFolder) -> Source:
        claim, _, below = folder.path[len(CLAIM) :].partition("/")
        assert self._hub is not None
        with _about(_FIELD):
            self._hub.volumes.get(claim)
        root = f"{_CLAIMS}/{claim}"
        return Source(
            folder, mount=Mount(path=root, claim=claim), path=_normal(posixpath.join(root, below))
        )

    def _on_this_machine(self, folder: LogFolder, local: Path) -> Source:
        """A folder of this machine, with the mount that shows it where somebody asks for a pod."""
        if self._spec.where != "cluster" or self._hub is None:
            return Source(folder, local)
        for mount in self.mounts:
            root = self._hub.storage.local_folder(mount)
            if root is not None and local.is_relative_to(root.resolve()):
                below = local.relative_to(root.resolve())
                return Source(folder, local, mount, str(PurePosixPath(mount.path, below)))
        own = self._hub.storage.folder(local)
        return Source(folder, local, own, own.path if own else "")

    def _below_a_storage(self, path: Path) -> Path | None:
        """A folder as this machine sees a storage, which is no root of Jupyter's."""
        assert self._hub is not None
        for mount in self.mounts:
            root = self._hub.storage.local_folder(mount)
            if root is not None and path.is_relative_to(root):
                return allowed_folder(path, [root], shown=str(path), field=_FIELD)
        return None

    def _on(self, mount: Mount, folder: LogFolder, path: str) -> Source:
        assert self._hub is not None
        root = None if self._spec.where == "cluster" else self._hub.storage.local_folder(mount)
        if root is None:
            return Source(folder, mount=mount, path=path)
        below = PurePosixPath(path).relative_to(mount.path)
        local = allowed_folder(root / below, [root], shown=path, field=_FIELD)
        return Source(folder, local, mount, path)

    def _holding(self, path: str) -> Mount | None:
        return holding(self.mounts, path)


@contextmanager
def _about(field: str) -> Iterator[None]:
    """What is not found there is what ``field`` names."""
    try:
        yield
    except NotFound as error:
        error.field = field
        raise


def holding(mounts: Sequence[Mount], path: str) -> Mount | None:
    """The innermost of ``mounts`` in which ``path`` lies; None when it lies in none."""
    found = [mount for mount in mounts if PurePosixPath(path).is_relative_to(mount.path)]
    return max(found, key=lambda mount: len(mount.path), default=None)


def _normal(path: str) -> str:
    if not path.startswith("/") or ".." in path.split("/"):
        raise InvalidField(
            f"{path!r} is not an absolute path without '..'",
            field=_FIELD,
            remedy="Write it from / on, as the pods see it.",
        )
    return posixpath.normpath(path).replace("//", "/")
