"""What this API server says of itself: versions, groups, resources, and some OpenAPI."""

from __future__ import annotations

import platform
from typing import Any

from ..apimachinery.resources import SERVED, Resource

Object = dict[str, Any]

# The Kubernetes whose answers this server gives.
MINOR = "36"
GIT_VERSION = "v1.36.2"

_STATUS_VERBS = ["get", "patch", "update"]


def version() -> Object:
    """``/version``."""
    return {
        "major": "1",
        "minor": MINOR,
        "gitVersion": f"{GIT_VERSION}+trainhub",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "cpython",
        "platform": f"linux/{architecture()}",
    }


def architecture() -> str:
    """This machine, by Go's names."""
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def core_versions(address: str) -> Object:
    """``/api``."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def groups() -> Object:
    """``/apis``."""
    names = list(dict.fromkeys(r.group for r in SERVED if r.group))
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [body for name in names if (body := group(name))],
    }


def group(name: str) -> Object | None:
    """``/apis/<group>``, or None where the group is not served."""
    versions = list(dict.fromkeys(r.version for r in SERVED if r.group == name))
    if not name or not versions:
        return None
    entries = [{"groupVersion": f"{name}/{v}", "version": v} for v in versions]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}


def resources(group_name: str, version_name: str) -> Object | None:
    """``/api/v1`` and ``/apis/<group>/<version>``, or None where it is not served."""
    served = [r for r in SERVED if (r.group, r.version) == (group_name, version_name)]
    if not served:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": served[0].api_version,
        "resources": [entry for resource in served for entry in _entries(resource)],
    }


def _entries(resource: Resource) -> list[Object]:
    main: Object = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        main["shortNames"] = list(resource.short_names)
    if resource.categories:
        main["categories"] = list(resource.categories)
    entries = [main]

    def add(name: str, kind: str, verbs: list[str], **more: str) -> None:
        entries.append(
            {"name": f"{resource.plural}/{name}", "singularName": "",
             "namespaced": resource.namespaced, **more, "kind": kind, "verbs": verbs}
        )  # fmt: skip

    if resource.has_status:
        add("status", resource.kind, _STATUS_VERBS)
    if resource.has_scale:
        add("scale", "Scale", _STATUS_VERBS, group="autoscaling", version="v1")
    for name, (kind, verbs) in resource.subresources.items():
        add(name, kind, list(verbs))
    return entries


def openapi_index() -> Object:
    """``/openapi/v3``: where the document of each group version is."""
    roots = list(dict.fromkeys(r.root for r in SERVED))
    return {"paths": {r[1:]: {"serverRelativeURL": f"/openapi/v3{r}"} for r in roots}}


def openapi(path: str) -> Object | None:
    """One group version's OpenAPI document, or None.

    It says only that writes take ``fieldValidation``, which is what kubectl looks for before it
    leaves validation to the server.
    """
    served = [r for r in SERVED if r.root == path]
    if not served:
        return None
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in ("dryRun", "fieldManager", "fieldValidation")
    ]
    paths: Object = {}
    for resource in served:
        scope = "/namespaces/{namespace}" if resource.namespaced else ""
        kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
        operation = {"parameters": parameters, "x-kubernetes-group-version-kind": kind}
        collection = f"{path}{scope}/{resource.plural}"
        paths[collection] = {"post": operation}
        paths[f"{collection}/{{name}}"] = {"put": operation, "patch": operation}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": GIT_VERSION},
        "paths": paths,
    }
