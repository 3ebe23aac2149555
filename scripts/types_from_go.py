#!/usr/bin/env python3
"""Write the embedded cluster's ``types.json`` from the Go sources of Kubernetes.

    types_from_go.py SOURCES > jupyter_trainhub/embedded/apimachinery/types.json

SOURCES holds the folders ``api``, ``apimachinery`` and ``apiextensions-apiserver``: the Go modules
``k8s.io/...`` of one release. A type is its fields, each as ``NUMBER TYPE FLAG...``:

* NUMBER is the field's in protobuf (0: none), TYPE is Go's, without the package where it is the
  type's own; a name is ``PACKAGE.VERSION.TYPE``;
* ``always``: not left out when empty; ``omitzero``: left out even as a struct; ``required``: by
  OpenAPI; ``list=set``, ``list=map:KEY,KEY``; ``atomic`` or ``granular``; ``merge``,
  ``merge=KEY`` and ``retainKeys``: strategic merge patch; ``default=JSON``.

Beside its fields, ``+NUMBER`` names a struct whose fields are inlined, ``@`` holds a type's own
flags. A type that is no struct is a text: Go's underlying type, and the values of an enumeration.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

# Short name of a package -> its folder in the sources, its group ("-": it serves no kinds).
_PACKAGES = {
    "core": ("api/core/v1", ""),
    "apps": ("api/apps/v1", "apps"),
    "authentication": ("api/authentication/v1", "authentication.k8s.io"),
    "authorization": ("api/authorization/v1", "authorization.k8s.io"),
    "autoscaling": ("api/autoscaling/v1", "autoscaling"),
    "batch": ("api/batch/v1", "batch"),
    "events": ("api/events/v1", "events.k8s.io"),
    "policy": ("api/policy/v1", "policy"),
    "rbac": ("api/rbac/v1", "rbac.authorization.k8s.io"),
    "scheduling": ("api/scheduling/v1", "scheduling.k8s.io"),
    "storage": ("api/storage/v1", "storage.k8s.io"),
    "meta": ("apimachinery/pkg/apis/meta/v1", ""),
    "apiextensions": (
        "apiextensions-apiserver/pkg/apis/apiextensions/v1",
        "apiextensions.k8s.io",
    ),
}
_KINDS = {
    "core": "Namespace Node Pod Service ConfigMap Secret ServiceAccount LimitRange Event "
    "ResourceQuota PersistentVolume PersistentVolumeClaim Binding PodAttachOptions "
    "PodExecOptions PodPortForwardOptions PodProxyOptions ServiceProxyOptions NodeProxyOptions",
    "apps": "ControllerRevision StatefulSet",
    "authentication": "TokenRequest TokenReview SelfSubjectReview",
    "authorization": "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview "
    "LocalSubjectAccessReview",
    "autoscaling": "Scale",
    "batch": "Job",
    "events": "Event",
    "policy": "Eviction",
    "rbac": "Role RoleBinding ClusterRole ClusterRoleBinding",
    "scheduling": "PriorityClass",
    "storage": "StorageClass",
    "meta": "DeleteOptions Status",
    "apiextensions": "CustomResourceDefinition",
}
# Types that encode themselves, by Go's names: they are values to everyone else.
_VALUES = {
    "resource.Quantity": "Quantity",
    "intstr.IntOrString": "IntOrString",
    "runtime.RawExtension": "any",
    "metav1.FieldsV1": "any",
    "metav1.Time": "Time",
    "metav1.MicroTime": "MicroTime",
    "types.UID": "string",
    "meta.v1.Time": "Time",
    "meta.v1.MicroTime": "MicroTime",
    "meta.v1.FieldsV1": "any",
    "apiextensions.v1.JSON": "any",
    "apiextensions.v1.JSONSchemaPropsOrArray": "any",
    "apiextensions.v1.JSONSchemaPropsOrBool": "any",
    "apiextensions.v1.JSONSchemaPropsOrStringArray": "any",
}
_IMPORTS = {"metav1": "meta", "v1": "core", "corev1": "core", "apiv1": "core"}
_BUILTIN = {"string", "bool", "int32", "int64", "float64", "byte", "int", *_VALUES.values()}

_STRUCT = re.compile(r"((?:^//[^\n]*\n)*)^type (\w+) struct ?\{(?:\}|\n(.*?)^\})", re.M | re.S)
_NAMED = re.compile(r"((?:^//.*\n)*)^type (\w+) (=?) ?([\w.\[\]*]+)$", re.M)
_CONSTANT = re.compile(r'^\s+\w+\s+(\w+)\s+=\s+"(.*)"', re.M)
_FIELD = re.compile(r"^\t(?:\w+\s+)?([\w.\[\]*]+)\s+`(.*json:.*)`")
_MARKER = re.compile(r"//\s*\+([\w:]+)(?:=(.*))?")

Types = dict[str, Any]


def read_package(name: str, folder: Path) -> Types:
    """All types that the package declares, by full name."""
    source = "\n".join(path.read_text() for path in sorted(folder.glob("types*.go")))
    types: Types = {}
    constants = _CONSTANT.findall(source)
    for comment, type_name, alias, underlying in _NAMED.findall(source):
        values = [value for kind, value in constants if kind == type_name]
        text = qualified(underlying, name)
        if alias or not re.search(r"^// \+enum", comment, re.M):
            values = []
        types[f"{name}.v1.{type_name}"] = " ".join([text, *sorted(values)])
    for comment, type_name, body in _STRUCT.findall(source):
        fields = struct_fields(body, name)
        if "+structType=atomic" in comment:
            fields["@"] = "atomic"
        types[f"{name}.v1.{type_name}"] = fields
    return types


def struct_fields(body: str, package: str) -> dict[str, str]:
    """A struct's fields, by their names in JSON."""
    fields: dict[str, str] = {}
    markers: dict[str, list[str]] = {}
    for line in body.splitlines():
        if found := _MARKER.match(line.strip()):
            markers.setdefault(found[1], []).append(found[2] or "")
        elif declared := _FIELD.match(line):
            type_name, tag = declared.groups()
            tags = dict(re.findall(r'(\w+):"([^"]*)"', tag))
            json_name, *options = tags["json"].split(",")
            number = re.search(r"\w+,(\d+)", tags.get("protobuf", ""))
            target = qualified(type_name, package)
            if "inline" in options:
                fields[f"+{number[1] if number else 0}"] = target
            elif json_name != "-":
                words = [number[1] if number else "0", target, *flags(tags, options, markers)]
                fields[json_name] = " ".join(words)
            markers = {}
        elif not line.strip():
            # What stands above an empty line belongs to no field.
            markers = {}
    return fields


