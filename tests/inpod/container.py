"""A container without a cluster: an overlay on a small base, of which ``start.sh`` is process 1."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from jupyter_trainhub.inpod import program
from tests.conftest import eventually

# Reads as much as it is sent, as TrainHub sends it.
LOADER = (
    "import sys; n = int(sys.argv.pop(1)); "
    "exec(compile(sys.stdin.buffer.read(n), 'rootfs_diff.py', 'exec'))"
)
STATE = "/trainhub-start"
# $1 the folder of the container, $2 the overlay's further options, then what is bound.
_START = """
set -e
cd "$1"
mount -t overlay -o "lowerdir=base,upperdir=upper,workdir=work$2" overlay root
shift 2
for path; do mount --rbind "$path" "root$path"; done
mount --bind state root/trainhub-start
mount --bind programs root/trainhub
mount -t proc proc root/proc
exec chroot root /bin/sh -c "$(cat programs/start.sh)"
"""
_PYTHON = Path(sys.base_prefix) / "bin" / "python3"
_BOUND = ["/usr", "/dev", *([] if _PYTHON.is_relative_to("/usr") else [sys.base_prefix])]
_BELOW = ("usr", "dev", "proc", "trainhub", "trainhub-start", sys.base_prefix[1:])


class Container:
    """One run of a container on ``folder``/base; ``user``: as whom its programs run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = folder / "base"
        for name in ("base", "upper", "work", "root", "state", "programs"):
            (folder / name).mkdir(parents=True)
        (folder / "state").chmod(0o777)
        for name in _BELOW:
            (self.base / name).mkdir(parents=True, exist_ok=True)
        for name in ("bin", "lib", "lib64"):
            (self.base / name).symlink_to(f"usr/{name}")
        for name in ("start.sh", "rootfs_diff.py"):
            (folder / "programs" / name).write_bytes(program(name))
        impatient = folder / "programs" / "bin" / "sleep"
        impatient.parent.mkdir()
        impatient.write_text('#!/bin/sh\n[ "$1" -lt 60 ] || exec /usr/bin/sleep "$@"\n')
        impatient.chmod(0o755)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when the names of what is in it are written down."""
        options = "" if os.geteuid() == 0 else ",userxattr"
        alone = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        self._process = subprocess.Popen(
            ["unshare", *alone, "--mount", "--pid", "--fork", "--kill-child",
             "/bin/sh", "-c", _START, "start", str(self.folder), options, *_BOUND],
            # First comes a `sleep` that does not wait long.
            env={"PATH": f"/trainhub/bin:{_PYTHON.parent}:/usr/bin:/bin:/usr/sbin"},
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        eventually(self._has_names, 20)

    def _has_names(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "it has ended"
        return (self.folder / "state" / "names.gz").exists()

    @property
    def root(self) -> Path:
        """Its root folder, from outside."""
        return Path(f"/proc/{self._pid()}/root")

    def _pid(self) -> int:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return int(children.read_text().split()[0])

    def popen(
        self, mode: str, options: dict[str, Any] | None = None, *wrapper: str, stderr: Any = None
    ) -> subprocess.Popen[bytes]:
        """Run the program in it, as TrainHub does."""
        source = program("rootfs_diff.py")
        whose = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        process = subprocess.Popen(
            ["nsenter", "--target", str(self._pid()), *whose, "--mount", "--pid", "--root", "--wd",
             *wrapper, str(_PYTHON), "-I", "-S", "-c", LOADER, str(len(source)), mode],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr or subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(source + json.dumps({"state": STATE, **(options or {})}).encode())
        process.stdin.write(b"\n")
        process.stdin.flush()
        return process

    def measure(self, *wrapper: str, **options: Any) -> dict[str, Any]:
        """What it says of what has changed."""
        found: dict[str, Any] = json.loads(self._printed("measure", options, *wrapper)[0])
        return found

    def layer(self, path: Path, *wrapper: str, **options: Any) -> dict[str, Any]:
        """Write the layer to a file; what is said at its end."""
        layer, told = self._printed("tar", options, *wrapper)
        path.write_bytes(layer)
        done: dict[str, Any] = json.loads(told.splitlines()[-1])["done"]
        return done

    def _printed(self, mode: str, options: dict[str, Any], *wrapper: str) -> tuple[bytes, bytes]:
        process = self.popen(mode, options, *wrapper)
        output, told = finish(process)
        assert process.returncode == 0, told.decode()
        return output, told

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def finish(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """The rest of what a program prints, and says; its input stays open until its end."""
    stdin, process.stdin = process.stdin, None
    output, told = process.communicate(timeout=60)
    assert stdin is not None
    stdin.close()
    return output, told


def copy(base: Path, target: Path) -> None:
    """Copy a tree with all that is known of its files."""
    subprocess.run(["cp", "-a", str(base), str(target)], check=True)


def apply(layer: Path, root: Path) -> None:
    """Apply a layer to a tree, as the OCI image specification says, with GNU tar."""
    names = []
    with tarfile.open(layer) as tar:
        for member in tar:
            path = root / member.name
            if path.name.startswith(".wh."):
                _remove(path.with_name(path.name[4:]))
            elif os.path.lexists(path) and not (member.isdir() and _is_folder(path)):
                _remove(path)
            names.append(member.name)
    assert len(names) == len(set(names)), "names are in it twice"
    subprocess.run(
        ["tar", "--extract", "--file", str(layer), "--directory", str(root), "--numeric-owner",
         "--same-permissions", "--xattrs", "--xattrs-include=*", "--exclude=.wh.*"],
        check=True,
    )  # fmt: skip


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)


def _remove(path: Path) -> None:
    if _is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink()


def manifest(root: Path) -> dict[bytes, Any]:
    """All that there is in a tree, without what is mounted: path -> what an image must keep."""
    top, found, links = os.fsencode(root), {}, dict[tuple[int, int], bytes]()
    hidden = {os.path.join(top, os.fsencode(name)) for name in _BELOW}
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if os.path.join(folder, name) not in hidden)
        for name in [b".", *folders, *sorted(files)]:
            path = os.path.join(folder, name)
            key, is_at = os.path.relpath(path, top), os.lstat(path)
            if stat.S_ISSOCK(is_at.st_mode):
                continue
            found[key] = entry = _entry(path, is_at)
            if not stat.S_ISDIR(is_at.st_mode):
                first = links.setdefault((is_at.st_dev, is_at.st_ino), key)
                if first != key:
                    entry["same"] = first
    return found


def _entry(path: bytes, is_at: os.stat_result) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "mode": oct(is_at.st_mode), "owner": (is_at.st_uid, is_at.st_gid), "device": is_at.st_rdev,
        "xattrs": {
            name: os.getxattr(path, name, follow_symlinks=False)
            for name in os.listxattr(path, follow_symlinks=False)
            if name.startswith(("user.", "security.capability"))
        },
    }  # fmt: skip
    if stat.S_ISLNK(is_at.st_mode):
        entry["target"] = os.readlink(path)
    elif stat.S_ISREG(is_at.st_mode):
        entry["content"] = hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).hexdigest()
    if not stat.S_ISDIR(is_at.st_mode):
        entry["mtime"] = int(is_at.st_mtime)
    return entry
