"""What this API server says of itself: versions, groups, resources."""

from __future__ import annotations

import base64
import hashlib
import platform
from collections.abc import Iterator

from ..apimachinery.resources import SERVED, Resource, version_priority
from .customresources import CustomResource
from .store import Object

# The Kubernetes whose answers this server gives.
MINOR = "36"
GIT_VERSION = "v1.36.2"


def version() -> Object:
    """``/version``."""
    return {
        "major": "1",
        "minor": MINOR,
        "emulationMajor": "1",
        "emulationMinor": MINOR,
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": str(int(MINOR) - 1),
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
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [body for name in _names() if (body := group(name))],
    }


def _names() -> list[str]:
    return list(dict.fromkeys(r.group for r in SERVED if r.group))


def _versions(name: str) -> list[str]:
    return sorted({r.version for r in SERVED if r.group == name}, key=version_priority)


def group(name: str) -> Object | None:
    """``/apis/<group>``, or None where the group is not served."""
    versions = _versions(name)
    if not name or not versions:
        return None
    entries = [{"groupVersion": f"{name}/{v}", "version": v} for v in versions]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}


# What a client accepts that wants to know all with one request, and what it is answered.
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def aggregated(core: bool) -> Object:
    """All that is served under ``/api`` (``core``) or ``/apis``, as ``APIGroupDiscoveryList``."""
    items = [
        {
            "metadata": {"name": name} if name else {},
            "versions": [
                {
                    "version": version,
                    "resources": [
                        _described(r) for r in SERVED if (r.group, r.version) == (name, version)
                    ],
                    "freshness": "Current",
                }
                for version in _versions(name)
            ],
        }
        for name in ([""] if core else _names())
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {}, "items": items}  # fmt: skip


def _described(resource: Resource) -> Object:
    # Built-in kinds leave group and version to the place where they stand.
    own = {"group": "", "version": ""}
    if isinstance(resource, CustomResource):
        own = {"group": resource.group, "version": resource.version}
    body: Object = {
        "resource": resource.plural,
        "responseKind": {**own, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
        "shortNames": list(resource.short_names),
        "categories": list(resource.categories),
        "subresources": [
            {
                "subresource": name,
                "responseKind": {**FOREIGN_KINDS.get(kind, own), "kind": kind},
                "verbs": verbs,
            }
            for name, kind, verbs in _subresources(resource)
        ],
    }
    return {key: value for key, value in body.items() if value}


def resources(group_name: str, version_name: str) -> Object | None:
    """``/api/v1`` and ``/apis/<group>/<version>``, or None where it is not served."""
    served = [r for r in SERVED if (r.group, r.version) == (group_name, version_name)]
    if not served:
        return None
    return {
        "kind": "APIResourceList",
        # The real server says so of named groups only.
        **({"apiVersion": "v1"} if group_name else {}),
        "groupVersion": served[0].api_version,
        "resources": [entry for resource in served for entry in _entries(resource)],
    }


# Kinds that subresources take or give, of another group than their resource's.
FOREIGN_KINDS = {
    "Scale": {"group": "autoscaling", "version": "v1"},
    "Eviction": {"group": "policy", "version": "v1"},
    "TokenRequest": {"group": "authentication.k8s.io", "version": "v1"},
}


def _subresources(resource: Resource) -> Iterator[tuple[str, str, list[str]]]:
    # Name, kind and verbs of each, by name.
    for name, (kind, verbs) in sorted(resource.parts.items()):
        yield name, kind, list(verbs)


def _entries(resource: Resource) -> Iterator[Object]:
    main: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        main["shortNames"] = list(resource.short_names)
    if resource.categories:
        main["categories"] = list(resource.categories)
    if "watch" in resource.verbs:
        kept = resource.stored
        told = hashlib.sha256(f"{kept.group}/{kept.version}/{kept.kind}".encode()).digest()
        main["storageVersionHash"] = base64.b64encode(told[:8]).decode()
    yield main
    for name, kind, verbs in _subresources(resource):
        yield {"name": f"{resource.plural}/{name}", "singularName": "",
               "namespaced": resource.namespaced, **FOREIGN_KINDS.get(kind, {}), "kind": kind,
               "verbs": verbs}  # fmt: skip
