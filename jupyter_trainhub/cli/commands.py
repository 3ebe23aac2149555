"""What each command does. All of it is the hub's work; here it is asked for and printed."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.cli import (
    idle,
    image,
    instance,
    job,
    output,
    run,
    snapshotter,
    ssh,
    tensorboard,
    top,
    volume,
)
from jupyter_trainhub.cli.confirmation import confirmed
from jupyter_trainhub.cli.spec import instance_fields
from jupyter_trainhub.config import TrainHubConfig, load_config
from jupyter_trainhub.errors import InvalidField

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.views import View, Views


def configured(options: Namespace) -> TrainHubConfig:
    """The user's configuration with what the options say instead."""
    config = load_config()
    for name in ("kubeconfig", "context", "namespace"):
        if getattr(options, name, None):
            setattr(config, name, getattr(options, name))
    return config


def connect(options: Namespace) -> Hub:
    """The hub on the cluster that options and configuration name."""
    from jupyter_trainhub.hub.hub import Hub

    return Hub.connect(configured(options))


def get(options: Namespace) -> int:
    """``trainhub get``."""
    views = _read(options)
    output.print_views(options.kind, views, options.output, one=options.name is not None)
    if options.name is not None and options.output == "table":
        output.describe(options.kind, views[0])
        if options.kind in ("jobs", "runs"):
            job.print_failure(connect(options), options.kind, views[0])
    return 0


def _read(options: Namespace) -> Views:
    name = options.name
    if options.kind == "tensorboards":
        # Those of this machine need no cluster to be listed.
        return tensorboard.read(options)
    hub = connect(options)
    if options.kind == "nodes":
        views = hub.nodes.list()
        if name is not None and name not in (view["name"] for view in views):
            raise InvalidField(
                f"there is no node {name!r}", field="name", remedy="Look at 'trainhub get nodes'."
            )
        return [view for view in views if name in (None, view["name"])]
    if options.kind == "images":
        if name is not None:
            return [hub.catalogue.get(name)]
        return list(hub.catalogue.list(options.search or "")["items"])
    if options.kind == "runs":
        return hub.runs.list(options.search or "") if name is None else [hub.runs.get(name)]
    if options.kind == "volumes":
        return hub.volumes.list() if name is None else [hub.volumes.get(name)]
    if options.kind == "transfers":
        return hub.transfers.list() if name is None else [hub.transfers.get(name)]
    if options.kind == "jobs":
        return hub.jobs.list(options.search or "") if name is None else [hub.jobs.get(name)]
    return hub.instances.list() if name is None else [hub.instances.get(name)]


def create_instance(options: Namespace) -> int:
    """``trainhub create instance``."""
    from jupyter_trainhub.specs.instance import InstanceSpec

    if options.dry_run:
        return instance.check(connect(options), options)
    spec = InstanceSpec.parse(instance_fields(options))
    hub = connect(options)
    view = hub.instances.create(spec)
    if options.wait:
        view = hub.instances.wait_ready(spec.name)
    made("instance", view, options)
    return 0


def logs(options: Namespace) -> int:
    """``trainhub logs``."""
    if options.name.startswith(tensorboard.LOG_PREFIX):
        return tensorboard.logs(options)
    hub = connect(options)
    names = ("rank", "follow", "tail", "attempt", "previous", "timestamps")
    print_log(hub, options.name, **{name: getattr(options, name) for name in names})
    job.print_first_failed(hub, options.name, options.attempt)
    return 0


def stop(options: Namespace) -> int:
    """``trainhub stop``."""
    if options.kind == "tensorboard":
        return tensorboard.stop(options)
    hub = connect(options)
    if options.kind == "job":
        return job.stop(hub, options.names)
    for name in options.names:
        if not confirmed(options, hub.instances.get(name), "stop"):
            return 1
        hub.instances.stop(name)
        print(f"instance {name} is stopping")
    return 0


