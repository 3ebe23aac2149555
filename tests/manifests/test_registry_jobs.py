"""The Jobs that read instances on their nodes, and that copy images."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_trainhub.manifests.copy_job import copy_job
from jupyter_trainhub.manifests.reader_job import Reading, container_of, job_name, reader_job
from jupyter_trainhub.manifests.registry_job import Access
from jupyter_trainhub.registry.credentials import Credentials
from jupyter_trainhub.registry.options import add_registry

PASSWORD = "very secret"
ACCESS = Access("to", "r.example.com", "https://r.example.com", True, "PEM", "ada", PASSWORD)
READING = Reading(
    name=job_name("lab", "snapshot-x"),
    of="lab/snapshot-x",
    owner="ada",
    image="r.example.com/snapshotter@sha256:0",
    node="gpu-1.example.com",
    container_id="3f" * 32,
    target="r.example.com/team/ada/x",
    access=ACCESS,
    layers=7,
    keep=6,
    choice={"exclude": ["/tmp/**"]},
    facts={"image": "base:1"},
)


def test_the_reader_sees_the_node_and_has_no_rights() -> None:
    job, secret = reader_job(READING)
    spec = job["spec"]["template"]["spec"]
    container = spec["containers"][0]
    assert spec["hostPID"]
    assert not spec["automountServiceAccountToken"]
    assert {"hostPath"}.isdisjoint(*spec["volumes"])
    terms = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert terms["nodeSelectorTerms"][0]["matchFields"][0]["values"] == ["gpu-1.example.com"]
    assert spec["tolerations"] == [{"operator": "Exists"}]
    security = container["securityContext"]
    assert security["capabilities"]["drop"] == ["ALL"]
    assert set(security["capabilities"]["add"]) == {"SYS_PTRACE", "DAC_READ_SEARCH", "SYS_ADMIN"}
    assert security["readOnlyRootFilesystem"]
    # Kubernetes refuses that beside SYS_ADMIN.
    assert "allowPrivilegeEscalation" not in security
    assert (job["spec"]["suspend"], job["spec"]["backoffLimit"]) == (True, 0)
    assert json.loads(secret["stringData"]["choice.json"]) == READING.choice
    assert spec["volumes"][0]["secret"]["defaultMode"] == 0o400


@pytest.mark.parametrize("objects", [
    reader_job(READING),
    copy_job("copy-1", "ada", image="i", source=("a:1", Access("from", "a", "https://a")),
             target=("r.example.com/b:1", ACCESS), platform="all", overwrite=False),
])  # fmt: skip
def test_passwords_are_in_files_only(objects: tuple[Any, Any]) -> None:
    job, secret = objects
    assert PASSWORD not in json.dumps(job)
    assert "ada" in repr(ACCESS)
    assert PASSWORD not in repr(ACCESS)
    known = Credentials.from_docker_config(secret["stringData"]["to.json"].encode())
    found = known.find("r.example.com", "team/ada/x")
    assert found is not None
    assert (found.username, found.password) == ("ada", PASSWORD)


def test_its_arguments_are_those_of_the_programs() -> None:
    import argparse

    parser = argparse.ArgumentParser()
    for side in ("from", "to"):
        add_registry(parser, side)
    options = parser.parse_args(
        [*ACCESS.arguments(), *Access("from", "a", "http://a", False).arguments()]
    )
    assert (options.to_url, options.from_url) == ("https://r.example.com", "http://a")
    assert (options.to_insecure, options.from_insecure) == (False, True)
    assert options.to_ca.endswith("/to.pem")
    job, _ = copy_job("copy-1", "ada", image="i", source=("a:1", Access("from", "a", "https://a")),
                      target=("b:1", ACCESS), platform="linux/amd64", overwrite=True)  # fmt: skip
    command = job["spec"]["template"]["spec"]["containers"][0]["command"]
    assert command[:6] == ["python3", "-m", "jupyter_trainhub.registry", "copy", "a:1", "b:1"]
    assert "--new" not in command


def test_names_and_containers() -> None:
    assert job_name("a", "snapshot-x") != job_name("b", "snapshot-x")
    statuses = [{"name": "sidecar", "containerID": "containerd://1"},
                {"name": "main", "containerID": "cri-o://2"}]  # fmt: skip
    assert container_of({"status": {"containerStatuses": statuses}}) == "2"
    assert container_of({"status": {}}) == ""
