"""Where log folders are found: on this machine, or on volumes that only pods can mount."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.tensorboards.resolve import resolve
from jupyter_trainhub.hub.tensorboards.roots import allowed_folder
from jupyter_trainhub.hub.tensorboards.sources import Sources
from jupyter_trainhub.kube.resources import PERSISTENT_VOLUME_CLAIMS, STATEFUL_SETS
from jupyter_trainhub.manifests.labels import SPEC
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.tensorboard import TensorBoardSpec
from tests.hub.fakes import FakeCluster

Resolve = Callable[..., Sources]


@pytest.fixture
def site(tmp_path: Path, cluster: FakeCluster) -> Hub:
    """A site with a storage that this machine sees, and two that only pods can mount."""
    (tmp_path / "shared" / "runs ü%41").mkdir(parents=True)
    (tmp_path / "shared" / "out").symlink_to(tmp_path / "home")
    (tmp_path / "home" / "runs").mkdir(parents=True)
    (tmp_path / "home" / "events").touch()
    claim = {"metadata": {"name": "scratch"}, "spec": {"accessModes": ["ReadWriteMany"]}}
    cluster.put(PERSISTENT_VOLUME_CLAIMS, claim)
    storages = [
        {"name": "shared", "path": "/mnt/shared", "claim": "shared",
         "local_path": str(tmp_path / "shared")},
        {"name": "nas", "path": "/mnt/nas", "nfs": {"server": "nas", "path": "/"}},
        {"name": "home", "path": "/mnt/home", "claim": "homes", "sub_path": "{username}",
         "default": True},
    ]  # fmt: skip
    config = TrainHubConfig(storages=storages, run_folder=str(tmp_path / "kept"),
                            allowed_mounts=["claim", "nfs"])  # fmt: skip
    return Hub(cluster, config, ClusterChoice(embedded=False), "ada")


@pytest.fixture
def found(site: Hub, tmp_path: Path) -> Resolve:
    """Looks for folders with the folder ``home`` as Jupyter's root."""
    root = tmp_path / "home"

    def here(path: str) -> Path:
        return allowed_folder(root / path, [root], shown=path, field="folders")

    def look(*folders: str, hub: Hub | None = site, **fields: Any) -> Sources:
        return resolve(TensorBoardSpec.parse({"folders": [*folders], **fields}), here, hub)

    return look


@pytest.mark.parametrize(("folder", "local"), [
    ("runs", "home/runs"),
    ("a:runs", "home/runs"),
    ("/mnt/shared/runs ü%41", "shared/runs ü%41"),
    ("{tmp}/shared/runs ü%41", "shared/runs ü%41"),
])  # fmt: skip
def test_what_this_machine_sees_needs_no_pod(
    found: Resolve, tmp_path: Path, folder: str, local: str
) -> None:
    sources = found(folder.format(tmp=tmp_path))
    assert sources.is_local
    assert [each.path for each in sources.local] == [str(tmp_path / local)]


@pytest.mark.parametrize(("folder", "where", "path", "mount"), [
    ("/mnt/nas/a/./b c", "auto", "/mnt/nas/a/b c", "/mnt/nas"),
    ("x:/mnt/home/later", "auto", "/mnt/home/later", "/mnt/home"),
    ("pvc://scratch/a/b", "auto", "/claims/scratch/a/b", "/claims/scratch"),
    ("pvc://scratch", "auto", "/claims/scratch", "/claims/scratch"),
    ("/mnt/shared/not/there/yet", "cluster", "/mnt/shared/not/there/yet", "/mnt/shared"),
    ("{tmp}/shared/runs ü%41", "cluster", "/mnt/shared/runs ü%41", "/mnt/shared"),
])  # fmt: skip
def test_what_only_pods_can_mount(
    found: Resolve, tmp_path: Path, folder: str, where: str, path: str, mount: str
) -> None:
    sources = found(folder.format(tmp=tmp_path), where=where)
    assert not sources.is_local
    assert [each for _, each in sources.paths] == [path]
    assert [each.path for each in sources.mounts] == [mount]


def test_others_have_other_working_folders(site: Hub, found: Resolve, tmp_path: Path) -> None:
    def here(path: str) -> Path:
        return allowed_folder(shared / path, [shared], shown=path, field="folders")

    shared = tmp_path / "shared"
    spec = TensorBoardSpec.parse({"folders": ["a:runs ü%41", "/mnt/nas/x"], "where": "cluster"})
    assert resolve(spec, here, site).texts == ["a:/mnt/shared/runs ü%41", "/mnt/nas/x"]
    assert found("pvc://scratch/a").texts == ["pvc://scratch/a"]


