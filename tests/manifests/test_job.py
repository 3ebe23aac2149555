from __future__ import annotations

import base64
from typing import Any

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.manifests.job import PORTS, JobObjects, choose_port, job_objects, taken_ports
from jupyter_trainhub.specs.job import JobSpec


def make(files: dict[str, bytes] | None = None, **fields: Any) -> JobObjects:
    spec = JobSpec.parse({"name": "Run_1", "command": ["python", "train.py"], **fields})
    return job_objects(
        spec,
        owner="ada@example.org",
        image="site/torch:1",
        files={"launch.py": b"print()", **(files or {})},
        argv=spec.command or ["python", "/trainhub/run_notebook.py"],
        port=23456,
    )


def container(objects: JobObjects) -> dict[str, Any]:
    (found,) = objects.job["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def environment(objects: JobObjects) -> dict[str, Any]:
    return {item["name"]: item.get("value") for item in container(objects)["env"]}


def test_the_objects_find_each_other() -> None:
    objects = make(framework="pytorch", nodes=2)
    spec = objects.job["spec"]
    assert objects.job["metadata"]["name"] == "job--run-01"
    assert spec["suspend"] is True
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 2, 2)
    assert (spec["backoffLimit"], spec["podReplacementPolicy"]) == (0, "Failed")
    pod = spec["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert pod["subdomain"] == objects.service["metadata"]["name"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert objects.service["spec"]["clusterIP"] == "None"
    assert objects.service["spec"]["publishNotReadyAddresses"] is True
    assert objects.service["spec"]["selector"] == {"batch.kubernetes.io/job-name": "job--run-01"}
    assert pod["volumes"][-1]["configMap"]["name"] == objects.config_map["metadata"]["name"]


def test_the_environment_is_that_of_the_platform() -> None:
    objects = make(framework="pytorch", nodes=2, gpus=4, cpus=1.5, time_limit=60)
    values = environment(objects)
    assert values["MASTER_ADDR"] == values["PET_MASTER_ADDR"] == "job--run-01-0.job--run-01"
    assert values["MASTER_PORT"] == values["PET_MASTER_PORT"] == "23456"
    assert (values["WORLD_SIZE"], values["PET_NNODES"], values["PET_NPROC_PER_NODE"]) == (
        "8",
        "2",
        "4",
    )
    assert (values["TRAINHUB_JOB"], values["TRAINHUB_FRAMEWORK"]) == ("Run_1", "pytorch")
    assert (values["TRAINHUB_CPUS"], values["TRAINHUB_TIME_LIMIT"]) == ("1.5", "60")
    index = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    by_field = {
        item["name"]: item["valueFrom"]["fieldRef"]["fieldPath"]
        for item in container(objects)["env"]
        if "valueFrom" in item
    }
    assert by_field == {"POD_IP": "status.podIP", "RANK": index, "PET_NODE_RANK": index}


def test_the_users_text_reaches_the_container_as_it_is() -> None:
    objects = make(command=["prog", "$(date)", "$RANK", "$$", "a b"], env={"X": "$(HOME)"})
    # Kubernetes turns "$$" into "$" and replaces "$(NAME)".
    assert container(objects)["command"] == [
        "python",
        "/trainhub/launch.py",
        "--",
        "prog",
        "$$(date)",
        "$RANK",
        "$$$",
        "a b",
    ]
    assert environment(objects)["X"] == "$$(HOME)"


def test_resources() -> None:
    objects = make(framework="pytorch", cpus=0.5, memory="2Gi", gpus=1, shared_memory="1Gi")
    bounded = {"memory": str(2 * 1024**3), "nvidia.com/gpu": "1"}
    assert container(objects)["resources"] == {
        "requests": {"cpu": "500m", **bounded},
        "limits": bounded,
    }
    shared = objects.job["spec"]["template"]["spec"]["volumes"][0]["emptyDir"]
    assert shared == {"medium": "Memory", "sizeLimit": str(1024**3)}


def test_mounts() -> None:
    objects = make(
        mounts=[
            {"path": "/a", "host_path": "/data", "read_only": True},
            {"path": "/b", "claim": "disk", "sub_path": "me"},
            {"path": "/c", "nfs": {"server": "nas", "path": "/x"}},
        ]
    )
    pod = objects.job["spec"]["template"]["spec"]
    assert [
        {key: value for key, value in volume.items() if key != "name"}
        for volume in pod["volumes"][:-1]
    ] == [
        {"hostPath": {"path": "/data", "type": "Directory"}},
        {"persistentVolumeClaim": {"claimName": "disk"}},
        {"nfs": {"server": "nas", "path": "/x"}},
    ]
    first, second = pod["containers"][0]["volumeMounts"][:2]
    assert (first["mountPath"], first["readOnly"]) == ("/a", True)
    assert second["subPath"] == "me"


def test_the_deadline_of_the_pod_is_a_backstop() -> None:
    pod = make(time_limit=60).job["spec"]["template"]["spec"]
    assert pod["activeDeadlineSeconds"] > 60 + 30
    assert "activeDeadlineSeconds" not in make().job["spec"]["template"]["spec"]
    assert "activeDeadlineSeconds" not in make(time_limit=60).job["spec"]


def test_files_appear_under_their_names() -> None:
    objects = make({"data.bin": b"\xff\x00", "sub/x.py": b"1", "überblick.txt": b"2"})
    assert base64.b64decode(objects.config_map["binaryData"]["data.bin"]) == b"\xff\x00"
    volume = objects.job["spec"]["template"]["spec"]["volumes"][-1]["configMap"]
    paths = {item["path"]: item["key"] for item in volume["items"]}
    assert set(paths) == {"launch.py", "data.bin", "sub/x.py", "überblick.txt"}
    assert objects.config_map["data"][paths["sub/x.py"]] == "1"


def test_code_that_is_too_large_is_refused() -> None:
    with pytest.raises(InvalidField) as caught:
        make({"cells.json": b"x" * 1_000_000})
    assert caught.value.field == "notebook"
    assert "cells.json" in caught.value.message


def test_the_owner_is_kept_exactly_and_as_a_label() -> None:
    metadata = make().job["metadata"]
    assert metadata["labels"]["trainhub.jupyter.org/owner"] == "ada-example.org"
    assert metadata["annotations"]["trainhub.jupyter.org/owner"] == "ada@example.org"


def test_each_job_has_a_port_of_its_own() -> None:
    taken = taken_ports([make().job])
    assert taken == {23456}
    first = choose_port("a", set())
    assert choose_port("a", {first}) != first
    assert choose_port("b", set()) != first
    free = PORTS[17]
    assert choose_port("a", set(PORTS) - {free}) == free
