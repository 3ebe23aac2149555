"""Saving a running instance as an image: its base, and one layer with all that has changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import (
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    TrainHubError,
)
from jupyter_trainhub.hub.images.failures import taken, translated
from jupyter_trainhub.hub.images.naming import reference
from jupyter_trainhub.hub.images.snapshots.base import Base, read_base
from jupyter_trainhub.hub.images.snapshots.ending import container_status
from jupyter_trainhub.hub.images.snapshots.engine import Check, Choice, Engine
from jupyter_trainhub.hub.images.snapshots.measurement import measurement
from jupyter_trainhub.hub.images.snapshots.rootfs_diff import PodEngine
from jupyter_trainhub.hub.images.snapshots.saving import Saving
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.kube.resources import NODES, STATEFUL_SETS
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.registry.manifest import this_platform
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, SNAPSHOT_PREFIX, to_kubernetes
from jupyter_trainhub.specs.snapshot import MeasurementSpec, SnapshotSpec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.registry.client import Repository


class Snapshots:
    """The instances of one namespace, and their images. Methods block."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._config = hub.config
        self.engines: dict[str, Engine] = {"pod": PodEngine(hub.client)}

    def measure(
        self, name: str, spec: MeasurementSpec | None = None, check: Check = lambda: None
    ) -> Object:
        """The Measurement of a running instance; takes seconds, or a minute.

        ``check`` is called meanwhile, and may raise. Raises NotFound, and Conflict when the
        instance does not run, or cannot be saved.
        """
        spec = spec or MeasurementSpec()
        self.chosen(spec.engine)
        engine, pod = self.engine("pod"), self._hub.instances.running(name)
        image = self._hub.registries.default_image(name)
        base = self.base(self.base_facts(pod))
        measured = engine.measure(pod, self.choice(spec), check)
        stateful_set = self._hub.client.get(STATEFUL_SETS, to_kubernetes(INSTANCE_PREFIX, name))
        return measurement(
            measured, stateful_set, instance=name, base=base, image=image, engine=engine.name
        )

    def save(self, name: str, spec: SnapshotSpec) -> Object:
        """Begin to save a running instance; the Transfer. Does not wait until it is done.

        With ``secrets="ask"`` it is measured first. Raises NotFound; Conflict, reason
        SnapshotRunning, SecretsFound or InstanceNotRunning; AlreadyExists, reason ImageExists; and
        what the registry or the cluster refuses.
        """
        pod, chosen = self._hub.instances.running(name), self.chosen(spec.engine)
        registries = self._hub.registries
        image = registries.new_name(spec.image) if spec.image else registries.default_image(name)
        target, tag = self.target(image)
        # With the other engine it is the snapshotter that has the passwords, and that looks.
        if chosen == "pod":
            self.base(self.base_facts(pod))
            with translated():
                target.check_push()
                if not spec.overwrite and target.resolve(tag) is not None:
                    raise taken(image)
        measured = None
        if spec.secrets == "ask":
            try:
                measured = self.engine("pod").measure(pod, self.choice(spec))
            except Conflict as error:
                # The node's program needs none in the image, and refuses to save secrets, too.
                if chosen == "pod" or error.reason != "NoPython":
                    raise
            _require_no_secrets(name, measured or {})
        return self._hub.transfers.start(
            "snapshot",
            partial(self.run, measured=measured),
            id_=to_kubernetes(SNAPSHOT_PREFIX, name),
            title=f"Save instance {name} as {image}",
            instance=name,
            image=image,
            engine=chosen,
            spec={**spec.to_dict(), "image": image},
        )

    def run(self, task: Task, measured: Object | None = None) -> Object:
        """Save an instance, or what an earlier attempt has read of it; the transfer's result.

        ``measured`` is what the engine has measured just now, if it has.
        """
        result = Saving(self._hub, self, task, measured).run()
        result["warnings"] += task.state.get("fell_back", [])
        return self.after(task, result)

    def after(self, task: Task, result: Object) -> Object:
        """Do what is asked for once an instance is saved; the transfer's result."""
        if SnapshotSpec.parse(task.spec).then == "stop":
            try:
                self._hub.instances.stop(str(task.transfer.instance))
            except TrainHubError as error:
                result["warnings"].append(f"The instance could not be stopped: {error}")
        return result

    def chosen(self, engine: str) -> str:
        """The engine that saves an instance, ``pod`` or ``node``, for what a user asks for."""
        return self._config.snapshot_engine if engine == "auto" else engine

    def engine(self, name: str) -> Engine:
        """What reads instances from here. It also measures for the engine ``node``."""
        return self.engines[name]

    def choice(self, spec: MeasurementSpec) -> Choice:
        """What is left out, by the site and by the user."""
        saves = isinstance(spec, SnapshotSpec)
        decided = spec.secrets if isinstance(spec, SnapshotSpec) else "ask"
        return Choice(
            count_left_out=not saves,
            exclude=(*self._config.snapshot_exclude, *spec.exclude),
            include=tuple(spec.include),
            secrets="report" if decided == "ask" else decided,
            secret_paths=tuple(self._config.snapshot_secrets),
        )

    def target(self, image: str) -> tuple[Repository, str]:
        """Where an image goes, and its tag. Raises InvalidField."""
        found = reference(image)
        if found.digest:
            raise InvalidField(
                "an image that is to be saved has no digest yet",
                field="image",
                remedy="Write it as REGISTRY/PATH:TAG.",
            )
        return self._hub.registries.repository(image, push=True), found.tag

    def base_facts(self, pod: Object) -> Object:
        """What tells which image the instance in ``pod`` runs, as JSON."""
        container = next(c for c in pod["spec"]["containers"] if c["name"] == CONTAINER)
        return {
            "image": container["image"],
            "image_id": container_status(pod).get("imageID", ""),
            "platform": self._platform(pod),
        }

    def base(self, facts: Object) -> Base:
        """The image of :meth:`base_facts`. Raises Conflict and NotFound."""
        os, architecture = facts["platform"]
        registries = self._hub.registries
        return read_base(registries, facts["image"], facts["image_id"], (os, architecture))

    def _platform(self, pod: Object) -> list[str]:
        """Of the node; this machine's where the user may not look at nodes."""
        try:
            node = self._hub.client.get(NODES, pod["spec"].get("nodeName", ""))
            told = node["status"]["nodeInfo"]
            return [told["operatingSystem"], told["architecture"]]
        except (Forbidden, NotFound, KeyError):
            return [*this_platform()]


def _require_no_secrets(name: str, measured: Object) -> None:
    found = measured.get("secrets")
    if found:
        raise Conflict(
            f"there are passwords or keys in instance {name!r}",
            reason="SecretsFound",
            field="secrets",
            remedy="Choose whether they are left out or saved.",
            details={"secrets": found},
        )
