"""The labels and annotations by which TrainHub finds its objects again and remembers what they are.

Whoever may write an object may forge them: they are for finding and showing, never for rights.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from jupyter_trainhub.manifests import foreign_json
from jupyter_trainhub.specs.names import (
    INSTANCE_PREFIX,
    JOB_PREFIX,
    TENSORBOARD_PREFIX,
    from_kubernetes,
    to_kubernetes,
)

Object = dict[str, Any]
Objects = list[Object]

DOMAIN = "trainhub.jupyter.org"
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "jupyter-trainhub"
KIND = f"{DOMAIN}/kind"
NAME = f"{DOMAIN}/name"
OWNER = f"{DOMAIN}/owner"
SPEC = f"{DOMAIN}/spec"
PORT = f"{DOMAIN}/port"
# The titles of an instance's storages by the names of their volumes, as JSON.
STORAGES = f"{DOMAIN}/storages"
STOPPED_BY = f"{DOMAIN}/stopped-by"
STOPPED_AT = f"{DOMAIN}/stopped-at"
STOPPED_REASON = f"{DOMAIN}/stopped-reason"
# When the first pod of a job that was stopped had started; its pods are gone by then.
STARTED_AT = f"{DOMAIN}/started-at"
# Which submission of a job an object belongs to: a label and an annotation.
RUN = f"{DOMAIN}/run"
# Which attempt of the run it belongs to, from "1" on: a label and an annotation.
ATTEMPT = f"{DOMAIN}/attempt"
# The run that was submitted again.
FROM_RUN = f"{DOMAIN}/from-run"
# "true" on a job that its user wants to see first.
PINNED = f"{DOMAIN}/pinned"
# "off" ends the attempts: a failure is not followed by another one.
RESTART = f"{DOMAIN}/restart"
# When a job's owner was let go after everything that its pods need was there.
RELEASED_AT = f"{DOMAIN}/released-at"
# What the site made of a job's spec, as JSON, for another attempt at it.
ADMISSION = f"{DOMAIN}/admission"
# The framework that made the objects, for several make Jobs.
FRAMEWORK = f"{DOMAIN}/framework"
# On the ConfigMap of a job's code: the paths of files by their keys, and the program, as JSON.
CODE_PATHS = f"{DOMAIN}/code-paths"
CODE_ARGV = f"{DOMAIN}/code-argv"
CODE_PARTS = f"{DOMAIN}/code-parts"

# The container of a pod that people mean; kubectl logs and exec take it too.
# https://kubernetes.io/docs/reference/labels-annotations-taints/
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"

# Set by Kubernetes' Job controller on the pods of an Indexed Job.
COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
JOB_NAME = "batch.kubernetes.io/job-name"
CONTROLLER_UID = "batch.kubernetes.io/controller-uid"

PREFIXES = {
    "instance": INSTANCE_PREFIX,
    "job": JOB_PREFIX,
    "tensorboard": TENSORBOARD_PREFIX,
}


def labels(kind: str, name: str, owner: str) -> dict[str, str]:
    """The labels of every object that belongs to the ``kind`` called ``name`` by its user."""
    return {
        MANAGED_BY: MANAGER,
        KIND: kind,
        NAME: name_label(kind, name),
        OWNER: label_value(owner),
    }


def name_label(kind: str, name: str) -> str:
    """The label that holds the user's ``name``.

    A label begins and ends with a letter or a digit. A name that does not is written as Kubernetes'
    own; no name of an instance has the ``-`` of that, so both are told apart.
    """
    return name if label_value(name) == name else to_kubernetes(PREFIXES[kind], name)


def spec_annotations(spec: Object, owner: str) -> dict[str, str]:
    """The annotations of the object that stands for a spec: the spec as JSON, and the owner."""
    return {SPEC: json.dumps(spec, sort_keys=True), OWNER: owner}


def selector(kind: str | None = None, name: str | None = None) -> str:
    """A label selector for all objects of TrainHub, of one kind, or of one name."""
    label = name_label(kind, name) if kind and name else name
    terms = {MANAGED_BY: MANAGER, KIND: kind, NAME: label}
    return ",".join(f"{label}={value}" for label, value in terms.items() if value is not None)


def label_value(text: str) -> str:
    """``text`` as a label can hold it: at most 63 letters, digits, ``-``, ``_`` and ``.``."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:63].strip("._-")


def user_name(resource: Object) -> str:
    """The user's name of an object that TrainHub made, from its label."""
    its_labels = resource["metadata"].get("labels", {})
    name: str = its_labels.get(NAME, resource["metadata"]["name"])
    if its_labels.get(KIND) == "instance" and "-" in name:
        with contextlib.suppress(ValueError):
            return from_kubernetes(INSTANCE_PREFIX, name)
    return name


def owner(resource: Object) -> str:
    """Who made an object: the annotation, else the label, whose characters may be replaced."""
    metadata = resource["metadata"]
    found: str = (
        metadata.get("annotations", {}).get(OWNER) or metadata.get("labels", {}).get(OWNER) or ""
    )
    return found


def spec_of(resource: Object) -> Object:
    """The spec from which an object was made; empty when the annotation is gone or broken."""
    return json_annotation(resource, SPEC)


def json_annotation(resource: Object, name: str) -> Object:
    """The JSON object in an annotation; empty when it is gone or broken."""
    try:
        found = foreign_json.parse(resource["metadata"].get("annotations", {}).get(name, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def rank(pod: Object) -> int:
    """The completion index of a Job's pod, which is the rank of its node; 0 when it has none."""
    metadata = pod["metadata"]
    index = metadata.get("annotations", {}).get(COMPLETION_INDEX) or metadata.get("labels", {}).get(
        COMPLETION_INDEX
    )
    return natural(index or "")


def attempt(resource: Object) -> int:
    """Which attempt of a job an object belongs to, from 1 on."""
    return natural(resource["metadata"].get("labels", {}).get(ATTEMPT, ""), 1)


def natural(text: str, otherwise: int = 0) -> int:
    """The number that a label or an annotation holds, ``otherwise`` where it holds none.

    One of more than nine digits is none either: nothing here is counted so far.
    """
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else otherwise


def owner_reference(resource: Object) -> Object:
    """The reference that makes another object go away together with ``resource``."""
    return {
        "apiVersion": resource["apiVersion"],
        "kind": resource["kind"],
        "name": resource["metadata"]["name"],
        "uid": resource["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": False,
    }


def owned_by(resource: Object, parent: Object) -> Object:
    """A copy of ``resource`` that Kubernetes removes when ``parent`` is removed."""
    metadata = {**resource["metadata"], "ownerReferences": [owner_reference(parent)]}
    return {**resource, "metadata": metadata}
