"""Reading containers of a real containerd on their node, and starting what was saved there."""

from __future__ import annotations

import json
import os
import shutil
import struct
import sys
import threading
from pathlib import Path

import pytest

from jupyter_trainhub.inpod import program
from jupyter_trainhub.registry.layer import Compression, Spool, layer_descriptor
from jupyter_trainhub.snapshotter.__main__ import UNSUPPORTED
from tests.conftest import eventually
from tests.snapshotter.containerd import Container
from tests.snapshotter.site import Site, change, manifest

LOADER = (
    "import sys; n = int(sys.argv.pop(1)); exec(compile(sys.stdin.buffer.read(n), 'x', 'exec'))"
)


@pytest.mark.parametrize("compression", ["zstd", "gzip"])
def test_what_is_saved_starts_again_byte_for_byte(site: Site, compression: Compression) -> None:
    container = site.run("base")
    change(container)
    done = site.save(container, f"all-{compression}", compression=compression)
    again = site.run(f"all-{compression}")
    assert manifest(again) == manifest(container)
    assert done["deletions_known"]
    assert done["deleted"] == 2
    assert (again.root / "opt" / "odd" / "device").lstat().st_rdev == os.makedev(7, 200)
    capability = os.getxattr(again.root / "opt" / "odd" / "mode 4755", "security.capability")
    assert capability.hex().startswith("0100000200200000")
    short = json.loads((site.runtime.folder / "termination-log").read_text())["done"]
    assert short["layer"] == done["layer"]
    assert short["files"] == done["files"]


def test_saved_again_it_is_one_layer_and_what_was_deleted_is_gone(site: Site) -> None:
    container = site.run("base")
    change(container)
    (container.root / "opt" / "secret").write_text("it must not be in the next image")
    site.save(container, "first")
    second = site.run("first")
    opt = second.root / "opt"
    (opt / "secret").unlink()
    change_set_again = opt / "odd"
    (change_set_again / "plain").unlink()  # its other name keeps the content
    (change_set_again / "sparse").write_text("small now")
    shutil.rmtree(opt / "replaced")
    (opt / "gone").mkdir()  # a folder where the base has a file, and the first image nothing
    (opt / "gone" / "x").write_text("x")
    site.save(second, "second", base="first")
    assert len(site.document("second")["layers"]) == 3
    assert manifest(site.run("second")) == manifest(second)
    names = site.entries("second")
    assert not any(name.endswith("secret") for name in names)
    # Marks only where the base has something.
    assert "opt/.wh.replaced" in names
    assert "opt/odd/.wh..wh..opq" not in names


def test_it_is_what_is_read_from_within(site: Site) -> None:
    container = site.run("base")
    state = container.root / "tmp" / "state"
    state.mkdir(parents=True)
    (state / "started").write_text(Path("/proc/uptime").read_text())
    source = program("rootfs_diff.py")
    inside = ["python3", "-I", "-S", "-c", LOADER, str(len(source))]
    environment = ["/usr/bin/env", f"PATH={Path(sys.base_prefix) / 'bin'}:/usr/bin"]
    inside = [*environment, *inside]
    site.runtime.execute(container, *inside, "names", "/tmp/state", stdin=source)
    change(container)
    options = {"state": "/tmp/state", "exclude": ["/tmp/**"]}
    line = json.dumps(options).encode() + b"\n"
    spool = Spool(site.runtime.folder / "spool")
    spool.write(site.runtime.execute(container, *inside, "tar", stdin=source + line))
    spool.finish()
    site.repository.upload(spool)
    site.name("within", "base", {**layer_descriptor(spool), "diff_id": spool.diff_id})
    site.save(container, "outside", exclude=["/tmp/**"])
    assert manifest(site.run("within")) == manifest(site.run("outside"))
    spool.remove()


def test_what_is_left_out_mounted_or_secret(site: Site) -> None:
    container = site.run("base")
    root = container.root
    (root / "opt" / "cache").mkdir()
    (root / "opt" / "cache" / "x").write_text("x")
    (root / "root" / ".netrc").write_text("machine a login b password c")
    (root / "root" / "key").write_text("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhki\n")
    (root / "run" / "x").write_text("on a mount")
    secret = ["**/.netrc"]
    code, lines = site.read(container, layers=2, secrets="report", secret_paths=secret)
    assert code == 1
    assert lines[-1]["error"]["reason"] == "SecretsFound"
    assert {found["path"] for found in lines[0]["measured"]["secrets"]} == {
        "/root/.netrc", "/root/key"}  # fmt: skip
    site.save(container, "less", exclude=["/opt/cache/**"], secrets="exclude", secret_paths=secret)
    assert [name for name in site.entries("less") if name] == ["opt", "opt/cache", "root"]


