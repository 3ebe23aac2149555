"""Merged layers as another program unpacks them: umoci, the reference tool of OCI images."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry.composed import oci_layout
from tests.registry.layer_model import Folder
from tests.registry.packing import member, tar
from tests.registry.test_merge import layers, merged
from tests.registry.test_tar import described

pytestmark = pytest.mark.skipif(shutil.which("umoci") is None, reason="needs umoci")


def unpacked(folder: Path, *stack: bytes) -> dict[str, Any]:
    """What umoci makes of layers."""
    layout = oci_layout(folder / "layout", *stack)
    try:
        done = subprocess.run(
            ["umoci", "unpack", "--rootless", "--image", f"{layout}:image", folder / "out"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return described(folder / "out" / "rootfs")
    finally:
        shutil.rmtree(folder)


def test_all_kinds_of_entries(tmp_path: Path) -> None:
    sparse = tarfile.TarInfo("sparse")
    sparse.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "data/sparse",
        "GNU.sparse.realsize": "1000003",
    }
    name = "n\udcff" + "x" * 180
    timed = member("timed", mode=0o4755, mtime=0)
    timed.pax_headers = {"mtime": "1700000000.123456789", "SCHILY.xattr.user.kept": "a=b\0\udcff"}
    base = tar(("data/", b""), ("data/old", b"old"), ("gone/", b""), ("gone/x", b"x"), ("a", b"1"))
    lower = tar(
        (sparse, b"1\n1000000\n3\n".ljust(512, b"\0") + b"end"),
        (name, b"long"),
        (timed, b"timed"),
        member("again", tarfile.LNKTYPE, linkname="timed", mode=0o4755, mtime=1_700_000_000),
        member("fifo", tarfile.FIFOTYPE, mode=0o600, mtime=5),
        member("link", tarfile.SYMTYPE, linkname="../outside", mtime=5),
        member("gone/.wh.x"),
    )
    upper = tar(
        member(".wh.timed"),
        member(".wh.gone"),
        member("data", tarfile.DIRTYPE, mode=0o710),
        ("a", b"2"),
    )
    once = unpacked(tmp_path / "one", base, merged(lower, upper))
    twice = unpacked(tmp_path / "two", base, lower, upper)
    del once["a"], twice["a"]  # its time is that of unpacking
    assert once == twice
    assert twice["data/sparse"]


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.data())
def test_any_two_layers(data: st.DataObject) -> None:
    tree = Folder()
    stack = [data.draw(layers(tree, tidy=True)) for _ in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        once = unpacked(Path(folder) / "one", stack[0], merged(*stack[1:]))
        twice = unpacked(Path(folder) / "two", *stack)
    assert once == twice, json.dumps([repr(layer) for layer in stack])
