"""Reading containers of a real containerd on their node, and starting what was saved there."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.inpod import program
from jupyter_trainhub.registry.blob import Blob
from jupyter_trainhub.registry.client import Endpoint, Repository
from jupyter_trainhub.registry.composition import compose
from jupyter_trainhub.registry.layer import Compression, Spool, layer_descriptor
from jupyter_trainhub.registry.manifest import parse
from jupyter_trainhub.registry.source import BytesSource
from jupyter_trainhub.registry.tar import TarReader
from jupyter_trainhub.snapshotter.__main__ import UNSUPPORTED
from tests.conftest import eventually
from tests.distribution import Distribution
from tests.hub import change_set
from tests.registry.packing import CONFIG, LAYER, MANIFEST, configuration, member, tar
from tests.snapshotter.containerd import Container, Containerd, lacking

pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking() or "-")

View = dict[str, Any]
# As an instance has it: what is mounted is no part of what is saved.
MACHINE = [
    f"--mount=type=bind,src={path},dst={path},options=rbind:ro"
    for path in {"/usr", sys.base_prefix}
]
TOP = ("etc", "root", "srv", "tmp", "run", "proc", "sys", "dev")
LINKS = ("bin", "lib", "lib64")
SEEN = ("etc", "opt", "srv")
LOADER = (
    "import sys; n = int(sys.argv.pop(1)); exec(compile(sys.stdin.buffer.read(n), 'x', 'exec'))"
)


class Site:
    """A registry, with a base image of two layers, and a containerd that runs it."""

    def __init__(self, server: Distribution, runtime: Containerd) -> None:
        self.server, self.runtime = server, runtime
        self.repository = Repository(server.host, "team/x", Endpoint(server.url))
        folders = ("opt/old/sub/", "opt/replaced/", *(f"{name}/" for name in TOP))
        files = ("old/a", "old/sub/b", "replaced/x", "gone", "folder-to-be", "mode")
        top = tar(*((name, "") for name in folders), *((f"opt/{name}", name) for name in files))
        links = (member(name, tarfile.SYMTYPE, linkname=f"usr/{name}") for name in LINKS)
        bottom = tar(("usr/", ""), (f"{sys.base_prefix[1:]}/", ""), *links)
        config = {"Cmd": ["/usr/bin/sleep", "100000"], "Env": ["PATH=/usr/bin"]}
        self.image("base", configuration([bottom, top], **config), [bottom, top])

    def image(self, tag: str, config: bytes, layers: list[bytes]) -> str:
        """Push an image of layers that are not compressed; its name."""
        blobs = [(CONFIG, config), *((LAYER, layer) for layer in layers)]
        described, *rest = [
            {"mediaType": kind, "digest": self.repository.upload(BytesSource(blob)),
             "size": len(blob)}
            for kind, blob in blobs
        ]  # fmt: skip
        document = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": rest}
        self.repository.put_manifest(tag, json.dumps(document).encode(), MANIFEST)
        return tag

    def run(self, tag: str, *command: str) -> Container:
        """Pull and start an image."""
        name = f"{self.repository.name}:{tag}"
        self.runtime.pull(name)
        return self.runtime.run(name, *MACHINE, command=command)

    def read(self, container: Container, *, layers: int, **choice: Any) -> tuple[int, list[View]]:
        """Run the program; its exit status, and the lines that it printed."""
        files = self.runtime.folder
        (files / "choice.json").write_text(json.dumps(choice))
        command = [
            *(sys.executable, "-m", "jupyter_trainhub.snapshotter"),
            *("--container-id", container.id, "--target", self.repository.name),
            *("--to-url", self.server.url, "--choice", str(files / "choice.json")),
            *("--layers", str(layers), "--keep", "2"),
            *("--compression", choice.get("compression", "zstd")),
            *("--termination-log", str(files / "termination-log")),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.stdout, done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def save(self, container: Container, tag: str, *, base: str = "base", **choice: Any) -> View:
        """Save a container as an image; what the program told at the end."""
        layers = len(self.document(base)["layers"])
        code, lines = self.read(container, layers=layers, **choice)
        assert code == 0, lines
        done: View = lines[-1]["done"]
        self.name(tag, base, done["layer"])
        return done

    def name(self, tag: str, base: str, layer: View) -> None:
        """Make an image of a base and one layer."""
        found = self.document(base)
        packed = self.repository.blob(found["config"]["digest"], found["config"]["size"])
        document, kind, config = compose(
            found, parse(packed), [layer], keep=2, created="2026-11-22T12:00:00Z", history="x",
            labels={},
        )  # fmt: skip
        self.repository.upload(BytesSource(config))
        self.repository.put_manifest(tag, document, kind)

    def document(self, tag: str) -> View:
        """The manifest of an image."""
        found: View = json.loads(self.repository.manifest(tag).bytes)
        return found

    def entries(self, tag: str) -> list[str]:
        """The names in the uppermost layer of an image."""
        layer = self.document(tag)["layers"][-1]
        blob: Blob = self.repository.blob(layer["digest"], layer["size"])
        return [entry.path for entry, _ in TarReader(blob.content())]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server = Distribution(tmp_path_factory.mktemp("registry")).start()
    runtime = Containerd(tmp_path_factory.mktemp("containerd")).start()
    yield Site(server, runtime)
    runtime.stop()
    server.stop()


def change(container: Container) -> None:
    """Change all that can be changed in a container."""
    opt = container.root / "opt"
    change_set.odd(str(opt / "odd"))
    (opt / "odd" / "link").unlink()  # it leads to where this process sees the file
    os.setxattr(opt / "odd" / "mode 4755", "security.capability",
                bytes.fromhex("0100000200200000000000000000000000000000"))  # fmt: skip
    os.mknod(opt / "odd" / "device", stat.S_IFBLK | 0o600, os.makedev(7, 200))
    (opt / "old" / "a").unlink()
    (opt / "gone").unlink()
    shutil.rmtree(opt / "replaced")
    (opt / "replaced").mkdir()
    (opt / "replaced" / "new").write_text("new")
    (opt / "folder-to-be").unlink()
    (opt / "folder-to-be").mkdir()
    (opt / "mode").chmod(0o600)
    shutil.rmtree(opt / "old" / "sub")
    (opt / "old" / "sub").write_text("a file where a folder was")
    with (opt / "large").open("wb") as file:
        for number in range(6):
            file.write(bytes([number]) * (1 << 20))


def manifest(container: Container) -> View:
    """All files of a container that may be saved."""
    folders = [str(container.root / name) for name in SEEN]
    found = change_set.manifest(folders)
    here = str(container.root)
    return {
        path.removeprefix(here): [*fact, str(name).removeprefix(here)]
        for path, (*fact, name) in found.items()
    }


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
    assert "by itself" in lines[-1]["error"]["message"]


def test_what_cannot_be_read_from_outside(site: Site) -> None:
    container = site.run("base")
    code, lines = site.read(container, layers=7)
    assert code == UNSUPPORTED
    assert lines[-1]["error"]["reason"] == "Unsupported"
    code, lines = site.read(Container("0" * 64, 1), layers=2)
    assert code == 1
    assert lines[-1]["error"]["reason"] == "InstanceEnded"
