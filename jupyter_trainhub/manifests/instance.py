"""An instance as Kubernetes objects: StatefulSet, headless Service, Secret with the token.

Its container runs a script of TrainHub's: JupyterLab where the image has it; otherwise it waits, to
be entered by ``exec``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from jupyter_trainhub.inpod import program
from jupyter_trainhub.manifests import pod
from jupyter_trainhub.manifests.command import probe, shell
from jupyter_trainhub.manifests.labels import (
    KIND,
    NAME,
    STORAGES,
    Object,
    labels,
    name_label,
    spec_annotations,
)
from jupyter_trainhub.manifests.site import ANYWHERE, Site
from jupyter_trainhub.manifests.volumes import volumes
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, to_kubernetes

PORT = 8888
IDE_PORT = 8889
TOKEN_KEY = "token"

# Where the pod sees its Secret, and the file of it that Jupyter reads there.
SECRET_FOLDER = "/trainhub"
SERVER_CONFIG = "jupyter_server_config.py"
# The program that notes what the container holds when it starts; it comes with the Secret too, for
# it must run before anybody can send it.
ROOTFS_DIFF = "rootfs_diff.py"

# Where it notes that; about 6 bytes a file.
START_VOLUME = "trainhub-start"
START_FOLDER = f"/{START_VOLUME}"
_START_SIZE = "128Mi"

# Seconds between two looks whether JupyterLab listens, and how many it may take.
_LOOK_EVERY = 2
_LOOKS = 300


@dataclass(frozen=True)
class InstanceObjects:
    """The objects of one instance; the StatefulSet owns the others and starts without replicas."""

    stateful_set: Object
    service: Object
    secret: Object


def prefix(name: str) -> str:
    """The path below which the instance's JupyterLab answers, without a slash at the end.

    It is the path under which the Jupyter server's proxy shows it, below its own base URL.
    """
    return f"/trainhub/instances/{name}/lab"


def instance_objects(
    spec: InstanceSpec, *, owner: str, image: str, token: str, site: Site = ANYWHERE
) -> InstanceObjects:
    """The objects that make the instance ``spec``; ``token`` is the credential of its JupyterLab.

    The StatefulSet has no replicas yet, so that its pod starts only when the Secret is there.
    """
    name = to_kubernetes(INSTANCE_PREFIX, spec.name)
    its_labels = labels("instance", spec.name, owner)
    selector = {KIND: "instance", NAME: name_label("instance", spec.name)}
    metadata: Object = {"name": name, "labels": its_labels}
    stateful_set: Object = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            **metadata,
            "annotations": {
                **spec_annotations(spec.to_dict(), owner),
                STORAGES: json.dumps(site.titles()),
            },
        },
        "spec": {
            "replicas": 0,
            "serviceName": name,
            # A pod of an older spec is replaced when its user says so. The other strategy would
            # wait for a broken pod to become ready before it replaces it.
            "updateStrategy": {"type": "OnDelete"},
            "selector": {"matchLabels": selector},
            "template": {
                "metadata": {"labels": its_labels},
                "spec": _pod(spec, image=image, secret=name, site=site),
            },
        },
    }
    service: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": selector,
            "ports": [{"name": "http", "port": PORT, "targetPort": PORT}],
        },
    }
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": metadata,
        "stringData": {
            TOKEN_KEY: token,
            **{name: program(name).decode() for name in (SERVER_CONFIG, ROOTFS_DIFF)},
        },
    }
    return InstanceObjects(stateful_set, service, secret)


def root_folder(spec: InstanceSpec, site: Site = ANYWHERE) -> str | None:
    """The folder that JupyterLab shows: the working folder, else the first that can be written.

    None is the folder in which the image starts programs.
    """
    if spec.working_dir is not None:
        return spec.working_dir
    return next((mount.path for _, mount in site.mounts(spec) if not mount.read_only), None)


def _pod(spec: InstanceSpec, *, image: str, secret: str, site: Site) -> Object:
    sources, targets = volumes(spec, site)
    root = root_folder(spec, site)
    container: Object = {
        "env": pod.environment(
            [
                pod.from_field("POD_IP", "status.podIP"),
                # Comes before the folders of the user and of the image, which still count.
                pod.value("JUPYTER_CONFIG_PATH", SECRET_FOLDER),
                pod.value("PYTHONUNBUFFERED", "1"),
                pod.value("TRAINHUB_INSTANCE", spec.name),
            ],
            spec.env,
        ),
        "ports": [
            {"name": "http", "containerPort": PORT},
            {"name": "ide", "containerPort": IDE_PORT},
        ],
        "resources": pod.resources(spec, site.gpu),
        "volumeMounts": [
            *targets,
            {"name": "trainhub", "mountPath": SECRET_FOLDER, "readOnly": True},
        ],
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    shown = [_shown(secret, TOKEN_KEY, SERVER_CONFIG), _shown(secret, ROOTFS_DIFF)]
    # The Secrets of older instances have none: they start without.
    shown[1]["secret"]["optional"] = True
    sources.append({"name": "trainhub", "projected": {"sources": shown, "defaultMode": 0o444}})
    if spec.start == "auto":
        container["command"] = _command(spec.name)
        sources.append({"name": START_VOLUME, "emptyDir": {"sizeLimit": _START_SIZE}})
        container["volumeMounts"].append({"name": START_VOLUME, "mountPath": START_FOLDER})
        container["startupProbe"] = {
            "exec": {"command": probe("ready.sh", str(PORT))},
            "periodSeconds": _LOOK_EVERY,
            "failureThreshold": _LOOKS,
            "timeoutSeconds": 5,
        }
    if root is not None:
        container["workingDir"] = root
    return pod.pod(
        spec,
        site,
        image=image,
        container=container,
        volumes=sources,
        terminationGracePeriodSeconds=30,
    )


def _shown(secret: str, *keys: str) -> Object:
    # By name, since the Secret holds what the container has no use for, such as SSH's host key.
    return {"secret": {"name": secret, "items": [{"key": key, "path": key} for key in keys]}}


def _command(name: str) -> list[str]:
    # JupyterLab listens on the pod's own address: on a cluster whose pods share one network two
    # servers on 0.0.0.0:8888 would collide. Without root_dir it shows the folder in which it
    # starts.
    return shell(
        "start.sh",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=$(POD_IP)",
        f"--ServerApp.port={PORT}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.base_url={prefix(name)}/",
        "--ServerApp.allow_remote_access=True",
    )
