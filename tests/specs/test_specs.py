from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.specs.base import Spec
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec


def job(**fields: Any) -> JobSpec:
    return JobSpec.parse({"name": "train", "command": ["python", "train.py"], **fields})


def refused(spec: type[Spec], **fields: Any) -> InvalidField:
    with pytest.raises(InvalidField) as caught:
        spec.parse(fields)
    assert caught.value.remedy
    return caught.value


def test_defaults() -> None:
    spec = job()
    assert (spec.cpus, spec.memory, spec.gpus, spec.nodes) == (1, 2 * 1024**3, 0, 1)
    assert spec.image is None
    assert (spec.processes, spec.world_size) == (1, 1)


def test_one_process_for_each_gpu() -> None:
    assert job(framework="pytorch", nodes=2, gpus=4).world_size == 8
    assert job(framework="pytorch", nodes=2, processes_per_node=3).world_size == 6


def test_a_spec_survives_json() -> None:
    spec = job(
        memory="1.5Gi",
        cpus="250m",
        env={"A": "b"},
        mounts=[{"path": "/mnt/x", "claim": "data", "sub_path": "me"}],
        time_limit=60,
    )
    assert JobSpec.parse(spec.to_dict()) == spec
    assert spec.to_dict()["memory"] == "1536Mi"


def test_site_defaults_give_way_to_what_was_asked_for() -> None:
    spec = job(memory="1Gi").with_defaults({"memory": "8Gi", "cpus": 4})
    assert (spec.memory, spec.cpus) == (1024**3, 4)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"nodes": 0}, "nodes"),
        ({"nodes": "two"}, "nodes"),
        ({"cpus": 0}, "cpus"),
        ({"cpus": True}, "cpus"),
        ({"memory": "2"}, "memory"),
        ({"memory": None}, "memory"),
        ({"name": "-x"}, "name"),
        ({"name": "X" * 40}, "name"),
        ({"comand": ["x"]}, "comand"),
        ({"command": []}, "command"),
        ({"command": ["x\0"]}, "command"),
        ({"command": ["x" * 200_000]}, "command"),
        ({"command": None}, "notebook"),
        ({"notebook": "a.ipynb"}, "command"),
        ({"command": None, "notebook": "a.txt"}, "notebook"),
        ({"parameters": {"lr": 1}}, "parameters"),
        ({"nodes": 2}, "framework"),
        ({"processes_per_node": 2}, "framework"),
        ({"env": {"RANK": "1"}}, "env"),
        ({"env": {"1A": "1"}}, "env"),
        ({"env": {"A": "\0"}}, "env"),
        ({"env": {"A": "x" * 131_070}}, "env"),
        ({"env": {"A": "x" * 100_000, "B": "x" * 100_000}}, "env"),
        ({"time_limit": 0}, "time_limit"),
        ({"working_dir": "relative"}, "working_dir"),
        ({"image": "a b"}, "image"),
        ({"mounts": [{"path": "/proc/x", "host_path": "/a"}]}, "mounts.0.path"),
        ({"mounts": [{"path": "/a/../b", "host_path": "/a"}]}, "mounts.0.path"),
        ({"mounts": [{"path": "/a"}]}, "mounts.0.host_path"),
        ({"mounts": [{"path": "/a", "host_path": "/a", "claim": "c"}]}, "mounts.0.claim"),
        ({"mounts": [{"path": "/a", "host_path": "/a", "csi": {"driver": "d"}}]}, "mounts.0.csi"),
        ({"mounts": [{"path": "/a", "csi": {}}]}, "mounts.0.csi.driver"),
        ({"storages": "home"}, "storages"),
        ({"storages": ["home", "home"]}, "storages"),
        ({"storages": [""]}, "storages.0"),
        ({"host_network": "perhaps"}, "host_network"),
        ({"env": {"JUPYTER_CONFIG_PATH": "/mine"}}, "env"),
        ({"mounts": [{"path": "/a", "claim": "c", "sub_path": "../c"}]}, "mounts.0.sub_path"),
        ({"mounts": 2 * [{"path": "/a", "claim": "c"}]}, "mounts"),
    ],
)
def test_the_field_at_fault_is_named(fields: dict[str, Any], field: str) -> None:
    base = {"name": "train", "command": ["x"]}
    assert refused(JobSpec, **{**base, **fields}).field == field


def test_every_field_at_fault_is_a_cause() -> None:
    error = refused(JobSpec, name="-", command=["x"], memory="2", nodes=0)
    assert {cause["field"] for cause in error.causes} == {"name", "memory", "nodes"}
    assert error.to_dict()["details"]["causes"] == error.causes


def test_a_misspelt_field_is_recognised() -> None:
    assert "command" in str(refused(JobSpec, name="a", comand=["x"]).remedy)


def test_instances_have_shorter_names_without_a_dash() -> None:
    assert refused(InstanceSpec, name="a-b").field == "name"
    assert refused(InstanceSpec, name="a" * 28).field == "name"
    assert InstanceSpec.parse({"name": "a" * 27}).name == "a" * 27
    # Twice as long once escaped, which a StatefulSet's labels could not hold.
    assert InstanceSpec.parse({"name": "A" * 27}).name == "A" * 27


def test_arguments_are_kept_to_the_letter() -> None:
    command = ["prog", " ", "", "  a  ", "$(rm -rf /)"]
    assert job(command=command).command == command


@pytest.mark.parametrize("spec", [InstanceSpec, JobSpec])
def test_the_schema_makes_a_form(spec: type[Spec]) -> None:
    schema = spec.form_schema({"memory": "4Gi", "unknown": 1})
    fields = schema["properties"]
    assert next(iter(fields)) == "name"
    assert fields["memory"]["default"] == "4Gi"
    assert "unknown" not in fields
    for name, field in fields.items():
        assert field["title"], name
        assert field["description"], name
        # A form would draw a choice between the type and null.
        assert "anyOf" not in field, name
        assert field.get("default", "") is not None, name


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidField):
        JobSpec.parse(["name"])


def test_volumes_of_a_job_by_their_roles() -> None:
    spec = job(model_volume={"path": "/model"}, checkpoint_volume={"path": "/ckpt", "size": "2Gi"})
    assert [(role, volume.path, volume.size) for role, volume in spec.volumes.items()] == [
        ("checkpoint", "/ckpt", 2 * 1024**3),
        ("model", "/model", 10 * 1024**3),
    ]
    assert JobSpec.parse(spec.to_dict()) == spec


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"category": "play"}, "category"),
        ({"priority": 10}, "priority"),
        ({"framework": "Py Torch"}, "framework"),
        ({"restarts": -1}, "restarts"),
        ({"peer_timeout": 0}, "peer_timeout"),
        ({"skus": 2}, "skus"),
        ({"model_volume": {"path": "model"}}, "model_volume.path"),
        ({"model_volume": {"path": "/proc/model"}}, "model_volume.path"),
        ({"model_volume": {"path": "/m", "size": "ten"}}, "model_volume.size"),
        ({"model_volume": {"path": "/m", "claim": "A_b"}}, "model_volume.claim"),
        (
            {"model_volume": {"path": "/m"}, "checkpoint_volume": {"path": "/m"}},
            "model_volume.path",
        ),
        (
            {"model_volume": {"path": "/m"}, "mounts": [{"path": "/m", "claim": "data"}]},
            "model_volume.path",
        ),
    ],
)
def test_what_a_job_cannot_ask_for(fields: dict[str, Any], field: str) -> None:
    assert refused(JobSpec, name="train", command=["x"], **fields).field == field
