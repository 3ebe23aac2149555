"""A site with a real registry, and images in it."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.snapshots.base import Base, image_labels
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.kube.resources import SECRETS
from jupyter_trainhub.manifests.transfer import ENDED
from jupyter_trainhub.registry.client import OCI_MANIFEST, Endpoint, Repository
from jupyter_trainhub.registry.credentials import Credential
from jupyter_trainhub.registry.source import BytesSource
from tests.conftest import eventually
from tests.hub.fakes import FakeCluster
from tests.registry.packing import configuration, digest, tar

# Of the password "secret" (htpasswd -nbBC 4 ada secret).
HTPASSWD = "ada:$2y$04$dFNXPlziIaQ9mQXLt5y6sO24.NPxXun.WCm0CyhCyrnA3p/H46M9u\n"


def site(registry: str, cluster: FakeCluster | None = None, **config: Any) -> Hub:
    """A hub of ada's whose images go to ``registry``."""
    settings = TrainHubConfig(registry=registry, **config)
    return Hub(cluster or FakeCluster(), settings, ClusterChoice(embedded=False), "ada")


def layer(name: str = "hello", content: str = "hello") -> bytes:
    """A layer with one file."""
    return tar((name, content))


def saved_labels(top: bytes, **fields: str) -> dict[str, str]:
    """The labels of a saved instance with the layer ``top``."""
    base = Base(None, {}, "", {}, "example.com/base:1", digest(b"base"), 1)  # type: ignore[arg-type]
    known = {"owner": "ada", "instance": "dev", "note": "", "created": "2026-01-02T03:04:05Z"}
    return image_labels(base, layer=digest(top), namespace="lab", **(known | fields))


def put_image(repository: Repository, tag: str, *layers: bytes, **config: Any) -> str:
    """Push an image with these layers; its digest."""
    document = configuration(layers, **config)
    packed = [gzip.compress(one, mtime=0) for one in layers]
    for blob in (document, *packed):
        repository.upload(BytesSource(blob))
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest(document),
            "size": len(document),
        },
        "layers": [
            {
                "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                "digest": digest(blob),
                "size": len(blob),
            }
            for blob in packed
        ],
    }
    return repository.put_manifest(tag, json.dumps(manifest).encode(), OCI_MANIFEST)


def repository(host: str, path: str, password: str = "") -> Repository:
    """A repository of a registry on loopback, for ada where there is a password."""
    credential = Credential("ada", password) if password else None
    return Repository(host, path, Endpoint(f"http://{host}", credential=credential))


def docker_config(host: str, password: str = "secret") -> bytes:
    """A docker configuration with ada's password for a registry."""
    auth = base64.b64encode(f"ada:{password}".encode()).decode()
    return json.dumps({"auths": {host: {"auth": auth}}}).encode()


def put_secret(cluster: FakeCluster, name: str, host: str, password: str = "secret") -> None:
    """A Secret with ada's password for a registry."""
    data = {".dockerconfigjson": base64.b64encode(docker_config(host, password)).decode()}
    cluster.put(SECRETS, {"metadata": {"name": name}, "data": data})


def htpasswd(folder: Path) -> dict[str, Any]:
    """Settings of a docker-registry that wants ada's password."""
    path = folder / "htpasswd"
    path.write_text(HTPASSWD)
    return {"auth": {"htpasswd": {"realm": "lab", "path": str(path)}}}


def ended(hub: Hub, transfer: View) -> View:
    """A transfer of this process, when it has ended."""
    return dict(eventually(lambda: _if_ended(hub.transfers.get(transfer["id"]))))


def _if_ended(transfer: View) -> View | None:
    return transfer if transfer["phase"] in ENDED else None
