"""Options of the command to the fields of a spec. What they may hold is for the spec to say."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from jupyter_trainhub.errors import InvalidField

_POD = ("image", "cpus", "memory", "gpus", "gpu_model", "shared_memory", "working_dir")
_FLAGS = ("host_network", "always_pull")
_JOB = (
    "name",
    "category",
    "project",
    "priority",
    "framework",
    "nodes",
    "processes_per_node",
    "virtual_cluster",
    "skus",
    "ib_network",
    "ssh",
    "time_limit",
    "estimated_time",
    "peer_timeout",
    "restarts",
    "description",
    "include",
    "setup",
)
_VOLUMES = ("checkpoint_volume", "model_volume")


def instance_fields(options: Namespace) -> dict[str, Any]:
    """The fields of an InstanceSpec that were given. Raises InvalidField."""
    return {"name": options.name, **_given(options, ("start",)), **_pod_fields(options)}


def job_fields(options: Namespace) -> dict[str, Any]:
    """The fields of a JobSpec that were given, but for what is to run. Raises InvalidField."""
    fields = {**_given(options, _JOB), **_pod_fields(options)}
    if options.parameter:
        pairs = _pairs("parameter", options.parameter)
        fields["parameters"] = {name: _json("parameter", name, text) for name, text in pairs}
    for name, text in _given(options, _VOLUMES).items():
        fields[name] = dict(_pairs(name, text.split(",")))
    return fields


def changed_fields(texts: Iterable[str]) -> dict[str, Any]:
    """Fields of a spec from ``FIELD=VALUE``: the value as JSON, or else as a text.

    Raises InvalidField.
    """
    return {name: _json_or_text(text) for name, text in _pairs("set", texts)}


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _pod_fields(options: Namespace) -> dict[str, Any]:
    fields = {**_given(options, _POD), **_given(options, _FLAGS)}
    if options.storages is not None:
        fields["storages"] = options.storages
    if options.env:
        fields["env"] = dict(_pairs("env", options.env))
    if options.mount:
        fields["mounts"] = [_mount(text) for text in options.mount]
    return fields


def _given(options: Namespace, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(options, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _pairs(field: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidField(
                f"{text!r} has no name and value", field=field, remedy="Write NAME=VALUE."
            )
        pairs.append((name, value))
    return pairs


def _mount(text: str) -> dict[str, Any]:
    mount: dict[str, Any] = dict(_pairs("mounts", text.split(",")))
    if "nfs" in mount:
        server, _, path = mount["nfs"].partition(":")
        mount["nfs"] = {"server": server, "path": path}
    return mount


def _json(field: str, name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise InvalidField(
            f"the value of {name} is not JSON: {text!r}",
            field=field,
            remedy=f"""Write numbers as they are and texts as '{name}="text"'.""",
        ) from None
