"""A real JupyterLab behind the proxy, under a base URL as JupyterHub gives them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.testing import bind_unused_port

from jupyter_trainhub.hub.access.reach import Endpoint
from tests.server.calls import Fetch
from tests.server.fakes import FakeHub
from tests.server.upstreams import LAB, PREFIX

TOKEN = "the-token-of-the-instance"
HEAVY = ("kubernetes", "pydantic", "tensorboard", "torch")


@pytest.fixture
def jp_base_url() -> str:
    """What JupyterHub's user ``x`` has."""
    return "/user/x/"


@pytest.fixture
def lab(hub: FakeHub, tmp_path: Path) -> Iterator[None]:
    """A JupyterLab started as an instance's pod starts it."""
    socket, port = bind_unused_port()
    socket.close()
    folder = tmp_path / "instance"
    folder.mkdir()
    log = (tmp_path / "lab.log").open("w")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser"),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
            *("--ServerApp.port_retries=0", f"--ServerApp.base_url={PREFIX}/"),
            f"--ServerApp.root_dir={folder}",
        ],
        env={**os.environ, "JUPYTER_TOKEN": TOKEN},
        stdout=log,
        stderr=log,
    )
    hub.instances.add("dev")
    hub.instances.endpoints["dev"] = Endpoint("127.0.0.1", port, PREFIX, TOKEN)
    yield
    server.terminate()
    server.wait(20)
    log.close()


async def until_it_answers(fetch: Fetch) -> None:
    deadline = time.monotonic() + 60
    while True:
        answer = await fetch(*LAB, "api", "status", raise_error=False)
        if answer.code == 200:
            return
        assert answer.code == 503
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_the_page_its_parts_and_a_kernel_work(
    jp_fetch: Fetch,
    jp_ws_fetch: Callable[..., Awaitable[Any]],
    http_server_client: Any,
    jp_auth_header: dict[str, str],
    lab: None,
) -> None:
    await until_it_answers(jp_fetch)

    page = (await jp_fetch(*LAB, "lab", headers={"Accept-Encoding": "gzip"})).body.decode()
    config = json.loads(re.findall(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.S)[0])
    assert config["baseUrl"] == f"/user/x{PREFIX}/"
    assert config["token"] == ""
    assert TOKEN not in page
    addresses = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert addresses
    for address in addresses:
        assert address.startswith(f"/user/x{PREFIX}/")
        assert (await http_server_client.fetch(address, headers=jp_auth_header)).code == 200

    specs = json.loads((await jp_fetch(*LAB, "api", "kernelspecs")).body)["kernelspecs"]
    logo = next(iter(next(iter(specs.values()))["resources"].values()))
    assert (await jp_fetch(logo.removeprefix("/user/x"))).code == 200

    saved = {"type": "file", "format": "text", "content": f"see {PREFIX}/lab"}
    await jp_fetch(*LAB, "api", "contents", "a.html", method="PUT", body=json.dumps(saved))
    read = json.loads((await jp_fetch(*LAB, "api", "contents", "a.html")).body)
    assert read["content"] == saved["content"]

    started = await jp_fetch(*LAB, "api", "kernels", method="POST", body="{}")
    kernel = json.loads(started.body)["id"]
    socket = await jp_ws_fetch(
        *LAB, "api", "kernels", kernel, "channels", subprotocols=["v1.kernel.websocket.jupyter.org"]
    )
    assert socket.selected_subprotocol == "v1.kernel.websocket.jupyter.org"
    socket.close()
    socket = await jp_ws_fetch(*LAB, "api", "kernels", kernel, "channels")
    assert await printed(socket, "print(6 * 7)") == "42\n"
    socket.close()


async def printed(socket: Any, code: str) -> str:
    """What the kernel prints for ``code``."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "version": "5.3",
        "username": "",
        "session": uuid.uuid4().hex,
        "date": "2026-01-01T00:00:00Z",
    }
    message = {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "channel": "shell",
        "content": {"code": code, "silent": False, "allow_stdin": False},
    }
    await socket.write_message(json.dumps(message))
    while True:
        answer = json.loads(await asyncio.wait_for(socket.read_message(), 60))
        if answer["msg_type"] == "stream":
            return str(answer["content"]["text"])


def test_loading_the_extension_imports_nothing_heavy() -> None:
    """A server whose users never open TrainHub pays next to nothing for it."""
    program = (
        "import sys, jupyter_trainhub.extension;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