def flags(tags: dict[str, str], options: list[str], markers: dict[str, list[str]]) -> list[str]:
    """What is to be said of a field beside its type."""
    found = []
    if not {"omitempty", "omitzero"} & set(options):
        found.append("always")
        if "optional" not in markers:
            found.append("required")
    elif "required" in markers:
        found.append("required")
    if "omitzero" in options:
        found.append("omitzero")
    list_type = markers.get("listType", ["atomic"])[0]
    if list_type != "atomic":
        keys = ",".join(markers.get("listMapKey", []))
        found.append(f"list={list_type}:{keys}" if keys else f"list={list_type}")
    for marker in ("mapType", "structType"):
        found += markers.get(marker, [])
    strategies = tags.get("patchStrategy", "").split(",")
    if "merge" in strategies:
        key = tags.get("patchMergeKey")
        found.append(f"merge={key}" if key else "merge")
    if "retainKeys" in strategies:
        found.append("retainKeys")
    default = markers.get("default", ["ref"])[0]
    # An empty text says nothing that leaving it out does not; a reference is to a constant.
    if not default.startswith("ref") and default != '""':
        found.append(f"default={default}")
    return found


def qualified(go: str, package: str) -> str:
    """A Go type with the full name of what it is made of."""
    prefix, base = re.fullmatch(r"((?:\*|\[\]|map\[[\w.]+\])*)(.*)", go).groups()  # type: ignore[union-attr]
    prefix = re.sub(r"map\[[\w.]+\]", "map[string]", prefix)
    if base in _VALUES:
        base = _VALUES[base]
    elif base not in _BUILTIN:
        other, _, own = base.rpartition(".")
        base = f"{_IMPORTS[other] if other else package}.v1.{own}"
        base = _VALUES.get(base, base)
    return prefix + base


def reachable(types: Types, roots: list[str]) -> Types:
    """The types that the roots are made of."""
    found: Types = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        body = found[name] = types[name]
        if isinstance(body, str):
            texts = [body.split()[0]]
        else:
            texts = [text for key, text in body.items() if key != "@"]
        for text in texts:
            waiting += re.findall(r"\w+\.v1\.\w+", text)
    return found


def shortened(types: Types) -> Types:
    """The same, with names of a type's own package cut to its name."""
    short: Types = {}
    for name, body in sorted(types.items()):
        own = name.rpartition(".")[0] + "."
        if isinstance(body, str):
            short[name] = body.replace(own, "", 1)
        else:
            short[name] = {key: text.replace(own, "", 1) for key, text in body.items()}
    return short


def main(sources: Path) -> None:
    """Read the sources and print the types, one a line."""
    types: Types = {}
    kinds: dict[str, str] = {}
    for name, (folder, group) in _PACKAGES.items():
        types |= read_package(name, sources / folder)
        for kind in _KINDS[name].split():
            version = f"{group}/v1" if group else "v1"
            kinds[f"{version} {kind}"] = f"{name}.v1.{kind}"
    roots = [*kinds.values(), "meta.v1.ObjectMeta", "meta.v1.LabelSelector"]
    found = shortened(reachable(types, roots))
    lines = ",\n".join(
        f"{json.dumps(name)}:{json.dumps(body, separators=(',', ':'))}"
        for name, body in found.items()
    )
    print(f'{{"kinds":{json.dumps(kinds, separators=(",", ":"))},\n"types":{{\n{lines}\n}}}}')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
