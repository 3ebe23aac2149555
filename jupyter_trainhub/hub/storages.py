"""Folders that instances and jobs can see: those the site offers, and those of this machine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField, TrainHubError
from jupyter_trainhub.hub.machine import Machine, is_node
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.resources import PodSpec
from jupyter_trainhub.specs.storage import Storage
from jupyter_trainhub.specs.virtual_cluster import VirtualCluster

_Spec = TypeVar("_Spec", bound=PodSpec)


class Storages:
    """What one user can mount."""

    def __init__(
        self, nodes: Nodes, config: TrainHubConfig, user: str, groups: Collection[str]
    ) -> None:
        self._nodes = nodes
        self._config = config
        self._user = user
        self._groups = groups
        self._local: bool | None = None

    def offered(self) -> list[Storage]:
        """The storages that the site offers to the user, filled in. Raises InvalidField."""
        return offered(self._config, self._user, self._groups)

    def named(self, names: Sequence[str]) -> list[Storage]:
        """Those of :meth:`offered` that are called so. Raises InvalidField."""
        offer = self.offered()
        return [self._find(name, offer) for name in names]

    def shared_with(self, owner: str) -> list[Storage]:
        """Those of :meth:`offered` that are the same folders for ``owner``: not homes, say."""
        theirs = {item.name: item for item in offered(self._config, owner, self._groups)}
        return [item for item in self.offered() if theirs.get(item.name) == item]

    def virtual_clusters(self) -> list[VirtualCluster]:
        """The virtual clusters that the site offers to the user."""
        return virtual_clusters(self._config, self._user, self._groups)

    def chosen(self, spec: _Spec) -> tuple[_Spec, list[Storage]]:
        """The storages of ``spec``, and ``spec`` with their names.

        A spec without a word on storages gets the defaults, but for those whose path it uses
        itself. Raises InvalidField for a storage that is not offered to this user, and for two
        folders at one path.
        """
        offer = self.offered()
        used = {mount.path: "a folder of your own" for mount in spec.mounts}
        if spec.storages is None:
            found = [item for item in offer if item.default and item.path not in used]
        else:
            found = [self._find(name, offer) for name in spec.storages]
        for storage in found:
            if storage.path in used:
                raise InvalidField(
                    f"{storage.name!r} and {used[storage.path]} are both at {storage.path}",
                    field="storages",
                    remedy="Leave one of them out.",
                )
            used[storage.path] = repr(storage.name)
        return spec.model_copy(update={"storages": [item.name for item in found]}), found

    def _find(self, name: str, offer: Sequence[Storage]) -> Storage:
        for storage in offer:
            if storage.name == name:
                return storage
        others = Storage.parse_all(self._config.storages)
        audience = next((other.audience for other in others if other.name == name), None)
        names = ", ".join(storage.name for storage in offer)
        raise InvalidField(
            f"the storage {name!r} is for {audience}, not for {self._user}"
            if audience
            else f"the site offers no storage {name!r}",
            field="storages",
            remedy=f"You can have {names}." if names else "Leave it out: you are offered none.",
        )

    def folder(self, folder: Path) -> Mount | None:
        """A mount that shows ``folder`` of this machine at the same path in a pod.

        None when no node of the cluster is this machine, or the folder cannot or may not be
        mounted.
        """
        folder = folder.resolve()
        if "host_path" not in self._config.allowed_mounts or not self.is_local():
            return None
        try:
            return Mount.parse({"path": str(folder), "host_path": str(folder)})
        except TrainHubError:
            return None

    def local_folder(self, mount: Mount) -> Path | None:
        """Where this machine sees the folder that ``mount`` shows; None where it does not.

        What the site says by a storage's ``local_path`` counts, and else the node's own folder
        where a node is this machine: one that merely has the same name may be another.
        """
        if isinstance(mount, Storage) and mount.local_path is not None:
            return Path(mount.local_path)
        if mount.host_path is None or not self.is_local():
            return None
        return Path(mount.host_path, mount.sub_path or "")

    def seen_here(self, spec: PodSpec, path: str) -> Path | None:
        """Where this machine sees what the pods of ``spec`` see at ``path``; None if it does not.

        Raises InvalidField for storages that are not offered.
        """
        _, chosen = self.chosen(spec)
        for mount in (*spec.mounts, *chosen):
            if PurePosixPath(path).is_relative_to(mount.path):
                folder = self.local_folder(mount)
                return folder and folder / PurePosixPath(path).relative_to(mount.path)
        return None

    def is_local(self) -> bool:
        """Whether a node of the cluster is this machine: then folders here are folders there."""
        if self._local is None:
            try:
                self._local = is_node(Machine.this(), self._nodes.read())
            except TrainHubError:
                return False
        return self._local


def offered(config: TrainHubConfig, user: str, groups: Collection[str]) -> list[Storage]:
    """The storages for ``user``, a member of ``groups``, as the site lists them.

    Raises InvalidField where two of them come to one name.
    """
    found: dict[str, Storage] = {}
    for entry in Storage.parse_all(config.storages):
        for storage in entry.for_user(user, groups):
            if storage.name in found:
                raise InvalidField(
                    f"two storages are called {storage.name!r} for {user}",
                    field="storages",
                    remedy="Give each a name of its own in TrainHubConfig.storages.",
                )
            found[storage.name] = storage
    return list(found.values())


def virtual_clusters(
    config: TrainHubConfig, user: str, groups: Collection[str]
) -> list[VirtualCluster]:
    """The virtual clusters for ``user``, a member of ``groups``, as the site lists them."""
    every = VirtualCluster.parse_all(config.virtual_clusters)
    return [cluster for cluster in every if cluster.is_for(user, groups)]
