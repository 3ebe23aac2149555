"""JupyterLab and IDE of a real instance through the proxy, directly and by the API server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.specs.instance import InstanceSpec
from tests.conftest import Kubectl
from tests.server.calls import Fetch, Refused, refusal
from tests.server.fakes import FakeTrainHub
from tests.server.test_jupyterlab import printed
from tests.server.upstreams import LAB, MEBIBYTE, PREFIX

IDE = ("trainhub", "instances", "dev", "ide")
# With a slash at the end.
IDE_PAGE, LAB_PAGE = (("trainhub", "instances", "dev", f"{name}/") for name in ("ide", "lab"))
CODE_SERVER = "TRAINHUB_TEST_CODE_SERVER"
Api = Callable[..., Awaitable[Any]]
Connect = Callable[..., Awaitable[Any]]

pytestmark = pytest.mark.skipif(
    "TRAINHUB_TEST_KUBECONFIG" in os.environ, reason="the image need not have JupyterLab"
)


@pytest.fixture(params=["direct", "api"])
def instance(
    request: pytest.FixtureRequest, kubectl: Kubectl, extension: FakeTrainHub, tmp_path: Path
) -> Iterator[Path]:
    """The running instance ``dev``; the folder in which it works."""
    config = TrainHubConfig(
        kubeconfig=str(kubectl.kubeconfig),
        namespace=kubectl.namespace,
        instance_access=request.param,
    )
    hub = Hub.connect(config, "ada")
    extension.fake.hub = hub  # type: ignore[assignment]
    folder, programs = tmp_path / "work", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    stand_in = Path(__file__).with_name("code_server.py")
    real = os.environ.get(CODE_SERVER)
    start = f'exec "{real}" "$@"' if real else f'exec "{sys.executable}" "{stand_in}" "$@"'
    (programs / "code-server").write_text(f"#!/bin/sh\n{start}\n")
    (programs / "code-server").chmod(0o755)
    # A configuration of the user's own, which must not lock us out.
    (tmp_path / ".jupyter").mkdir()
    (tmp_path / ".jupyter" / "jupyter_server_config.py").write_text(
        "c.PasswordIdentityProvider.hashed_password = 'sha1:1:2'\nc.IdentityProvider.token = ''\n"
    )
    path = f"{programs}:{Path(sys.executable).parent}:/usr/bin:/bin"
    spec = {
        "name": "dev",
        "cpus": 0.1,
        "memory": "2Gi",
        "working_dir": str(folder),
        "env": {"PATH": path, "HOME": str(tmp_path)},
        "mounts": [{"path": str(tmp_path), "host_path": str(tmp_path)}],
    }
    hub.instances.create(InstanceSpec.parse(spec))
    hub.instances.wait_ready("dev", 60)
    yield folder
    hub.instances.delete("dev")


async def test_an_instance_is_entered(
    jp_fetch: Fetch, jp_ws_fetch: Connect, api: Api, instance: Path
) -> None:
    await jupyterlab_works(jp_fetch, jp_ws_fetch, instance)
    if CODE_SERVER not in os.environ:
        await an_ide_that_ends_at_once_tells_why(api, instance)
    await ide_works(jp_fetch, jp_ws_fetch, api, instance)


async def jupyterlab_works(jp_fetch: Fetch, jp_ws_fetch: Connect, instance: Path) -> None:
    page = (await jp_fetch(*LAB, "lab")).body.decode()
    assert f'"baseUrl": "/a%40b{PREFIX}/"' in page
    assert "/proxy/" not in page
    moved = await refusal(jp_fetch(*LAB_PAGE, follow_redirects=False))
    assert moved.headers["Location"].startswith(f"/a%40b{PREFIX}/lab")

    started = await jp_fetch(*LAB, "api", "kernels", method="POST", body="{}")
    kernel = json.loads(started.body)["id"]
    socket = await jp_ws_fetch(*LAB, "api", "kernels", kernel, "channels")
    assert await printed(socket, "print(6 * 7)") == "42\n"
    socket.close()

    text = "".join("x" * 63 + "\n" for _ in range(20 * len(MEBIBYTE) // 64))
    model = json.dumps({"type": "file", "format": "text", "content": text})
    await jp_fetch(*LAB, "api", "contents", "large", method="PUT", body=model, request_timeout=60)
    assert (instance / "large").stat().st_size == 20 * len(MEBIBYTE)
    read = await jp_fetch(*LAB, "files", "large", request_timeout=60)
    assert read.body.decode() == text


async def ide_works(jp_fetch: Fetch, jp_ws_fetch: Connect, api: Api, instance: Path) -> None:
    shown = await api("GET", "instances", "dev", "interfaces")
    assert (shown["lab"], shown["ide"]) == (True, "code-server")
    silent = await refusal(jp_fetch(*IDE_PAGE))
    assert silent.code == 503
    # Two who open it at once get the same one.
    both = await asyncio.gather(*(api("POST", "instances", "dev", "ide") for _ in range(2)))
    assert both[0] == both[1] == {"url": "trainhub/instances/dev/ide/"}
    answer = await jp_fetch(*IDE_PAGE, params={"folder": str(instance)})
    if CODE_SERVER in os.environ:
        assert b"vscode" in answer.body
        return
    first = json.loads(answer.body)
    assert first["folder"] == str(instance)
    await api("POST", "instances", "dev", "ide")
    assert json.loads((await jp_fetch(*IDE_PAGE)).body) == first

    socket = await jp_ws_fetch(*IDE, "ws", max_message_size=2**24)
    for message, back in ((b"hello", b"hello"), (b"large", MEBIBYTE)):
        await socket.write_message(message, binary=True)
        assert await asyncio.wait_for(socket.read_message(), 10) == back
    socket.close()


async def an_ide_that_ends_at_once_tells_why(api: Api, instance: Path) -> None:
    (instance / "broken").touch()
    with pytest.raises(Refused) as refused:
        await api("POST", "instances", "dev", "ide")
    assert refused.value.status == 502
    assert "this IDE is broken" in refused.value.body["message"]
    (instance / "broken").unlink()
