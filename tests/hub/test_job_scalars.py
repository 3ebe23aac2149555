"""Where jobs log, and which of their curves are shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, NotFound
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs.scalars.choice import Curve, chosen
from jupyter_trainhub.hub.tensorboards import scalars as told_scalars
from jupyter_trainhub.hub.tensorboards.job_logs import log_folders, seen_here
from jupyter_trainhub.hub.tensorboards.view import TensorBoardEndpoint
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.inpod.log_record import packed
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import eventually
from tests.hub.fakes import FakeCluster

RUNS = "/mnt/shared/runs"


@pytest.fixture
def site(tmp_path: Path, cluster: FakeCluster) -> Iterator[Hub]:
    """A site with a storage that this machine sees, with links in it, and one of each user's."""
    shared = tmp_path / "shared"
    (shared / "runs").mkdir(parents=True)
    (shared / "inside").symlink_to(shared / "runs")
    (shared / "outside").symlink_to(tmp_path)
    (tmp_path / "ada").mkdir()
    storages = [
        {"name": "shared", "path": "/mnt/shared", "claim": "shared", "default": True,
         "local_path": str(shared)},
        {"name": "home", "path": "/mnt/home", "claim": "homes", "sub_path": "{username}",
         "local_path": str(tmp_path / "{username}"), "default": True},
    ]  # fmt: skip
    config = TrainHubConfig(storages=storages, run_folder=str(tmp_path / "kept"))
    hub = Hub(cluster, config, ClusterChoice(embedded=False), "ada")
    yield hub
    hub.close()


@pytest.fixture
def submit(site: Hub) -> Callable[..., View]:
    """Submits a job that has told these records, and gives its view."""

    def make(*told: dict[str, Any], **fields: Any) -> View:
        fields = {"command": ["env"], **fields}
        view = site.jobs.create(JobSpec.parse({"name": "train", **fields}))
        site.jobs.get("train")
        log = [f"[trainhub] progress {packed(record)} [trainhub]\n" for record in told]
        site.progress.heard(view["run"], 1, "".join(log).encode())
        return site.jobs.get("train")

    return make


@pytest.mark.parametrize(
    ("fields", "folders"),
    [
        # The usual folder that is there, the working folder where none is, or nothing at all.
        ({"working_dir": "/mnt/shared"}, [RUNS]),
        ({"working_dir": "/mnt/shared/runs"}, [RUNS]),
        ({"env": {"TENSORBOARD_LOGDIR": "/mnt/x"}}, ["/mnt/x"]),
        ({"command": ["env", "--log-dir", "out/../a"], "working_dir": "/mnt"}, ["/mnt/a"]),
        ({"command": ["env", "--log_dir=/mnt/b/"]}, ["/mnt/b"]),
        ({"command": ["env", "logging_dir=$HOME/x", "tb_dir=/mnt/c"]}, ["/mnt/c"]),
        ({"command": ["env", "--log-dir", "here"], "working_dir": "/w"}, ["/w/here"]),
        ({"command": ["env", "--log-dir"], "working_dir": "/w"}, ["/w"]),
    ],
)
def test_a_job_that_has_told_nothing_logs_where_its_spec_says(
    site: Hub, submit: Callable[..., View], fields: dict[str, Any], folders: list[str]
) -> None:
    submit(**fields)
    logs = log_folders(site, "train")
    assert (logs.folders, logs.waiting) == (folders, True)


def test_a_job_of_which_nothing_is_known_says_so(site: Hub, submit: Callable[..., View]) -> None:
    submit()
    with pytest.raises(Conflict, match="told no log folder"):
        log_folders(site, "train")
    with pytest.raises(NotFound):
        log_folders(site, "other")


def test_what_the_launcher_has_seen_counts_before_all_else(
    site: Hub, submit: Callable[..., View]
) -> None:
    told = {"source": "tensorboard", "folders": ["/ckpt/logs"], "runs": []}
    volume = {"path": "/ckpt", "size": "1Gi"}
    submit(told, command=["env", "--log-dir", "/mnt/x"], checkpoint_volume=volume)
    logs = log_folders(site, "train")
    assert (logs.folders, logs.waiting) == (["/ckpt/logs"], False)
    (mount,) = logs.spec.mounts
    assert (mount.path, mount.kind) == ("/ckpt", "claim")


@pytest.mark.parametrize(
    ("path", "owner", "seen"),
    [
        (RUNS, "ada", "shared/runs"),
        ("/mnt/shared/inside", "ada", "shared/runs"),
        ("/mnt/shared/outside", "ada", None),
        ("/mnt/shared/../shared/runs", "ada", None),
        ("/mnt/shared/absent", "ada", None),
        ("/elsewhere", "ada", None),
        ("/mnt/home", "ada", "ada"),
        # It is another folder for others, which is not ours to see.
        ("/mnt/home", "bob", None),
    ],
)
def test_folders_of_pods_are_seen_here(
    site: Hub, submit: Callable[..., View], tmp_path: Path, path: str, owner: str, seen: str | None
) -> None:
    spec = JobSpec.parse(submit()["spec"])
    assert seen_here(site, spec, owner, path) == (seen and tmp_path / seen)


