"""Objects without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_trainhub.manifests.labels import SPEC
from jupyter_trainhub.manifests.redaction import redacted


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("HF_TOKEN", "geheim", "***"),
        ("aws_secret_access_key", "geheim", "***"),
        ("DB_PASSWORD", "geheim", "***"),
        ("EMPTY_TOKEN", "", ""),
        ("EPOCHS", "10", "10"),
        ("PROXY", "http://me:geheim@proxy:3128/", "http://***@proxy:3128/"),
    ],
)
def test_variables_wherever_they_stand(name: str, value: str, shown: str) -> None:
    spec = {"env": {name: value}, "cpus": 1}
    job: dict[str, Any] = {
        "kind": "Job",
        "metadata": {"annotations": {SPEC: json.dumps(spec), "other": "[1", "number": "5"}},
        "spec": {"template": {"spec": {"containers": [{"env": [{"name": name, "value": value}]}]}}},
    }
    found = redacted(job)
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": name, "value": shown}]
    annotations = found["metadata"]["annotations"]
    assert json.loads(annotations[SPEC]) == {"env": {name: shown}, "cpus": 1}
    assert (annotations["other"], annotations["number"]) == ("[1", "5")
    # The object itself stays as it was.
    assert value in json.dumps(job)


def test_what_kubernetes_notes_and_what_files_hold_is_left_out() -> None:
    secret = {"kind": "Secret", "metadata": {"managedFields": []}, "data": {"key": "Z2VoZWlt"}}
    assert redacted(secret) == {"kind": "Secret", "metadata": {}, "data": {"key": "***"}}
    code = {"kind": "ConfigMap", "data": {"a.py": "print(1)", "b": "(12 characters)"}}
    assert redacted(code)["data"] == {"a.py": "(8 characters)", "b": "(12 characters)"}
