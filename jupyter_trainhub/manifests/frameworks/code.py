"""What runs in a job's pods, as the ConfigMap ``<name>-code``, and back."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jupyter_trainhub.errors import ClusterRefused, InvalidField
from jupyter_trainhub.manifests import foreign_json
from jupyter_trainhub.manifests.labels import CODE_ARGV, CODE_PATHS, Object, json_annotation

FOLDER = "/trainhub"
LAUNCHER = "launch.py"

# A ConfigMap may hold 1 MiB; the rest is for keys, metadata and the JSON around them.
# https://kubernetes.io/docs/concepts/configuration/configmap/
LARGEST_CODE = 960 * 1024


@dataclass(frozen=True)
class Code:
    """The files of a job by their paths below ``/trainhub``, and the program that starts them."""

    files: dict[str, bytes]
    argv: list[str]


def code_name(job: str) -> str:
    """The name of the ConfigMap with the code of the attempt whose owner is called ``job``."""
    return f"{job}-code"


def config_map(
    job: str, labels: Mapping[str, str], files: Mapping[str, bytes], argv: Sequence[str]
) -> Object:
    """The ConfigMap of ``files`` and of what starts them.

    Raises InvalidField when they are too large.
    """
    text: dict[str, str] = {}
    binary: dict[str, str] = {}
    keys = _keys(files)
    for path, content in files.items():
        try:
            text[keys[path]] = content.decode()
        except UnicodeDecodeError:
            binary[keys[path]] = base64.b64encode(content).decode()
    size = sum(len(item.encode()) for item in (*text.values(), *binary.values()))
    if size > LARGEST_CODE:
        largest = max(files, key=lambda path: len(files[path]))
        raise InvalidField(
            f"the code is {size // 1024} KiB, a job can carry {LARGEST_CODE // 1024} KiB; "
            f"the largest file is {largest}",
            field="notebook",
            remedy="Put large texts and data into files of a mounted folder and read them there.",
        )
    odd = {key: path for path, key in keys.items() if key != path}
    annotations = {CODE_ARGV: json.dumps(list(argv)), CODE_PATHS: json.dumps(odd)}
    found: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": code_name(job), "labels": dict(labels), "annotations": annotations},
        "data": text,
    }
    if binary:
        found["binaryData"] = binary
    return found


def volume(job: str, files: Iterable[str]) -> Object:
    """The volume that shows ``files`` of :func:`config_map` at their paths."""
    items = [{"key": key, "path": path} for path, key in _keys(files).items()]
    return {"name": "code", "configMap": {"name": code_name(job), "items": items}}


def read(config_map: Object) -> Code:
    """The code back out of :func:`config_map`, for another attempt or another job.

    Raises ClusterRefused where somebody has written over it.
    """
    paths = json_annotation(config_map, CODE_PATHS)
    try:
        argv = foreign_json.parse(config_map["metadata"].get("annotations", {})[CODE_ARGV])
    except (KeyError, ValueError):
        argv = None
    files = {paths.get(key, key): content for key, content in contents(config_map).items()}
    if not isinstance(argv, list) or not all(isinstance(item, str) for item in (*argv, *files)):
        raise ClusterRefused(
            f"{config_map['metadata']['name']} was changed by hand, it holds no code of a job",
            remedy="Submit the notebook or command anew.",
        )
    return Code(files, argv)


def contents(config_map: Object) -> dict[str, bytes]:
    """What any ConfigMap holds, text and bytes, by its keys."""
    text = {key: value.encode() for key, value in (config_map.get("data") or {}).items()}
    binary = (config_map.get("binaryData") or {}).items()
    return {**text, **{key: base64.b64decode(value) for key, value in binary}}


def _keys(files: Iterable[str]) -> dict[str, str]:
    """The keys of ``files`` by their paths: a key has fewer characters than a path may have."""
    return {
        path: path if re.fullmatch(r"[A-Za-z0-9][-._A-Za-z0-9]{0,200}", path) else f"file-{number}"
        for number, path in enumerate(sorted(files))
    }
