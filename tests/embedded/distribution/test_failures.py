"""What goes wrong while images come in: cuts, a killed cluster, a full disk, leftovers."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.embedded.runtime.content import KEPT, Content, Superseded
from jupyter_trainhub.embedded.runtime.image_store import ImageError, ImageStore
from tests.conftest import eventually
from tests.embedded.distribution.registry_client import RegistryClient
from tests.registry.packing import digest, docker_archive, tar

BLOCK = 1 << 20


@pytest.fixture
def small_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a cluster of the test's own, on a disk of 16 MiB."""
    if os.geteuid() != 0:
        pytest.skip("an ordinary user cannot mount one")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", disk], check=True)
    monkeypatch.setenv("TRAINHUB_CLUSTER_DIR", str(disk / "home"))
    yield disk / "home"
    lifecycle.stop()
    subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.cluster
def test_a_cut_request_loses_little(client: RegistryClient, name: str) -> None:
    place = client.begin(name)
    context = ssl.create_default_context(cadata=client.certificate)
    host, _, port = client.host.partition(":")
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: {client.host}\r\nContent-Length: {8 * BLOCK}\r\n"
        f"Authorization: Bearer {client.token}\r\n\r\n"
    )
    with (
        socket.create_connection((host, int(port))) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        connection.sendall(head.encode() + bytes(3 * BLOCK))
        received = eventually(lambda: int(
            client.ask("GET", place).headers["Range"].partition("-")[2]) + 1 >= 2 * BLOCK
        )  # fmt: skip
        assert received
    there = int(client.ask("GET", place).headers["Range"].partition("-")[2]) + 1
    whole = bytes(8 * BLOCK)
    span = f"{there}-{len(whole) - 1}"
    assert client.ask("PATCH", place, whole[there:], Content_Range=span).status == 202
    assert client.ask("PUT", f"{place}?digest={digest(whole)}").status == 201


@pytest.mark.cluster
def test_a_full_disk_is_told_and_left_as_it_was_and_a_kill_loses_no_bytes(small_home: Path) -> None:
    client = RegistryClient(lifecycle.start())
    data = os.urandom(4 * BLOCK)
    place = client.begin("ada/x")
    assert client.ask("PATCH", place, data[:BLOCK]).status == 202
    large = client.begin("ada/x")
    assert client.error(client.ask("PATCH", large, bytes(16 * BLOCK))) == (507, "UNKNOWN")
    assert client.ask("DELETE", large).status == 204
    os.kill(lifecycle.status()["pid"], signal.SIGKILL)
    eventually(lambda: lifecycle.status()["state"] == "stopped")
    client = RegistryClient(lifecycle.start())
    told = client.ask("GET", place)
    assert told.headers["Range"] == f"0-{BLOCK - 1}"
    assert client.ask("PUT", f"{place}?digest={digest(data)}", data[BLOCK:]).status == 201
    assert client.ask("GET", f"ada/x/blobs/{digest(data)}").data == data
    assert list((small_home / "images" / "uploads").iterdir()) == []


def test_who_came_last_goes_on_with_an_upload(tmp_path: Path) -> None:
    upload = Content(tmp_path).begin()
    assert upload.take("first") == 0
    upload.append(b"12", "first")
    assert upload.take("second") == 2
    with pytest.raises(Superseded):
        upload.append(b"3", "first")
    upload.append(b"3", "second")
    assert upload.commit(digest(b"123")) == digest(b"123")


def test_what_nobody_goes_on_with_goes_in_time(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "images", list)
    store.load(docker_archive(tmp_path / "image.tar", ["demo"], tar(("x", b""))))
    needed = {path.name for path in (tmp_path / "images" / "blobs" / "sha256").iterdir()}
    store.content.put(b"pushed, and no manifest of it")
    store.content.begin()
    store.sweep()
    folders = (tmp_path / "images" / "blobs" / "sha256", tmp_path / "images" / "uploads")
    left = {path for folder in folders for path in folder.iterdir() if path.name not in needed}
    assert len(left) == 2
    for folder in folders:
        for path in folder.iterdir():
            os.utime(path, (0, path.stat().st_mtime - KEPT - 60))
    store.sweep()
    assert {path.name for folder in folders for path in folder.iterdir()} == needed
    store.unload("demo")
    assert not any(path.exists() for path in left)
    assert list(folders[0].iterdir()) == []


def test_an_image_that_breaks_off_leaves_no_blobs(tmp_path: Path) -> None:
    broken = tar(("b", b"b"))[:1000]
    archive = docker_archive(tmp_path / "image.tar", ["demo"], tar(("a", b"")), broken)
    store = ImageStore(tmp_path / "images", list)
    with pytest.raises(ImageError, match="unexpected end of data"):
        store.load(archive)
    assert list((tmp_path / "images" / "blobs" / "sha256").iterdir()) == []
    assert list((tmp_path / "images" / "uploads").iterdir()) == []