def test_files_that_are_written_to_meanwhile(site: Site) -> None:
    container = site.run("base")
    restless = container.root / "opt" / "restless"
    restless.write_bytes(bytes(24 << 20))
    ending = threading.Event()

    def write() -> None:
        with restless.open("ab") as file:
            while not ending.wait(0.001):
                file.write(b"x" * 1000)
                file.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = site.save(container, "restless")
    finally:
        ending.set()
        writer.join()
    assert done["changed_while_read"] == ["/opt/restless"]
    assert (site.run("restless").root / "opt" / "restless").stat().st_size >= 24 << 20


def test_a_root_that_the_container_has_made_itself_is_not_believed(site: Site) -> None:
    """Its upper folder would be named by whoever mounted it: anybody's, on the node."""
    mounts = (
        "mount -t tmpfs x /tmp && mkdir /tmp/upper /tmp/work /tmp/root && "
        "mount -t overlay -o lowerdir=/etc:/opt,upperdir=/tmp/upper,workdir=/tmp/work x /tmp/root"
        " && mkdir /tmp/root/usr && mount --rbind /usr /tmp/root/usr && "
        "ln -s usr/lib usr/lib64 /tmp/root && exec /usr/sbin/chroot /tmp/root /usr/bin/sleep 100000"
    )
    alone = ["/usr/bin/unshare", "--user", "--map-root-user", "--mount"]
    container = site.run("base", *alone, "/usr/bin/sh", "-c", mounts)
    arguments = Path(f"/proc/{container.pid}/cmdline")
    eventually(lambda: arguments.read_bytes().startswith(b"/usr/bin/sleep"), 10)
    code, lines = site.read(container, layers=2)
    assert code == UNSUPPORTED
    assert "its own processes" in lines[-1]["error"]["message"]


def test_users_of_its_own(site: Site) -> None:
    """Numbers of owners are those inside; so are lists of them, and capabilities."""
    container, first = site.run_as_other_users(), 100000
    mine = container.root / "opt" / "mine"
    mine.mkdir()
    os.chown(mine, first, first)
    for name, owner in (("root", 0), ("other", 7)):
        (mine / name).touch()
        os.chown(mine / name, first + owner, first + owner)
    granted = struct.pack("<6I", 0x3000001, 8192, 0, 0, 0, first)
    os.setxattr(mine / "root", "security.capability", granted)
    nobody = 0xFFFFFFFF
    listed = [(1, 6, nobody), (2, 4, first + 7), (4, 4, nobody), (16, 4, nobody), (32, 0, nobody)]
    packed = b"".join(struct.pack("<HHI", *entry) for entry in listed)
    os.setxattr(mine / "other", "system.posix_acl_access", struct.pack("<I", 2) + packed)
    (container.root / "opt" / "gone").unlink()
    site.save(container, "own-users")
    mine = site.run("own-users").root / "opt" / "mine"
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in mine.iterdir()}
    assert owners == {"root": (0, 0), "other": (7, 7)}
    assert (mine.stat().st_uid, (mine.parent / "mode").stat().st_uid) == (0, 0)
    capability = os.getxattr(mine / "root", "security.capability")
    assert struct.unpack("<5I", capability)[:2] == (0x2000001, 8192)
    acl = os.getxattr(mine / "other", "system.posix_acl_access")[4:]
    assert (2, 4, 7) in struct.iter_unpack("<HHI", acl)
    assert not (mine.parent / "gone").exists()


def test_what_cannot_be_read_from_outside(site: Site) -> None:
    container = site.run_without_overlay()
    code, lines = site.read(container, layers=2)
    assert code == UNSUPPORTED
    assert lines[-1]["error"]["reason"] == "Unsupported"
    code, lines = site.read(Container("0" * 64, 1), layers=2)
    assert code == 1
    assert lines[-1]["error"]["reason"] == "InstanceEnded"
