"""The OCI distribution API at `/v2/`: the cluster's images as those of a registry.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md, version 1.1. A repository's
name here is its path below `registry.trainhub.internal`, by which pods name it; `?ns=docker.io`
asks for what was loaded or pulled from there, as containerd asks a mirror.
"""

from __future__ import annotations

from typing import Any

from tornado.web import RequestHandler

from .blobs import BlobHandler
from .handler import VersionHandler
from .lists import CatalogHandler, ReferrersHandler, TagsHandler
from .manifests import ManifestHandler
from .uploads import UploadHandler, UploadsHandler

# A name may hold slashes, and be that of a page: `blobs/uploads` is a repository like any other.
_NAME = r"/v2/(.+)"


def routes(shared: dict[str, Any]) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """The paths of the API, and who answers them."""
    return [
        (r"/v2/?", VersionHandler, shared),
        (r"/v2/_catalog", CatalogHandler, shared),
        (rf"{_NAME}/tags/list", TagsHandler, shared),
        (rf"{_NAME}/manifests/([^/]+)", ManifestHandler, shared),
        (rf"{_NAME}/blobs/uploads/", UploadsHandler, shared),
        (rf"{_NAME}/blobs/uploads/([0-9a-f-]{{36}})", UploadHandler, shared),
        (rf"{_NAME}/blobs/([^/]+)", BlobHandler, shared),
        (rf"{_NAME}/referrers/([^/]+)", ReferrersHandler, shared),
    ]