def start(options: Namespace) -> int:
    """``trainhub start``."""
    if options.kind == "tensorboard":
        return tensorboard.start(options)
    connect(options).instances.start(options.name)
    print(f"{options.kind} {options.name} is starting")
    return 0


def delete(options: Namespace) -> int:
    """``trainhub delete``."""
    if options.volumes and options.kind != "job":
        raise InvalidField("only jobs have volumes of their own", field="volumes")
    if options.kind == "tensorboard":
        return tensorboard.delete(options)
    if options.kind == "job":
        return job.delete(connect(options), options.names, volumes=options.volumes)
    for name in options.names:
        if not _delete(options, name):
            return 1
        print(f"{options.kind} {name} deleted")
    return 0


def _delete(options: Namespace, name: str) -> bool:
    hub = connect(options)
    if options.kind == "image":
        hub.catalogue.delete(name)
    elif options.kind == "run":
        hub.runs.delete(name)
    elif options.kind == "volume":
        return volume.delete(hub, name, options)
    elif confirmed(options, hub.instances.get(name), "delete"):
        hub.instances.delete(name)
    else:
        return False
    return True


# What goes with which actions of ``trainhub cluster`` only.
_CLUSTER_OPTIONS = {
    "image": ("load", "unload"), "name": ("load",), "user": ("kubeconfig",),
    "group": ("kubeconfig",),
}  # fmt: skip


def cluster(options: Namespace) -> int:
    """``trainhub cluster``; ``status`` returns 1 when it does not run."""
    from jupyter_trainhub.cli import images
    from jupyter_trainhub.hub.cluster import EmbeddedCluster

    for field, actions in _CLUSTER_OPTIONS.items():
        if getattr(options, field) is not None and options.action not in actions:
            raise InvalidField(f"{options.action} takes none", field=field)
    embedded = EmbeddedCluster(load_config())
    if options.action in images.ACTIONS:
        return images.ACTIONS[options.action](embedded, options)
    if options.action == "kubeconfig":
        print(embedded.kubeconfig(options.user, options.group or ()))
        return 0
    if options.action == "start":
        embedded.start()
    elif options.action == "stop" and not embedded.stop():
        print("The embedded cluster does not run.", file=sys.stderr)
        return 0
    status = embedded.status()
    output.print_facts(status, options.output)
    return 1 if options.action == "status" and status["state"] != "running" else 0


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "get": get,
    "logs": logs,
    "stop": stop,
    "start": start,
    "delete": delete,
    "cluster": cluster,
    "save": image.save,
    "load": image.load,
    "export": lambda options: (run if options.kind == "run" else image).export(options),
    "compare": run.compare,
    "copy": image.copy,
    "tag": image.tag,
    "changes": image.changes,
    "recipe": image.recipe,
    "check": image.check,
    "edit": instance.edit,
    "open": tensorboard.open_,
    "restart": instance.restart,
    "events": instance.events,
    "idle": idle.idle,
    "keep": idle.keep,
    "stop-idle": idle.stop_idle,
    "clone": job.clone,
    "resubmit": job.resubmit,
    "pin": job.pin,
    "unpin": job.pin,
    "restart-jobs": job.restart_jobs,
    "snapshotter": snapshotter.snapshotter,
    "files": volume.files,
    "download": volume.download,
    "resize": volume.resize,
    "ssh": ssh.ssh,
    "ssh-config": ssh.ssh_config,
    "ssh-proxy": ssh.ssh_proxy,
    "top": top.top,
}


def made(kind: str, view: View, options: Namespace) -> None:
    """Tell that an object was created, as the options say."""
    if options.output == "json":
        output.print_json(view)
    else:
        print(f"{kind} {view['name']} created")


def print_log(hub: Hub, name: str, **how: Any) -> None:
    """Print a job's log; ``how`` says which part of it."""
    log = hub.jobs.logs(name, **how)
    try:
        for chunk in log:
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
    finally:
        log.close()
