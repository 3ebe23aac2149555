"""An instance as Kubernetes objects: StatefulSet, headless Service, Secret with the token."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_trainhub.manifests import pod
from jupyter_trainhub.manifests.labels import (
    KIND,
    NAME,
    Object,
    labels,
    spec_annotations,
)
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, to_kubernetes

PORT = 8888
TOKEN_KEY = "token"


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
    spec: InstanceSpec, *, owner: str, image: str, token: str, gpu: str = pod.GPU
) -> InstanceObjects:
    """The objects that make the instance ``spec``; ``token`` is the credential of its JupyterLab.

    The StatefulSet has no replicas yet, so that its pod starts only when the Secret is there.
    """
    name = to_kubernetes(INSTANCE_PREFIX, spec.name)
    its_labels = labels("instance", spec.name, owner)
    selector = {KIND: "instance", NAME: spec.name}
    metadata: Object = {"name": name, "labels": its_labels}
    stateful_set: Object = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {**metadata, "annotations": spec_annotations(spec.to_dict(), owner)},
        "spec": {
            "replicas": 0,
            "serviceName": name,
            "selector": {"matchLabels": selector},
            "template": {
                "metadata": {"labels": its_labels},
                "spec": _pod(spec, image=image, secret=name, gpu=gpu),
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
        "stringData": {TOKEN_KEY: token},
    }
    return InstanceObjects(stateful_set, service, secret)


def root_folder(spec: InstanceSpec) -> str | None:
    """The folder that JupyterLab shows; None is the folder in which the image starts programs."""
    if spec.working_dir is not None:
        return spec.working_dir
    return spec.mounts[0].path if spec.mounts else None


def _pod(spec: InstanceSpec, *, image: str, secret: str, gpu: str) -> Object:
    sources, targets = pod.volumes(spec)
    root = root_folder(spec)
    token = {"secretKeyRef": {"name": secret, "key": TOKEN_KEY}}
    container: Object = {
        "image": image,
        "command": _command(spec.name),
        "env": pod.environment(
            [
                pod.from_field("POD_IP", "status.podIP"),
                {"name": "JUPYTER_TOKEN", "valueFrom": token},
                pod.value("PYTHONUNBUFFERED", "1"),
                pod.value("TRAINHUB_INSTANCE", spec.name),
            ],
            spec.env,
        ),
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": pod.resources(spec, gpu),
        "volumeMounts": targets,
        # "/api" answers without a token, and only once the server takes requests.
        "readinessProbe": {
            "httpGet": {"path": f"{prefix(spec.name)}/api", "port": PORT},
            "periodSeconds": 2,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
    }
    if root is not None:
        container["workingDir"] = root
    return pod.pod(container, sources, terminationGracePeriodSeconds=30)


def _command(name: str) -> list[str]:
    # JupyterLab listens on the pod's own address: on the embedded cluster the pods share one
    # network, where two servers on 0.0.0.0:8888 would collide. JUPYTER_TOKEN is read by Jupyter
    # itself, which keeps the token out of the process list. Without root_dir JupyterLab shows the
    # folder in which it starts.
    return [
        "jupyter",
        "lab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=$(POD_IP)",
        f"--ServerApp.port={PORT}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.base_url={prefix(name)}/",
        "--ServerApp.allow_remote_access=True",
    ]
