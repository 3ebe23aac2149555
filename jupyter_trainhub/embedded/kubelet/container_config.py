"""What the runtime is to start for a container, from the pod's spec and the image."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

from ..apimachinery import quantity
from ..apiserver.store import Object, Store
from ..runtime import sandbox
from . import environment, hosts, volumes
from .container_run import ContainerRun
from .image import Image
from .images import Images


@dataclass(frozen=True)
class Place:
    """Where a node keeps what a pod needs."""

    state: Path  # volumes and containers, removed when the pod has ended
    logs: Path  # kept until the pod is deleted
    hide: tuple[str, ...]  # folders that no pod may see


@dataclass
class PodContext:
    """What the containers of one pod share."""

    store: Store
    place: Place
    images: Images
    address: str
    pod: Object  # as it was last seen
    volumes: dict[str, volumes.Volume] = field(default_factory=dict)


def full_name(pod: Object) -> str:
    """The pod as kubelet's messages name it: ``name_namespace(uid)``."""
    metadata = pod["metadata"]
    return f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"


def make(context: PodContext, run: ContainerRun, image: Image) -> sandbox.Container:
    """The container to start.

    Raises:
        ConfigError: a reference or subPath leads nowhere, or it would run as root and must not.
        ValueError: the runtime refuses it.
    """
    pod, spec = context.pod, run.spec
    given = environment.variables(context.store, pod, spec, context.address)
    variables = {**image.environment, **given}
    security = {**(pod["spec"].get("securityContext") or {}),
                **(spec.get("securityContext") or {})}  # fmt: skip
    _check_root(pod, run, security, image)
    groups = [*(security.get("supplementalGroups") or ()), security.get("fsGroup")]
    limits = (spec.get("resources") or {}).get("limits") or {}
    own_signal = (spec.get("lifecycle") or {}).get("stopSignal")
    etc_hosts = sandbox.Mount("/etc/hosts", str(context.place.state / "etc-hosts"))
    return sandbox.Container(
        directory=run.run_directory(),
        layers=image.layers,
        argv=environment.command(spec, variables, image.entrypoint, image.command),
        env=variables,
        cwd=spec.get("workingDir") or image.working_dir,
        hostname=hosts.hostname(pod),
        mounts=(etc_hosts, *volumes.mounts(spec, context.volumes, variables)),
        log_path=run.log_file(),
        termination_log=spec["terminationMessagePath"],
        uid=security.get("runAsUser"),
        gid=security.get("runAsGroup"),
        user=image.user,
        groups=tuple(group for group in groups if group is not None),
        stdin=bool(spec.get("stdin")),
        stdin_once=bool(spec.get("stdinOnce")),
        tty=bool(spec.get("tty")),
        read_only=bool(security.get("readOnlyRootFilesystem")),
        cpus=float(quantity.parse(limits["cpu"])) if "cpu" in limits else None,
        memory=int(quantity.parse(limits["memory"])) if "memory" in limits else None,
        stop_signal=getattr(signal, str(own_signal), image.stop_signal),
        hide=context.place.hide,
        over_machine=image.machine,
    )


def _check_root(pod: Object, run: ContainerRun, security: Object, image: Image) -> None:
    user = security.get("runAsUser")
    if not security.get("runAsNonRoot") or user:
        return
    where = f'(pod: "{full_name(pod)}", container: {run.name})'
    if user == 0:
        raise environment.ConfigError(f"container's runAsUser breaks non-root policy {where}")
    name = image.user.partition(":")[0]
    if name and not name.isdecimal():
        raise environment.ConfigError(
            f"container has runAsNonRoot and image has non-numeric user ({name}), cannot verify "
            f"user is non-root {where}"
        )
    if int(name or (os.geteuid() if image.machine else 0)) == 0:
        raise environment.ConfigError(
            f"container has runAsNonRoot and image will run as root {where}"
        )


def linux_user(container: sandbox.Container) -> Object | None:
    """``user`` of the container's status, where the user is given by number; else None."""
    uid, gid = container.uid, container.gid
    if uid is None and container.machine and not container.user:
        uid, gid = os.geteuid(), os.getegid() if gid is None else gid
    elif uid is None and not container.user:
        uid = 0
    if uid is None:
        return None
    gid = gid or 0
    return {"linux": {"uid": uid, "gid": gid, "supplementalGroups": [gid, *container.groups]}}
