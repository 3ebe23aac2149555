"""Jobs that have to do with registries: one pod, no rights in the cluster, passwords in files."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import CONTAINER

# Where the pod finds the files of its Secret.
FILES = "/trainhub/registry"
# Seconds for which an ended Job stays, if nobody deletes it.
_KEPT_SECONDS = 600


@dataclass(frozen=True)
class Access:
    """How a pod reaches a registry: of ``ca`` the text, ``token`` an identity token."""

    side: Literal["from", "to"]
    domain: str
    url: str
    verify: bool = True
    ca: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def files(self) -> dict[str, str]:
        """What is to be in the pod's Secret."""
        auth = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        entry = {"identitytoken": self.token} if self.token else {"auth": auth}
        auths = {self.domain: entry} if self.username or self.token else {}
        config = {f"{self.side}.json": json.dumps({"auths": auths})}
        return config | ({f"{self.side}.pem": self.ca} if self.ca else {})

    def arguments(self) -> list[str]:
        """The options of the program (``registry/options.py``)."""
        known = [f"--{self.side}-config", f"{FILES}/{self.side}.json"]
        where = [f"--{self.side}-url", self.url]
        trusted = [f"--{self.side}-ca", f"{FILES}/{self.side}.pem"] if self.ca else []
        return [*known, *where, *trusted, *([] if self.verify else [f"--{self.side}-insecure"])]


@dataclass(frozen=True)
class Program:
    """What the pod runs: a module of this package, in an image that has it."""

    image: str
    arguments: Sequence[str]
    files: Mapping[str, str] = field(repr=False)
    """What is in :data:`FILES`."""
    seconds: int
    """After which it is ended."""
    pull_secrets: Sequence[str] = ()


def registry_job(
    metadata: Object, program: Program, *, container: Object, pod: Mapping[str, Any]
) -> tuple[Object, Object]:
    """The Job, suspended, and its Secret, which is to be made before it is released.

    ``container`` and ``pod`` are further fields of these.
    """
    name, its_labels = metadata["name"], metadata["labels"]
    main: Object = {
        "name": CONTAINER,
        "image": program.image,
        "command": ["python3", "-m", *program.arguments],
        "terminationMessagePolicy": "File",
        "resources": {
            "requests": {"cpu": "200m", "memory": "256Mi"},
            "limits": {"memory": "512Mi"},
        },
        "volumeMounts": [{"name": "files", "mountPath": FILES, "readOnly": True}],
        **container,
    }
    spec: Object = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "imagePullSecrets": [{"name": secret} for secret in program.pull_secrets],
        "containers": [main],
        "volumes": [{"name": "files", "secret": {"secretName": name, "defaultMode": 0o400}}],
        **pod,
    }
    job: Object = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "suspend": True,
            # What a second pod would read of a container that goes on is something else.
            "backoffLimit": 0,
            "activeDeadlineSeconds": program.seconds,
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            # A sidecar put in by Istio would keep the pod from ending.
            "template": {
                "metadata": {"labels": {**its_labels, "sidecar.istio.io/inject": "false"}},
                "spec": spec,
            },
        },
    }
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": its_labels},
        "type": "Opaque",
        "stringData": dict(program.files),
    }
    return job, secret
