"""Layers that lie over the machine's own files: what they add, change and delete."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.runtime.image_store import ImageStore
from jupyter_trainhub.embedded.runtime.shim.root import origin
from jupyter_trainhub.embedded.runtime.shim.union import Union
from tests.embedded.sandbox.containers import Containers
from tests.registry.packing import docker_archive, member, tar

MACHINE = {"trainhub.jupyter.org/machine": "true"}


def unpacked(folder: Path, *layers: bytes) -> tuple[str, ...]:
    store = ImageStore(folder / "store" / "images", list)
    archive = docker_archive(folder / "image.tar", ["saved"], *layers, Labels=MACHINE)
    (image,) = store.load(archive)
    assert image.machine
    return store.folders(image)


def test_the_machine_shows_with_what_was_saved(containers: Containers, tmp_path: Path) -> None:
    beside = str(tmp_path).lstrip("/")  # an ancestor of the layers themselves, too
    for name in ("kept", "changed", "deleted", "folder/inside"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"machine's {name}\n")
    layers = unpacked(
        tmp_path,
        tar(
            ("usr/share/trainhub-new/file", "in a new folder\n"),
            ("etc/.wh.passwd", ""),
            ("etc/trainhub-new", "beside others\n"),
            ("trainhub-top", "at the top\n"),
            ("trainhub-folder/deep/file", "below the top\n"),
            ("home/.wh..wh..opq", ""),
            ("home/new/file", "alone\n"),
            (f"{beside}/changed", "saved\n"),
            (f"{beside}/.wh.deleted", ""),
            (f"{beside}/folder/more", "more\n"),
            (f"{beside}/store/beside", "the store\n"),
        ),
    )
    here = f"cd {tmp_path}; "
    shown = containers.shell(
        "exec 2>&1; cat /usr/share/trainhub-new/file /etc/trainhub-new /trainhub-top"
        " /trainhub-folder/deep/file; ls /home; ls /etc/passwd || echo no passwd; ls -d /usr/bin;"
        f"{here} cat kept changed folder/inside folder/more store/beside; ls deleted || echo gone",
        layers=layers,
        over_machine=True,
    )
    lines = [line for line in shown.splitlines() if not line.startswith("ls: ")]
    assert lines == [
        *("in a new folder", "beside others", "at the top", "below the top", "new", "no passwd"),
        *("/usr/bin", "machine's kept", "saved", "machine's folder/inside", "more", "the store"),
        "gone",
    ]
    assert (tmp_path / "deleted").exists()
    assert not Path("/trainhub-top").exists()


def test_what_is_written_over_it_stays_the_containers(
    containers: Containers, tmp_path: Path
) -> None:
    beside = str(tmp_path).lstrip("/")
    layers = unpacked(
        tmp_path, tar(("opt/saved", "saved\n"), ("trainhub-top", ""), (f"{beside}/a", "a\n"))
    )
    script = (
        "echo new > /opt/new; rm /opt/saved /trainhub-top; ls /opt; ls /trainhub-top || true;"
        f"cd {tmp_path}; echo more >> a; mv a b; cat b"
    )
    first = containers.shell(f"exec 2>&1; {script}", layers=layers, over_machine=True)
    assert first.splitlines()[-2:] == ["a", "more"]
    assert "saved" not in first
    again = containers.shell(
        f"cat /opt/saved {tmp_path}/a; ls /opt", layers=layers, over_machine=True
    )
    assert again.splitlines()[:2] == ["saved", "a"]
    assert "new" not in again.split()
    assert not Path("/opt/new").exists()


def test_folders_that_are_not_said_to_change_stay_as_the_machines(
    containers: Containers, tmp_path: Path
) -> None:
    layers = unpacked(tmp_path, tar(("tmp/trainhub-new", "")))
    shown = containers.shell("stat -c %a /tmp", layers=layers, over_machine=True)
    assert int(shown, 8) == stat.S_IMODE(os.stat("/tmp").st_mode)


def test_a_file_may_replace_a_folder_and_a_folder_a_file(
    containers: Containers, tmp_path: Path
) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    beside = str(tmp_path).lstrip("/")
    layers = unpacked(
        tmp_path,
        tar(
            (f"{beside}/folder", "now a file\n"),
            (f"{beside}/file/inner", "now in a folder\n"),
            (member(f"{beside}/link", b"2", linkname="file/inner"), ""),
        ),
    )
    script = f"cd {tmp_path}; cat folder file/inner link"
    shown = containers.shell(script, layers=layers, over_machine=True)
    assert shown.splitlines() == ["now a file", "now in a folder", "now in a folder"]


@pytest.fixture
def stacked(tmp_path: Path) -> Union:
    """Two layers: the upper one hides, replaces and deletes what the lower one has."""
    for path in ("lower/both", "lower/hidden/x", "upper/both", "upper/over/y"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "lower" / "over").write_text("a file")
    os.mknod(tmp_path / "upper" / "hidden", stat.S_IFCHR, 0)
    return Union([str(tmp_path / "lower"), str(tmp_path / "upper")], privileged=False)


def test_what_layers_have_at_a_path(stacked: Union, tmp_path: Path) -> None:
    def at(path: str) -> tuple[list[str], bool]:
        found, below = stacked.at(path)
        return [str(Path(entry).relative_to(tmp_path)) for entry in found], below

    assert at("/both") == (["upper/both", "lower/both"], True)
    assert at("/hidden") == ([], False)
    assert at("/hidden/x") == ([], False)
    assert at("/over") == (["upper/over"], False)
    assert at("/none") == ([], True)
    assert [path for path, _, _ in stacked.entries("/")] == ["/both", "/hidden", "/over"]


def test_where_a_path_is_whatever_is_mounted_there() -> None:
    text = (
        "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "21 20 8:2 / /data rw - ext4 /dev/sdb1 rw\n"
        "22 20 8:2 /homes /home rw - ext4 /dev/sdb1 rw\n"
    )
    assert origin("/etc/x", text) == ("8:1", "/etc/x")
    assert origin("/home/ada", text) == ("8:2", "/homes/ada")
    assert origin("/data", text) == ("8:2", "/")
