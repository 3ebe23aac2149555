"""A registry and a containerd with a base image, whose containers are saved as images again."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from typing import Any

from jupyter_trainhub.registry.client import Endpoint, Repository
from jupyter_trainhub.registry.composition import compose
from jupyter_trainhub.registry.manifest import parse
from jupyter_trainhub.registry.source import BytesSource
from jupyter_trainhub.registry.tar import TarReader
from tests.distribution import Distribution
from tests.hub import change_set
from tests.registry.packing import CONFIG, LAYER, MANIFEST, configuration, member, tar
from tests.snapshotter.containerd import Container, Containerd

View = dict[str, Any]
# As an instance has it: what is mounted is no part of what is saved.
MACHINE = [
    f"--mount=type=bind,src={path},dst={path},options=rbind:ro"
    for path in {"/usr", sys.base_prefix}
]
TOP = ("etc", "root", "srv", "tmp", "run", "proc", "sys", "dev")
LINKS = ("bin", "lib", "lib64")
SEEN = ("etc", "opt", "srv")


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

    def run_as_other_users(self) -> Container:
        """Start the base image in a user namespace: its root is another user on the node."""
        name = f"{self.repository.name}:base"
        self.runtime.pull(name)
        maps = [f"--{kind}map=0:100000:65536" for kind in ("uid", "gid")]
        return self.runtime.run(name, *maps, "--mount=type=bind,src=/usr,dst=/usr,options=rbind:ro")

    def run_without_overlay(self) -> Container:
        """Start the base image on a copy of its files."""
        name = f"{self.repository.name}:base"
        self.runtime("image", "pull", "--plain-http", "--snapshotter", "native", name)
        return self.runtime.run(name, "--snapshotter", "native", *MACHINE)

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
        blob = self.repository.blob(layer["digest"], layer["size"])
        return [entry.path for entry, _ in TarReader(blob.content())]


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
