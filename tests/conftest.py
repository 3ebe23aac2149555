"""The cluster that integration tests run against.

By default an embedded one of the tests' own. ``TRAINHUB_TEST_KUBECONFIG`` names another, with
``TRAINHUB_TEST_IMAGE``, an image that has Python and /bin/sh, and ``TRAINHUB_TEST_REGISTRY``, a
registry that both the tests and that cluster reach, ``HOST[:PORT][/PATH]``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.embedded import lifecycle
from tests.distribution import Distribution


class Kubectl:
    """The real kubectl, on one cluster and namespace."""

    def __init__(self, kubeconfig: Path, namespace: str = "default") -> None:
        beside = Path(sys.executable).with_name("kubectl")
        self.program = str(beside) if beside.exists() else shutil.which("kubectl") or "kubectl"
        self.kubeconfig = kubeconfig
        self.namespace = namespace

    def arguments(self, *arguments: str) -> list[str]:
        """The command line."""
        where = ["--kubeconfig", str(self.kubeconfig), "--namespace", self.namespace]
        return [self.program, *where, *arguments]

    def run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run it; the caller looks at what came of it."""
        return subprocess.run(
            self.arguments(*arguments), input=stdin, capture_output=True, text=True, timeout=60
        )

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """What it printed; it must have succeeded."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def get(self, *arguments: str) -> dict[str, Any]:
        """``get -o json``, parsed."""
        found: dict[str, Any] = json.loads(self("get", *arguments, "-o", "json"))
        return found

    def apply(self, *objects: dict[str, Any]) -> str:
        """Apply objects."""
        body = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        return self("apply", "-f", "-", stdin=json.dumps(body))


def eventually(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true thing that ``look`` returns; fails when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def pytest_configure() -> None:
    """Let Ctrl-C reach the tests, and the programs that they start.

    What a shell runs in the background ignores it, and so does all that is started by that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Jupyter's data folder, in which records of runs are kept: not that of whoever tests."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATA_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def embedded_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of an embedded cluster that the tests share."""
    before = os.environ.get("TRAINHUB_CLUSTER_DIR")
    home = str(tmp_path_factory.mktemp("cluster") / "home")
    os.environ["TRAINHUB_CLUSTER_DIR"] = home
    try:
        yield lifecycle.start()
    finally:
        os.environ["TRAINHUB_CLUSTER_DIR"] = home
        lifecycle.stop()
        if before is None:
            del os.environ["TRAINHUB_CLUSTER_DIR"]
        else:
            os.environ["TRAINHUB_CLUSTER_DIR"] = before


@pytest.fixture(scope="session")
def kubeconfig(request: pytest.FixtureRequest) -> Path:
    """The kubeconfig of the cluster under test."""
    given = os.environ.get("TRAINHUB_TEST_KUBECONFIG")
    return Path(given) if given else request.getfixturevalue("embedded_kubeconfig")


@pytest.fixture(scope="session")
def image() -> str:
    """An image of the cluster under test."""
    return os.environ.get("TRAINHUB_TEST_IMAGE", "host")


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where tests may push images to, ``HOST[:PORT][/PATH]``; the cluster can pull from there."""
    given = os.environ.get("TRAINHUB_TEST_REGISTRY")
    if given:
        yield given
        return
    server = Distribution(tmp_path_factory.mktemp("registry")).start()
    try:
        yield server.host
    finally:
        server.stop()


@pytest.fixture
def kubectl(kubeconfig: Path) -> Iterator[Kubectl]:
    """kubectl in a namespace of the test's own."""
    command = Kubectl(kubeconfig, f"test-{uuid.uuid4().hex[:8]}")
    command.apply({"apiVersion": "v1", "kind": "Namespace",
                   "metadata": {"name": command.namespace}})  # fmt: skip
    # A real cluster makes a namespace's service account a moment later, and pods need it.
    eventually(lambda: command.run("get", "serviceaccount", "default").returncode == 0)
    yield command
    command("delete", "namespace", command.namespace, "--wait=false")
