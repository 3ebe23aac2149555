"""The objects of a job as they were applied, kept beside it in the ConfigMap ``<name>-run``."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from jupyter_trainhub.manifests.frameworks import code
from jupyter_trainhub.manifests.frameworks.framework import JobObjects, JobRequest
from jupyter_trainhub.manifests.frameworks.template import child, job_labels
from jupyter_trainhub.manifests.labels import Object

APPLIED_FILE = "applied.yaml"


def run_name(job: str) -> str:
    """The name of the ConfigMap with the record of the attempt whose owner is called ``job``."""
    return f"{job}-run"


def job_objects(request: JobRequest, owner: Object, children: Sequence[Object]) -> JobObjects:
    """``owner`` and ``children`` with what every job has: its code, and where it came from.

    Raises InvalidField when the code is too large.
    """
    programs = code.config_maps(request.name, job_labels(request), request.files, request.argv)
    children = [*children, *programs]
    files = {
        APPLIED_FILE: applied([owner, *children]).encode(),
        **request.submission.to_files(),
    }
    return JobObjects(owner, [*children, _run(request, files)])


def applied(objects: Sequence[Object]) -> str:
    """``objects`` as YAML documents, without the files and secrets that they carry."""
    # Loading it takes longer than everything else here.
    import yaml

    shown = [{key: _shown(key, value) for key, value in item.items()} for item in objects]
    # What two fields share would be written once and referred to.
    copied = json.loads(json.dumps(shown))
    text: str = yaml.safe_dump_all(copied, sort_keys=False, allow_unicode=True, width=1000)
    return text


def _shown(key: str, value: object) -> object:
    if key not in ("data", "binaryData", "stringData") or not isinstance(value, dict):
        return value
    return {name: f"({len(str(content))} characters)" for name, content in value.items()}


def _run(request: JobRequest, files: dict[str, bytes]) -> Object:
    text: dict[str, str] = {}
    binary: dict[str, str] = {}
    for name, content in files.items():
        try:
            text[name] = content.decode()
        except UnicodeDecodeError:
            binary[name] = base64.b64encode(content).decode()
    found = child(request, "ConfigMap", "-run", data=text)
    return {**found, "binaryData": binary} if binary else found
