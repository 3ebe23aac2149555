from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_trainhub.config import TrainHubConfig, load_config
from jupyter_trainhub.errors import ClusterUnavailable, InvalidField
from jupyter_trainhub.hub.cluster import choose_cluster


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    made = {}
    for name in ("configured", "trainhub", "kube"):
        path = tmp_path / name
        path.write_text("current-context: x\n")
        made[name] = str(path)
    usual = tmp_path / "home" / ".kube" / "config"
    usual.parent.mkdir(parents=True)
    usual.write_text("current-context: x\n")
    made["usual"] = str(usual)
    return made


def chosen(config: TrainHubConfig, tmp_path: Path, **environ: str) -> str | None:
    return choose_cluster(config, environ, tmp_path / "home").kubeconfig


def test_the_most_explicit_wins(files: dict[str, str], tmp_path: Path) -> None:
    configured = TrainHubConfig(kubeconfig=files["configured"], context="c")
    both = {"TRAINHUB_KUBECONFIG": files["trainhub"], "KUBECONFIG": files["kube"]}
    assert chosen(configured, tmp_path, **both) == files["configured"]
    assert chosen(TrainHubConfig(), tmp_path, **both) == files["trainhub"]
    assert chosen(TrainHubConfig(), tmp_path, KUBECONFIG=files["kube"]) == files["kube"]
    assert chosen(TrainHubConfig(), tmp_path) == files["usual"]
    assert choose_cluster(configured, {}, tmp_path).context == "c"


@pytest.mark.parametrize("text", ["", "current-context: ''\n", "{", "[]"])
def test_without_a_current_context_it_is_the_embedded_one(
    text: str, files: dict[str, str], tmp_path: Path
) -> None:
    Path(files["usual"]).write_text(text)
    assert choose_cluster(TrainHubConfig(), {}, tmp_path / "home").embedded
    with pytest.raises(InvalidField):
        choose_cluster(TrainHubConfig(embedded=False), {}, tmp_path / "home")


def test_a_kubeconfig_that_is_named_must_be_there(tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere")
    for config, environ in (
        (TrainHubConfig(kubeconfig=missing), {}),
        (TrainHubConfig(), {"KUBECONFIG": missing}),
    ):
        with pytest.raises(ClusterUnavailable, match="nowhere"):
            choose_cluster(config, environ, tmp_path)


def test_kubeconfigs_may_be_several(files: dict[str, str], tmp_path: Path) -> None:
    several = f"{files['kube']}:{tmp_path / 'absent'}:{files['trainhub']}"
    assert chosen(TrainHubConfig(), tmp_path, KUBECONFIG=several) == (
        f"{files['kube']}:{files['trainhub']}"
    )


def test_the_configuration_is_read_from_jupyters_path(tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    for folder in (near, far):
        folder.mkdir()
    (far / "jupyter_trainhub_config.json").write_text(
        '{"TrainHubConfig": {"namespace": "far", "context": "far"}}'
    )
    (near / "jupyter_trainhub_config.py").write_text("c.TrainHubConfig.namespace = 'near'")
    config = load_config([str(near), str(far)])
    assert (config.namespace, config.context) == ("near", "far")


@pytest.mark.parametrize(
    "text",
    [
        "c.TrainHubConfig.storages = [{'path': 'relative', 'claim': 'x'}]",
        "c.TrainHubConfig.namespace = 3",
        "raise ValueError('x')",
        "c.",
    ],
)
def test_a_wrong_configuration_is_told_as_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "jupyter_trainhub_config.py").write_text(text)
    with pytest.raises(InvalidField) as caught:
        load_config([str(tmp_path)])
    assert caught.value.field == "config"
