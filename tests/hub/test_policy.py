"""What the site lets its users have: storages, GPU models, mounts, network; and its forms."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.forms import schemas
from jupyter_trainhub.hub.hub import group_names
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.hub.policy import Policy
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.resources import PodSpec
from tests.hub.fakes import FakeCluster

STORAGES = [
    {"name": "home", "path": "/mnt/user", "claim": "home", "default": True},
    {"name": "data", "path": "/mnt/data", "claim": "data", "read_only": True, "title": "Data"},
    {"name": "other", "path": "/mnt/data", "claim": "other"},
    {"name": "secret", "path": "/mnt/secret", "claim": "secret", "groups": ["chiefs"]},
    {"name": "share-{group}", "path": "/mnt/share/{group}", "claim": "share"},
]
MODELS = [
    {"name": "P100", "node_selector": {"gpu": "p100"}},
    {"name": "A100", "node_selector": {"gpu": "a100"}, "resource": "x/a100", "instances": False},
]


def admit(config: TrainHubConfig, job: bool = False, **fields: Any) -> tuple[PodSpec, Site]:
    storages = Storages(Nodes(FakeCluster()), config, "ada", group_names(config))
    policy = Policy(config, storages)
    if job:
        return policy.admit(JobSpec.parse({"name": "x", "command": ["x"], **fields}))
    return policy.admit(InstanceSpec.parse({"name": "x", **fields}))


def refused(config: TrainHubConfig, **fields: Any) -> InvalidField:
    with pytest.raises(InvalidField) as caught:
        admit(config, **fields)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["home"]),
        ({"storages": []}, []),
        ({"storages": ["data"]}, ["data"]),
        ({"storages": ["share-nlp", "home"]}, ["share-nlp", "home"]),
        ({"mounts": [{"path": "/mnt/user", "claim": "mine"}]}, []),
    ],
)
def test_storages_are_the_named_ones_or_else_the_sites(
    fields: dict[str, Any], names: list[str]
) -> None:
    spec, site = admit(TrainHubConfig(storages=STORAGES, groups=["nlp"]), **fields)
    assert spec.storages == names
    assert [storage.name for storage in site.storages] == names


@pytest.mark.parametrize(
    ("fields", "says", "remedy"),
    [
        ({"storages": ["hme"]}, "no storage 'hme'", "home, data, other, share-nlp"),
        ({"storages": ["secret"]}, "is for group chiefs, not for ada", "home"),
        ({"storages": ["share-cv"]}, "no storage 'share-cv'", "share-nlp"),
        ({"storages": ["data", "other"]}, "'other' and 'data' are both at /mnt/data", "Leave"),
        (
            {"storages": ["home"], "mounts": [{"path": "/mnt/user", "claim": "mine"}]},
            "'home' and a folder of your own",
            "Leave",
        ),
    ],
)
def test_what_is_not_offered_is_told(fields: dict[str, Any], says: str, remedy: str) -> None:
    error = refused(TrainHubConfig(storages=STORAGES, groups=["nlp"]), **fields)
    assert error.field == "storages"
    assert says in error.message
    assert remedy in str(error.remedy)


@pytest.mark.parametrize(
    ("fields", "nodes", "resource"),
    [
        ({"gpus": 0, "gpu_model": "P100"}, {}, "nvidia.com/gpu"),
        ({"gpus": 1, "gpu_model": "P100"}, {"gpu": "p100"}, "nvidia.com/gpu"),
        # Instances may use one model only: it is that one.
        ({"gpus": 1}, {"gpu": "p100"}, "nvidia.com/gpu"),
        ({"gpus": 1, "job": True}, {}, "nvidia.com/gpu"),
        ({"gpus": 1, "gpu_model": "A100", "job": True}, {"gpu": "a100"}, "x/a100"),
    ],
)
def test_the_gpu_model_decides_on_the_nodes(
    fields: dict[str, Any], nodes: dict[str, str], resource: str
) -> None:
    _, site = admit(TrainHubConfig(gpu_models=MODELS), **fields)
    assert (site.node_selector, site.gpu) == (nodes, resource)


@pytest.mark.parametrize(
    ("settings", "fields", "field"),
    [
        ({"gpu_models": MODELS}, {"gpus": 1, "gpu_model": "A100"}, "gpu_model"),
        ({"gpu_models": MODELS[1:]}, {"gpus": 1}, "gpus"),
        ({"gpu_models": [*MODELS, {"name": "T4"}]}, {"gpus": 1}, "gpu_model"),
        ({}, {"gpus": 1, "gpu_model": "P100"}, "gpu_model"),
        ({}, {"host_network": True}, "host_network"),
        ({"allowed_mounts": []}, {"mounts": [{"path": "/a", "nfs": {"server": "s", "path": "/"}}]},
         "mounts.0.nfs"),
        ({"allowed_mounts": ["claim"]}, {"mounts": [{"path": "/a", "claim": "c"},
         {"path": "/b", "host_path": "/etc"}]}, "mounts.1.host_path"),
    ],
)  # fmt: skip
def test_the_policy_names_the_field(
    settings: dict[str, Any], fields: dict[str, Any], field: str
) -> None:
    assert refused(TrainHubConfig(**settings), **fields).field == field


def test_the_network_of_the_node_where_it_is_allowed() -> None:
    spec, _ = admit(TrainHubConfig(allow_host_network=True), host_network=True)
    assert spec.host_network


def test_admitting_twice_changes_nothing() -> None:
    config = TrainHubConfig(storages=STORAGES, gpu_models=MODELS)
    spec, site = admit(config, gpus=1)
    assert admit(config, **{**spec.to_dict()}) == (spec, site)


def test_the_users_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINHUB_GROUPS", "nlp, vision,,")
    assert group_names(TrainHubConfig()) == ["nlp", "vision"]
    assert group_names(TrainHubConfig(groups=["own"])) == ["own"]


def test_a_form_without_a_site_shows_nothing_to_choose() -> None:
    found = schemas(TrainHubConfig(), "ada", [])
    assert found["presets"] == {"instance": []}
    for kind in ("instance", "job"):
        fields = found[kind]["properties"]
        assert not {"storages", "gpu_model", "host_network"} & fields.keys()
        assert {"mounts", "always_pull"} <= fields.keys()
    assert found["instance"]["properties"]["start"]["enum"] == ["auto", "image"]


def test_a_form_shows_what_the_site_offers_to_this_user() -> None:
    config = TrainHubConfig(
        storages=STORAGES,
        gpu_models=MODELS,
        images=[{"name": "site/torch:2", "title": "PyTorch"}],
        presets=[{"name": "small", "values": {"cpus": 2}, "description": "Half a node."}],
        allow_host_network=True,
        allowed_mounts=[],
    )
    found = schemas(config, "ada", ["nlp"])
    fields = found["instance"]["properties"]
    assert fields["storages"]["default"] == ["home"]
    assert fields["storages"]["uniqueItems"] is True
    choices = {item["const"]: item for item in fields["storages"]["items"]["oneOf"]}
    assert list(choices) == ["home", "data", "other", "share-nlp"]
    assert choices["data"]["title"] == "Data"
    assert choices["data"]["description"] == "/mnt/data, read only"
    assert [item["const"] for item in fields["gpu_model"]["oneOf"]] == ["P100"]
    jobs = found["job"]["properties"]["gpu_model"]["oneOf"]
    assert [item["const"] for item in jobs] == ["P100", "A100"]
    assert fields["image"]["examples"] == ["site/torch:2"]
    assert "mounts" not in fields
    assert "host_network" in fields
    assert found["presets"]["instance"] == [
        {
            "name": "small",
            "title": "small",
            "description": "Half a node.",
            "values": {"cpus": 2},
        }
    ]


@pytest.mark.parametrize(
    ("settings", "secrets"),
    [
        ({}, []),
        ({"registry_secret": "site"}, ["site"]),
        ({"registry_secret": "site", "pull_secrets": ["a", "b"]}, ["a", "b"]),
    ],
)
def test_nodes_pull_with_the_secret_of_the_registry_unless_others_are_named(
    settings: dict[str, Any], secrets: list[str]
) -> None:
    for job in (False, True):
        _, site = admit(TrainHubConfig(**settings), job=job)
        assert [*site.pull_secrets] == secrets


def test_forms_offer_the_sites_images_and_then_others_once() -> None:
    config = TrainHubConfig(images=[{"name": "base:1", "title": "Base"}])
    views = [
        {"name": name, "title": name, "note": "", "description": ""}
        for name in ("base:1", "mine:2")
    ]

    image = schemas(config, "ada", [], views)["instance"]["properties"]["image"]

    assert image["examples"] == ["base:1", "mine:2"]
    assert [choice["title"] for choice in image["choices"]] == ["Base", "mine:2"]


CLUSTERS = [
    {
        "name": "A800",
        "node_selector": {"pool": "a800"},
        "sku": {"name": "A800-120G-15core", "cpus": 15, "memory": "120Gi", "gpus": 1},
        "least_skus_multi_node": 5,
    },
    {"name": "VIP", "sku": {"name": "x", "cpus": 1, "memory": "1Gi"}, "users": ["grace"]},
]


def admit_job(config: TrainHubConfig, **fields: Any) -> tuple[JobSpec, Site]:
    storages = Storages(Nodes(FakeCluster()), config, "ada", group_names(config))
    spec = JobSpec.parse({"name": "x", "command": ["x"], **fields})
    return Policy(config, storages).admit_job(spec)


def test_a_job_gets_the_skus_of_its_virtual_cluster() -> None:
    config = TrainHubConfig(virtual_clusters=CLUSTERS)
    spec, site = admit_job(config, virtual_cluster="A800", skus=2, cpus=99)
    assert (spec.cpus, spec.memory, spec.gpus) == (30, 240 * 1024**3, 2)
    assert site.node_selector == {"pool": "a800"}
    # What was admitted can be admitted again, as a clone is.
    again, _ = admit_job(config, **{**spec.to_dict(), "skus": 3})
    assert again.gpus == 3


@pytest.mark.parametrize(
    ("fields", "field", "word"),
    [
        ({"virtual_cluster": "H800"}, "virtual_cluster", "A800"),
        ({"virtual_cluster": "VIP"}, "virtual_cluster", "A800"),
        (
            {"virtual_cluster": "A800", "framework": "pytorch", "nodes": 2, "skus": 4},
            "skus",
            "5 SKUs",
        ),
    ],
)
def test_a_virtual_cluster_is_refused(fields: dict[str, Any], field: str, word: str) -> None:
    with pytest.raises(InvalidField) as caught:
        admit_job(TrainHubConfig(virtual_clusters=CLUSTERS), **fields)
    assert caught.value.field == field
    assert word in str(caught.value.remedy)


def test_a_volume_is_not_at_the_path_of_a_storage() -> None:
    with pytest.raises(InvalidField) as caught:
        admit_job(TrainHubConfig(storages=STORAGES), model_volume={"path": "/mnt/user"})
    assert caught.value.field == "model_volume.path"


def test_the_network_of_a_job_is_set_by_the_site() -> None:
    config = TrainHubConfig(ib_interface="ib0", ethernet_interface="eth0", rdma_resource="rdma/hca")
    _, fast = admit_job(config, ib_network=True)
    assert fast.env == {
        "NCCL_IB_DISABLE": "0",
        "NCCL_SOCKET_IFNAME": "ib0",
        "GLOO_SOCKET_IFNAME": "ib0",
    }
    assert (fast.resources, fast.capabilities) == ({"rdma/hca": "1"}, ("IPC_LOCK",))
    _, slow = admit_job(config, ib_network=False)
    assert (slow.env["NCCL_IB_DISABLE"], slow.env["NCCL_SOCKET_IFNAME"]) == ("1", "eth0")
    assert not slow.resources
    _, either = admit_job(config)
    assert not either.env


def test_a_priority_has_the_class_that_the_site_names() -> None:
    config = TrainHubConfig(priority_classes={"9": "high"})
    assert admit_job(config, priority=9)[1].priority_class == "high"
    assert admit_job(config, priority=5)[1].priority_class is None
    assert admit_job(config)[1].priority_class is None


@pytest.mark.parametrize(
    ("named", "fields", "folder"),
    [
        ("", {}, "/mnt/user/.trainhub/runs"),
        ("other", {"storages": ["home", "other"]}, "/mnt/data/.trainhub/runs"),
        ("other", {}, None),
        ("", {"storages": ["data"]}, None),
    ],
)
def test_runs_are_kept_on_a_storage_of_the_job(
    named: str, fields: dict[str, Any], folder: str | None
) -> None:
    config = TrainHubConfig(storages=STORAGES, run_storage=named, groups=["nlp"])
    assert admit_job(config, **fields)[1].runs == folder


def test_the_form_of_jobs_offers_virtual_clusters_with_their_sku() -> None:
    fields = schemas(TrainHubConfig(virtual_clusters=CLUSTERS), "ada", [])["job"]["properties"]
    (offered,) = fields["virtual_cluster"]["oneOf"]
    assert (offered["const"], offered["sku"]["gpus"]) == ("A800", 1)
    fields = schemas(TrainHubConfig(), "ada", [])["job"]["properties"]
    assert not {"virtual_cluster", "skus"} & fields.keys()