def test_curves_come_from_the_files_of_the_job_alone(
    site: Hub, submit: Callable[..., View], tmp_path: Path
) -> None:
    pytest.importorskip("tensorboard")
    from tests.inpod.test_read_scalars import write

    for run in ("mine/val", "mine/train", "others"):
        write(tmp_path / "shared" / "runs" / run, [2.0, math.nan, 1.0])
    runs = [f"{RUNS}/mine/{run}" for run in ("train", "val")]
    submit({"source": "tensorboard", "folders": [RUNS], "runs": runs, "metrics": {"loss": 1}})

    def look() -> View:
        site.scalars._known.clear()
        return site.scalars.of("train")

    found = eventually(lambda: len((view := look())["series"]) == 2 and view)
    assert (found["source"], found["folder"], found["message"]) == ("tensorboard", RUNS, "")
    assert found["series"] == [
        {"run": run, "tag": "loss", "points": [(0, 2.0), (1, "NaN"), (2, 1.0)],
         "last": {"step": 2, "value": 1.0}}
        for run in ("mine/train", "mine/val")
    ]  # fmt: skip


def test_a_log_tells_the_curves_where_no_file_is_seen(
    site: Hub, submit: Callable[..., View]
) -> None:
    told = [
        {"source": "trainhub", "step": step, "metrics": {"acc": step, "loss": value}}
        for step, value in ((1, 0.5), (2, None))
    ]
    submit(*told)
    found = site.scalars.of("train")
    assert (found["source"], found["folder"]) == ("log", None)
    assert [(item["tag"], item["points"]) for item in found["series"]] == [
        ("loss", [(1, 0.5), (2, "NaN")]),
        ("acc", [(1, 1), (2, 2)]),
    ]


def test_a_job_without_curves_says_so(site: Hub, submit: Callable[..., View]) -> None:
    submit()
    found = site.scalars.of("train")
    assert (found["source"], found["series"]) == (None, [])
    assert found["message"] == "The job has told no metrics yet."


def test_a_tensorboard_of_the_cluster_is_asked_where_only_pods_see_the_files(
    site: Hub, submit: Callable[..., View], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Boards:
        def of_job(self, name: str) -> list[View]:
            known = [("cluster-b", "Stopped"), ("cluster-c", "Running")]
            return [{"id": id_, "job": name, "phase": phase} for id_, phase in known]

        def endpoint(self, name: str) -> TensorBoardEndpoint:
            return TensorBoardEndpoint(name, 1, "")

    site.__dict__["cluster_tensorboards"] = Boards()
    curve = [(step, -math.inf if step else 1.0) for step in range(1000)]
    monkeypatch.setattr(told_scalars, "tags", lambda board, _: {board.host: ["lr", "loss"]})
    monkeypatch.setattr(told_scalars, "points", lambda board, run, tag, _: curve)
    submit({"source": "tensorboard", "folders": ["/nas/runs"], "runs": []})
    found = site.scalars.of("train")
    assert found["source"] == "tensorboard"
    assert [(item["run"], item["tag"]) for item in found["series"]] == [("c", "loss"), ("c", "lr")]
    (*_, last) = points = found["series"][0]["points"]
    assert (points[0], last, len(points) <= 120) == ((0, 1.0), (999, "-Infinity"), True)


@pytest.mark.parametrize(
    ("tags", "first"),
    [
        (["acc", "lr", "loss"], ["loss", "acc", "lr"]),
        (
            ["acc/train", "loss/train", "acc/val", "loss/val", "epoch"],
            ["loss/train", "loss/val", "acc/train", "acc/val", "epoch"],
        ),
        (["val_loss", "train_loss", "grad_norm"], ["train_loss", "val_loss", "grad_norm"]),
        (["eval/loss", "train/loss", "train/learning_rate", "eval/runtime"],
         ["train/loss", "eval/loss", "train/learning_rate", "eval/runtime"]),
        (["training step", "valve", "perplexity"], ["perplexity", "valve", "training step"]),
    ],
)  # fmt: skip
def test_losses_come_first_and_training_beside_its_validation(
    tags: list[str], first: list[str]
) -> None:
    assert [curve.tag for curve in chosen((Curve("a", tag) for tag in tags), 8)] == first


def test_of_many_runs_each_shows_its_loss() -> None:
    curves = [Curve(str(run), tag) for run in range(100) for tag in ("acc", "loss")]
    assert chosen(curves, 3) == [Curve(str(run), "loss") for run in range(3)]
    keras = [Curve("validation", "epoch_loss"), Curve("train", "epoch_loss")]
    assert chosen(keras, 3) == keras[::-1]
