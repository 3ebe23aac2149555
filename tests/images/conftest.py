"""The official images, built by buildah and loaded into an embedded cluster: for root on Debian.

Takes minutes and gigabytes, so that it runs by ``make -C images test`` alone (``-m images``).
"""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from tests.conftest import Kubectl

IMAGES = Path(__file__).resolve().parents[2] / "images"
REGISTRY, TAG = "localhost/trainhub", "test"
CA = "/run/secrets/ca.pem"


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Nothing of this folder unless it is asked for."""
    return None if "images" in config.getoption("markexpr") else True


def run(*command: str | Path) -> str:
    """What a program printed; it must succeed."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def pip_settings(folder: Path) -> list[str]:
    """What lets ``pip`` in a build reach what it reaches here, from this machine's settings."""
    lines = run(sys.executable, "-m", "pip", "config", "list").splitlines()
    found = {
        key.partition(".")[2].strip("."): value.strip("'")
        for key, _, value in (line.partition("=") for line in sorted(lines))
    }
    settings, flags = [], []
    if certificates := found.pop("cert", os.environ.get("SSL_CERT_FILE")):
        settings.append(f"CA_FILE={certificates}")
        found["cert"] = CA
    for word in " ".join(found.values()).split():
        place = Path(word.removeprefix("file://"))
        if word.startswith("file://"):
            # An index names files beside its own folder.
            place = place.parent
        if place.is_dir():
            flags.append(f"--volume {place}:{place}:ro")
    parser = configparser.RawConfigParser()
    parser["global"] = found
    with (folder / "pip.conf").open("w") as file:
        parser.write(file)
    return [*settings, f"PIP_CONF={folder / 'pip.conf'}", f"FLAGS={' '.join(sorted(set(flags)))}"]


@pytest.fixture(scope="session")
def built(
    tmp_path_factory: pytest.TempPathFactory, embedded_kubeconfig: Path
) -> Callable[[str], str]:
    """Builds an image, loads it into the cluster and gives its name; each once."""
    folder = tmp_path_factory.mktemp("images")
    base = run("sed", "-n", r"s/^debian = //p", IMAGES / "matrix.ini").strip()
    if not run("buildah", "images", "--quiet", "--filter", f"reference={base}"):
        run(IMAGES / "debian.sh", base)
    settings = ["ENGINE=buildah", f"REGISTRY={REGISTRY}", f"TAG={TAG}", *pip_settings(folder)]
    names: dict[str, str] = {}

    def build(image: str) -> str:
        if image not in names:
            name, archive = f"{REGISTRY}/{image}:{TAG}", folder / f"{image}.tar"
            run("make", "-C", IMAGES, image, *settings)
            run("make", "-C", IMAGES, "check", f"NAMES={image}", *settings)
            run("buildah", "push", name, f"docker-archive:{archive}:{name}")
            trainhub = [sys.executable, "-m", "jupyter_trainhub.cli", "cluster", "load"]
            run(*trainhub, archive)
            archive.unlink()
            names[image] = name
        return names[image]

    return build


@pytest.fixture
def hub(kubectl: Kubectl) -> Hub:
    """A hub in a namespace of the test's own."""
    config = TrainHubConfig(
        kubeconfig=str(kubectl.kubeconfig), namespace=kubectl.namespace, user="ada"
    )
    return Hub.connect(config)
