from __future__ import annotations

import json
from typing import Any

from jupyter_trainhub.manifests.instance import InstanceObjects, instance_objects
from jupyter_trainhub.specs.instance import InstanceSpec


def make(**fields: Any) -> InstanceObjects:
    spec = InstanceSpec.parse({"name": "My_lab", **fields})
    return instance_objects(spec, owner="ada", image="site/lab:1", token="t0ken")


def test_the_objects_find_each_other() -> None:
    objects = make()
    spec = objects.stateful_set["spec"]
    assert objects.stateful_set["metadata"]["name"] == "dev--my-0lab"
    assert spec["replicas"] == 0
    assert spec["serviceName"] == objects.service["metadata"]["name"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"].items() <= labels.items()
    assert objects.service["spec"]["selector"].items() <= labels.items()


def test_the_token_is_in_the_secret_alone() -> None:
    objects = make()
    assert objects.secret["stringData"] == {"token": "t0ken"}
    assert "t0ken" not in json.dumps([objects.stateful_set, objects.service])
    env = objects.stateful_set["spec"]["template"]["spec"]["containers"][0]["env"]
    token = next(item for item in env if item["name"] == "JUPYTER_TOKEN")
    assert token["valueFrom"]["secretKeyRef"] == {"name": "dev--my-0lab", "key": "token"}


def test_jupyter_listens_where_the_proxy_looks_for_it() -> None:
    container = make().stateful_set["spec"]["template"]["spec"]["containers"][0]
    assert "--ServerApp.base_url=/trainhub/instances/My_lab/lab/" in container["command"]
    assert "--ServerApp.ip=$(POD_IP)" in container["command"]
    probe = container["readinessProbe"]["httpGet"]
    assert (probe["path"], probe["port"]) == ("/trainhub/instances/My_lab/lab/api", 8888)


def test_it_starts_in_the_working_folder_or_else_in_the_first_mount() -> None:
    mounts = [{"path": "/mnt/me", "claim": "me"}]

    def folder(**fields: Any) -> object:
        pod = make(**fields).stateful_set["spec"]["template"]["spec"]
        return pod["containers"][0].get("workingDir")

    assert folder(mounts=mounts, working_dir="/mnt/me/x") == "/mnt/me/x"
    assert folder(mounts=mounts) == "/mnt/me"
    assert folder() is None
