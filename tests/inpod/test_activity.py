"""The program that looks into a container, here at this machine and at a real Jupyter server."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_trainhub.inpod import activity
from tests.conftest import eventually


@pytest.fixture
def told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Any:
    """What the program prints, after a look of a tenth of a second."""
    (tmp_path / "token").write_text("right\n")
    monkeypatch.setattr(activity, "TOKEN", tmp_path / "token")
    monkeypatch.setattr(activity, "SECONDS", 0.1)

    def look(*arguments: str) -> dict[str, Any]:
        activity.main(arguments)
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return look


@pytest.fixture
def jupyter(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL and the runtime folder of a Jupyter server with the token ``right``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    runtime = tmp_path / "runtime"
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root",
         "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.base_url=/a/lab/",
         "--ServerApp.jpserver_extensions={}", f"--ServerApp.root_dir={tmp_path}"],
        env={**os.environ, "JUPYTER_TOKEN": "right", "JUPYTER_RUNTIME_DIR": str(runtime),
             "JUPYTER_CONFIG_DIR": str(tmp_path)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield f"http://127.0.0.1:{port}/a/lab", runtime
    server.terminate()
    server.wait(20)


def test_a_busy_kernel_of_a_real_jupyter_server(
    told: Any, jupyter: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, runtime = jupyter
    eventually(lambda: told(url)["kernels"] == [])
    post(url, "/api/kernels")
    eventually(lambda: [k["execution_state"] for k in told(url)["kernels"]] == ["starting"])
    file = next(runtime.glob("kernel-*.json"))

    async def state_of(code: str) -> str:
        client = AsyncKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels()
        try:
            client.execute(code)
            await asyncio.sleep(0)
            return await asyncio.to_thread(
                eventually,
                lambda: next((k["execution_state"] for k in told(url)["kernels"]
                              if k["execution_state"] == "busy"), None),
            )  # fmt: skip
        finally:
            client.stop_channels()

    assert asyncio.run(state_of("import time; time.sleep(2)")) == "busy"
    eventually(lambda: told(url)["kernels"][0]["execution_state"] == "idle")
    assert told(url)["terminals"] == [] or "404" in told(url)["terminals"]["error"]
    activity.TOKEN.write_text("wrong")
    assert told(url)["kernels"] == {"error": "JupyterLab answers 403"}


def post(url: str, path: str) -> None:
    import urllib.request

    request = urllib.request.Request(
        url + path, b"{}", {"Authorization": "token right", "Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20):
        pass


def test_cpu_and_who_uses_it(told: Any, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("while True: pass\n")
    burner = subprocess.Popen([sys.executable, str(script), "--password", "secret"])
    try:
        busy = eventually(lambda: next((r for r in [told("http://127.0.0.1:1")]
                                        if (r["cpu"]["top"] or {}).get("name") == "train.py"),
                                       None))  # fmt: skip
    finally:
        burner.kill()
        burner.wait()
    assert busy["cpu"]["percent"] > 5
    assert "secret" not in json.dumps(busy)
    assert busy["kernels"] is None
    assert busy["gpu"] is None
    assert abs(busy["now"] - time.time()) < 5


def test_time_is_not_lost_when_a_process_ends() -> None:
    parent = activity.Process("make", 10, 500, 0)
    child = activity.Process("cc1", 300, 0, 0)
    # The child uses 100 more, ends, and its parent inherits all 400 of it.
    after = parent._replace(children=900)
    hertz = os.sysconf("SC_CLK_TCK")
    used = activity.cpu({1: parent, 2: child}, {1: after}, 1.0)
    assert used["percent"] == pytest.approx(100 * 100 / hertz)


def test_a_terminal_that_is_typed_in(told: Any) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv("/bin/cat", ["cat"])
    try:
        os.write(terminal, b"hello\n")
        found = eventually(lambda: told("http://127.0.0.1:1")["typed"])
        assert time.time() - found < 60
    finally:
        os.close(terminal)
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_gpus_are_asked_by_a_program(told: Any, tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    url = "http://127.0.0.1:1"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "nvidia-smi does not run" in told(url, "gpu")["gpu"]["error"]
    fake = tmp_path / "nvidia-smi"
    fake.write_text("#!/bin/sh\nprintf '0\\n97\\n'\n")
    fake.chmod(0o755)
    assert told(url, "gpu")["gpu"] == {"printed": "0\n97"}
    fake.write_text("#!/bin/sh\necho No devices were found; exit 6\n")
    assert told(url, "gpu")["gpu"] == {"error": "nvidia-smi: No devices were found"}
