"""Cells that really run on a cluster: their values, failures and ends."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.api import session
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.magics.remote_error import DistributedError
from tests.conftest import eventually
from tests.hub.own_namespace import hub_of_its_own
from tests.magics.shell import Shell

pytestmark = pytest.mark.cluster

SMALL = "--cpus 0.2 --memory 300Mi"


@pytest.fixture(scope="module")
def hub(kubeconfig: Path, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub in a namespace of these tests' own."""
    with hub_of_its_own("magics", kubeconfig, image, tmp_path_factory.mktemp("runs")) as made:
        yield made


@pytest.fixture
def shell(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in an empty folder."""
    monkeypatch.setattr(session, "hub", lambda: hub)
    monkeypatch.chdir(tmp_path)
    return Shell()


@pytest.mark.skipif("TRAINHUB_TEST_KUBECONFIG" in os.environ, reason="needs PyTorch in the image")
def test_two_nodes_reduce_a_tensor(
    shell: Shell, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    (tmp_path / "beside.py").write_text("FACTOR = 10\n")
    # As a kernel does.
    monkeypatch.syspath_prepend(str(tmp_path))
    shell.run("import torch, torch.distributed as dist", "from beside import FACTOR")
    shell.run(
        "def total(start):",
        "    dist.init_process_group('gloo')",
        "    tensor = start + (dist.get_rank() + 1) * FACTOR",
        "    dist.all_reduce(tensor)",
        "    return tensor",
    )
    shell.run("start = torch.ones(3).cumsum(0)")
    done = shell.run(
        "%%distributed -n 2 --cpus 0.2 --memory 700Mi --pass start --fetch seen",
        "seen = {'beside': FACTOR}",
        "print('printed')",
        "total(start)",
    )
    assert done.error is None, done.text
    assert torch.equal(done.value, torch.tensor([32.0, 34.0, 36.0]))
    assert shell.names["seen"] == {"beside": 10}
    assert shell.names["_"] is done.value
    assert "[0] printed" in done.text
    assert "[1] printed" in done.text
    # The job is gone, its record stays.
    assert not hub.jobs.list()
    assert hub.runs.list()[0]["phase"] == "Succeeded"


def test_a_failure_is_raised_in_the_cell(shell: Shell) -> None:
    shell.run("# in another cell", "def half(n):", "    return 1 / n")
    done = shell.run(f"%%distributed {SMALL}", "half(2)", "half(0)")
    assert isinstance(done.error, DistributedError)
    assert done.error.failure["root"]["etype"] == "ZeroDivisionError"
    assert "Cell In[3], line 3" in done.text
    assert "---->   3     return 1 / n" in done.text.split("Cell In[2], line 3, in half")[1]


def test_an_interrupt_stops_the_job(shell: Shell, hub: Hub) -> None:
    def interrupt() -> None:
        view = eventually(lambda: [v for v in hub.jobs.list() if v["phase"] == "Running"])[0]
        eventually(lambda: b"begun" in b"".join(hub.jobs.logs(view["name"])))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    done = shell.run(
        f"%%distributed {SMALL} --name long", "import time", "print('begun')", "time.sleep(600)"
    )
    thread.join()
    assert isinstance(done.error, KeyboardInterrupt)
    assert "job 'long' was stopped" in done.text
    assert hub.jobs.get("long")["phase"] == "Stopped"
