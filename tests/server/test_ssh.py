"""SSH through a Jupyter server: its routes, and OpenSSH's programs on an instance behind it."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_core.paths import jupyter_data_dir
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import HTTPClientError

from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.ssh.host_key import new_key, public_key
from tests.server.calls import Refused, log_in
from tests.server.fakes import FakeHub, FakeTrainHub
from tests.ssh.machine import HOST, NAME, Machine, running_instance

Api = Callable[..., Awaitable[Any]]


def authorized_keys() -> Path:
    return Path(jupyter_data_dir()) / "trainhub_authorized_keys"


async def test_public_keys_are_kept_by_the_server(api: Api) -> None:
    public = public_key(new_key())
    for _ in range(2):
        answer = await api("POST", "ssh", "keys", body={"public_key": f"{public} ada"})
        assert answer["fingerprint"].startswith("SHA256:")
    assert authorized_keys().read_text() == f"{public}\n"
    assert authorized_keys().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("body", [{}, {"public_key": 1}, {"public_key": "ssh-ed25519 x"}])
async def test_what_is_no_public_key_is_refused(api: Api, body: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        await api("POST", "ssh", "keys", body=body)
    assert refused.value.status == 422
    assert refused.value.body["details"]["field"] == "public_key"
    assert not authorized_keys().exists()


async def test_another_sites_page_opens_no_tunnel(
    jp_ws_fetch: Api, jp_fetch: Api, hub: FakeHub
) -> None:
    cookie = await log_in(jp_fetch)
    headers = {"Authorization": "", "Cookie": cookie, "Origin": "http://evil.example"}
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch("trainhub", "instances", "dev", "ssh", headers=headers)
    assert refused.value.code == 403


@pytest.fixture(scope="module")
def instance(kubeconfig: Path, image: str) -> Iterator[Hub]:
    """A running instance, in a namespace of its own."""
    with running_instance(kubeconfig, image) as hub:
        yield hub


@pytest.fixture
def machine(
    extension: FakeTrainHub, instance: Hub, jp_serverapp: ServerApp, tmp_path: Path
) -> Machine:
    """A machine without a kubeconfig; what it has is the token of the Jupyter server."""
    extension.fake.hub = instance  # type: ignore[assignment]
    home = tmp_path / "machine"
    home.mkdir()
    token = home / "token"
    token.touch(0o600)
    token.write_text(jp_serverapp.identity_provider.token)
    url = f"http://127.0.0.1:{jp_serverapp.port}{jp_serverapp.base_url}lab"
    return Machine(home, ["--server", url, "--token-file", str(token)])


@pytest.mark.cluster
async def test_openssh_reaches_an_instance_through_the_server(
    machine: Machine, instance: Hub, api: Api, tmp_path: Path
) -> None:
    async def ok(argv: list[str]) -> str:
        # The server runs in this very thread.
        return str(await asyncio.to_thread(machine.ok, argv))

    await ok(machine.trainhub("ssh-config", "--write", NAME))
    shown = await api("GET", "instances", NAME, "ssh")
    block = (machine.ssh_folder / "config.d" / "trainhub").read_text()
    assert shown["host"] == HOST
    assert shown["known_hosts"] in (machine.ssh_folder / "trainhub_known_hosts").read_text()
    for line in shown["config"].splitlines():
        assert line in block or "ProxyCommand" in line or "~/.ssh" in line
    assert Path(machine.where[-1]).read_text() not in block
    assert "%%40" in block  # the server's base URL has an escape, which ssh takes for a token

    assert await ok(machine.openssh("ssh", HOST, "echo over; echo the websocket")) == (
        "over\nthe websocket\n"
    )
    content = bytes(range(256)) * (4 << 12)
    (tmp_path / "file").write_bytes(content)
    await ok(machine.openssh("scp", "-q", str(tmp_path / "file"), f"{HOST}:/tmp/file"))
    await ok(machine.openssh("scp", "-q", f"{HOST}:/tmp/file", str(tmp_path / "back")))
    assert (tmp_path / "back").read_bytes() == content

    authorized_keys().write_text("")
    done = await asyncio.to_thread(machine.run, machine.openssh("ssh", HOST, "true"))
    assert done.returncode == 255
    assert "no public key may log in yet" in done.stderr


@pytest.mark.cluster
async def test_what_a_person_pastes(machine: Machine, api: Api) -> None:
    shown = await api("GET", "instances", NAME, "ssh")
    assert shown["command"] == f"ssh {HOST}"
    assert shown["vscode"] == "vscode://vscode-remote/ssh-remote+trainhub--my-0lab/"
    assert shown["fingerprint"].startswith("SHA256:")
    server = machine.where[1].removesuffix("lab")
    assert shlex.split(shown["setup"][1]) == [
        "trainhub", "ssh-config", "--server", server, "--write", NAME,
    ]  # fmt: skip
    putty = {row["setting"]: row["value"] for row in shown["putty"]}
    command = f"trainhub ssh-proxy --server {server} {NAME}".replace("%", "%%")
    assert command in putty.values()


@pytest.mark.cluster
@pytest.mark.usefixtures("jp_fetch")  # which lets the server answer
async def test_a_wrong_token_is_told(machine: Machine) -> None:
    Path(machine.where[-1]).write_text("wrong")
    done = await asyncio.to_thread(machine.run, machine.trainhub("ssh", NAME, "true"))
    assert done.returncode == 1
    assert "does not accept the token" in done.stderr