@pytest.mark.parametrize(("fields", "words", "remedy"), [
    ({"folders": ["/elsewhere"]}, "outside the allowed roots", "/mnt/nas"),
    ({"folders": ["missing"]}, "no folder 'missing'", "Create it"),
    ({"folders": ["events"]}, "'events' is a file", "the folder that it is in"),
    ({"folders": ["/mnt/shared/out/runs"]}, "outside the allowed roots", "Choose a folder in"),
    ({"folders": ["/mnt/nas/../etc"]}, "..", "from / on"),
    ({"folders": ["runs", "/mnt/nas/x"]}, "'runs' is on this machine, and '/mnt/nas/x'", "two"),
    ({"folders": ["/mnt/nas/x"], "where": "local"}, "does not see '/mnt/nas/x'", "a pod"),
    ({"folders": ["runs"], "where": "cluster"}, "no pod can mount 'runs'", "/mnt/nas"),
    ({"folders": ["pvc://none/x"]}, "no volume 'none'", "trainhub get volumes"),
    ({"folders": ["pvc://scratch/../x"]}, "..", "from / on"),
    ({"folders": ["pvc://../x"]}, "no volume '..'", "trainhub get volumes"),
    ({"folders": ["a:/mnt/nas/x", "a:/mnt/nas/y"]}, "two folders have the name 'a'", "NAME:PATH"),
    ({"folders": ["/x/a"], "mounts": [{"path": "/x", "host_path": "/"}]}, "host_path", "claim"),
])  # fmt: skip
def test_what_cannot_be_shown_says_why_and_what_would_do(
    found: Resolve, fields: dict[str, Any], words: str, remedy: str
) -> None:
    with pytest.raises((InvalidField, NotFound)) as refused:
        found(*fields.pop("folders"), **fields)
    assert words in refused.value.message
    assert remedy in (refused.value.remedy or "")


def test_without_a_cluster_the_folders_of_this_machine_are_there(found: Resolve) -> None:
    assert found("runs", hub=None).is_local
    with pytest.raises(TrainHubError, match="outside the allowed roots"):
        found("/mnt/nas/x", hub=None)


def test_folders_of_a_job_are_those_that_its_pods_see(site: Hub, found: Resolve) -> None:
    job = {
        "name": "train", "command": ["true"], "working_dir": "/mnt/nas/exp",
        "storages": ["nas", "home"], "mounts": [{"path": "/own", "claim": "scratch"}],
        "model_volume": {"path": "/model"},
    }  # fmt: skip
    site.jobs.create(JobSpec.parse(job))
    (volume,) = site.jobs.get("train")["volumes"]
    sources = found("logs", "/own/x", "/model/tb", "/mnt/home/y", job="train")
    assert [path for _, path in sources.paths] == [
        "/mnt/nas/exp/logs", "/own/x", "/model/tb", "/mnt/home/y",
    ]  # fmt: skip
    assert [name for name, _ in sources.paths] == ["logs", "x", "tb", "y"]
    claims = {mount.path: mount.claim for mount in sources.mounts}
    assert claims == {"/mnt/nas": None, "/own": "scratch", "/model": volume["claim"],
                      "/mnt/home": "homes"}  # fmt: skip
    with pytest.raises(InvalidField, match="own file system") as refused:
        found("/home/ada/runs", job="train")
    assert "/own or /model" in (refused.value.remedy or "")


def test_folders_of_an_instance_and_not_those_of_somebody_elses_home(
    site: Hub, found: Resolve
) -> None:
    site.instances.create(InstanceSpec.parse({"name": "desk", "storages": ["home", "nas"]}))
    assert not found("/mnt/home/runs", instance="desk").is_local
    bob = Hub(site.client, site.config, ClusterChoice(embedded=False), "bob")
    assert found("/mnt/nas/runs", instance="desk", hub=bob).mounts[0].path == "/mnt/nas"
    with pytest.raises(InvalidField, match="not yours"):
        found("/mnt/home/runs", instance="desk", hub=bob)


def test_mounts_that_the_site_forbids_are_not_had_by_way_of_an_instance(
    site: Hub, found: Resolve
) -> None:
    mounts = [{"path": "/own", "claim": "scratch"}]
    site.instances.create(InstanceSpec.parse({"name": "desk", "mounts": mounts}))
    assert not found("/own/x", instance="desk").is_local
    site.config.allowed_mounts = ["nfs"]
    with pytest.raises(InvalidField, match="does not allow mounts with claim"):
        found("/own/x", instance="desk")


def test_a_storage_of_ones_own_is_not_shown_as_somebody_elses(
    site: Hub, cluster: FakeCluster, found: Resolve
) -> None:
    """Whoever names it in a job of his could have its owner show it to everybody."""
    private = {"name": "private", "path": "/mnt/private", "claim": "x", "users": ["bob"]}
    site.config.storages = [*site.config.storages, private]
    site.instances.create(InstanceSpec.parse({"name": "desk", "storages": ["nas"]}))
    (name,) = cluster.names(STATEFUL_SETS)
    workload = cluster.get(STATEFUL_SETS, name)
    spec = {"name": "desk", "storages": ["private"]}
    workload["metadata"]["annotations"][SPEC] = json.dumps(spec)
    cluster.put(STATEFUL_SETS, workload)
    bob = Hub(site.client, site.config, ClusterChoice(embedded=False), "bob")
    with pytest.raises(InvalidField, match="not yours"):
        found("/mnt/private/runs", instance="desk", hub=bob)


def test_the_name_is_that_of_the_folders(found: Resolve) -> None:
    one, other = found("/mnt/nas/My runs"), found("/mnt/nas/x/My runs")
    assert one.name({}).startswith("My-runs-")
    assert one.name({}) == found("/mnt/nas/My runs").name({})
    assert len({one.name({}), other.name({}), one.name({"memory": 1 << 30})}) == 3
