"""``trainhub ssh-config`` with what a Jupyter server elsewhere tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.cli.main import main
from jupyter_trainhub.ssh.host_key import new_key, public_key
from jupyter_trainhub.ssh.jupyter_server import JupyterServer

URL = "http://hub.example.org/"


@pytest.fixture
def token_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A token, and a home that is the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text("secret\n")
    return path


def tell(monkeypatch: pytest.MonkeyPatch, name: str, known_hosts: str) -> None:
    """What the server answers."""

    async def get(self: JupyterServer, path: str) -> Any:
        items = [{"name": name}] if path == "instances" else []
        return {"known_hosts": known_hosts} if path.endswith("/ssh") else {"items": items}

    async def post(self: JupyterServer, path: str, body: Any) -> Any:
        return {}

    monkeypatch.setattr(JupyterServer, "get", get)
    monkeypatch.setattr(JupyterServer, "post", post)


def write(token_file: Path) -> int:
    return main(["ssh-config", "--server", URL, "--token-file", str(token_file), "--write"])


def test_a_block_is_written_and_an_open_way_is_warned_of(
    token_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(monkeypatch, "lab", f"trainhub-1 {public_key(new_key())}")
    assert write(token_file) == 0
    assert "HostKeyAlias trainhub-1\n" in (token_file.parent / ".ssh/config.d/trainhub").read_text()
    shown = capsys.readouterr().err
    assert "nothing is encrypted" in shown
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("name", "known_hosts"),
    [
        ("lab\nHost *\n ProxyCommand id", "trainhub-1 ssh-ed25519 AAAA"),
        ("lab", "trainhub-1\n ProxyCommand id ssh-ed25519 AAAA"),
        ("lab", "trainhub-1 ssh-ed25519 AAAA\n* ssh-ed25519 BBBB"),
    ],
)
def test_a_server_puts_no_settings_of_its_own_into_files_of_ssh(
    token_file: Path, monkeypatch: pytest.MonkeyPatch, name: str, known_hosts: str
) -> None:
    tell(monkeypatch, name, known_hosts)
    assert write(token_file) == 2
    folder = token_file.parent / ".ssh"
    assert not (folder / "config.d").exists()
    assert not (folder / "trainhub_known_hosts").exists()
