"""Objects without secrets."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from jupyter_trainhub.manifests.labels import SPEC
from jupyter_trainhub.manifests.redaction import redacted, redacted_text


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("HF_TOKEN", "geheim", "***"),
        ("aws_secret_access_key", "geheim", "***"),
        ("DB_PASSWORD", "geheim", "***"),
        ("EMPTY_TOKEN", "", ""),
        ("EPOCHS", "10", "10"),
        ("PROXY", "http://me:geheim@proxy:3128/", "http://***@proxy:3128/"),
        ("DATABASE", "postgres://me:ge@he:im@host/db a@b", "postgres://***@host/db a@b"),
        ("ORIGIN", "https://ghp_geheim@github.com/a@b", "https://***@github.com/a@b"),
        ("MYSQL_PWD", "geheim", "***"),
        ("GITHUB_PAT", "geheim", "***"),
        ("SLACK_WEBHOOK_URL", "https://hooks.example.org/geheim", "***"),
        ("AZURE_CONNECTION_STRING", "AccountName=geheim", "***"),
        ("PATIENCE", "3", "3"),
        ("COLONS", "://" + ":" * 200_000, "://" + ":" * 200_000),
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


def test_what_kubectl_has_applied_is_an_object_too() -> None:
    env = [{"name": "HF_TOKEN", "value": "geheim"}]
    inner = json.dumps({"env": {"HF_TOKEN": "geheim"}})
    template = {"metadata": {"annotations": {SPEC: inner}}, "spec": {"containers": [{"env": env}]}}
    job = {
        "kind": "Job",
        "metadata": {"annotations": {SPEC: inner}},
        "spec": {"template": template},
    }
    for applied in (job, {"kind": "Secret", "stringData": {"password": "geheim"}}, {"env": env}):
        last = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(applied)}
        item = {"kind": "Job", "metadata": {"annotations": last}, "spec": {"template": template}}
        assert "geheim" not in json.dumps(redacted(item))


def test_an_annotation_that_is_nested_too_deeply_is_hidden() -> None:
    deep = '{"a":' * 900 + '{"env": {"HF_TOKEN": "geheim"}}' + "}" * 900
    item = {"kind": "Job", "metadata": {"annotations": {"a": deep, "b": "[" * 100_000}}}
    assert "geheim" not in json.dumps(redacted(item))


def test_what_kubernetes_notes_and_what_files_hold_is_left_out() -> None:
    secret = {"kind": "Secret", "metadata": {"managedFields": []}, "data": {"key": "Z2VoZWlt"}}
    assert redacted(secret) == {"kind": "Secret", "metadata": {}, "data": {"key": "***"}}
    code = {"kind": "ConfigMap", "data": {"a.py": "print(1)", "b": "(12 characters)"}}
    assert redacted(code)["data"] == {"a.py": "(8 characters)", "b": "(12 characters)"}


def test_a_text_of_nothing_but_names_takes_no_time() -> None:
    begun = time.process_time()
    assert redacted_text("TOKEN" * 6000, {}) == "TOKEN" * 6000
    assert time.process_time() - begun < 1
    assert redacted_text("HF_TOKEN = 'geheim1'", {}) == "HF_TOKEN = '***'"
