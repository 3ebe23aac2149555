"""What a node's /proc says of containers, under every runtime."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_trainhub.inpod.rootfs_diff.mounts import mounts
from jupyter_trainhub.snapshotter.container import in_cgroup
from jupyter_trainhub.snapshotter.failures import Unsupported
from jupyter_trainhub.snapshotter.ids import Ids
from jupyter_trainhub.snapshotter.overlay import open_below, overlay

ID = "3f" * 32


@pytest.mark.parametrize(
    "cgroup",
    [
        f"0::/kubepods/burstable/pod1f/{ID}",
        f"0::/kubepods.slice/kubepods-pod1f.slice/cri-containerd-{ID}.scope",
        f"0::/kubepods.slice/kubepods-pod1f.slice/crio-{ID}.scope/container",
        f"0::/kubepods.slice/kubepods-pod1f.slice/docker-{ID}.scope/init.scope",
        f"0::/system.slice/containerd.service/kubepods-pod1f.slice:cri-containerd:{ID}",
        f"12:cpu,cpuacct:/\n11:memory:/kubepods/pod1f/{ID}\n0::/",
    ],
)
def test_processes_of_a_container(cgroup: str) -> None:
    assert in_cgroup(ID, cgroup)


@pytest.mark.parametrize(
    "cgroup",
    [
        "0::/",
        f"0::/kubepods.slice/crio-conmon-{ID}.scope",
        f"0::/kubepods/pod1f/{ID}0",
        f"0::/kubepods/pod1f/0{ID}",
        f"0::/kubepods/pod{ID}x/other",
    ],
)
def test_processes_of_others(cgroup: str) -> None:
    assert not in_cgroup(ID, cgroup)


STORE = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots"
CRIO = "/var/lib/containers/storage/overlay"


@pytest.mark.parametrize(
    ("options", "upper", "lowers"),
    [
        (
            f"rw,lowerdir={STORE}/2/fs:{STORE}/1/fs,upperdir={STORE}/3/fs,workdir={STORE}/3/work",
            f"{STORE}/3/fs",
            [f"{STORE}/2/fs", f"{STORE}/1/fs"],
        ),
        # Too long for a page, and so from a common folder.
        (f"rw,lowerdir=2/fs:1/fs,upperdir={STORE}/3/fs", f"{STORE}/3/fs",
         [f"{STORE}/2/fs", f"{STORE}/1/fs"]),
        # One option for each, as newer kernels have it.
        (f"rw,lowerdir+={CRIO}/l/B,lowerdir+={CRIO}/l/A,upperdir={CRIO}/x/diff,fsync=volatile",
         f"{CRIO}/x/diff", [f"{CRIO}/l/B", f"{CRIO}/l/A"]),
        # Escaped by whoever mounted it, and by the kernel.
        (r"rw,lowerdir=/a\134:b:/c\054d\040e,upperdir=/u\054v,userxattr", "/u,v",
         ["/a:b", "/c,d e"]),
    ],
)  # fmt: skip
def test_the_folders_of_an_overlay(options: str, upper: str, lowers: list[str]) -> None:
    line = f"951 193 0:253 / / rw,relatime - overlay overlay {options}"
    found = overlay(mounts(line.encode())[0])
    assert os.fsdecode(found.upper) == upper
    assert [os.fsdecode(path) for path in found.lowers] == lowers
    assert found.marks == ("user.overlay." if "userxattr" in options else "trusted.overlay.")


@pytest.mark.parametrize(
    "mounted",
    [
        "/ / rw - ext4 /dev/vda rw",
        "/ / rw - 9p none rw,trans=fd",
        "/ / ro - overlay overlay ro,lowerdir=/a:/b",
        "/sub / rw - overlay overlay rw,lowerdir=/a,upperdir=/u",
        "/ / rw - overlay overlay rw,lowerdir=/a::/data,upperdir=/u",
        "/ / rw - overlay overlay rw,lowerdir=/a,upperdir=/proc/self/fd/5",
    ],
)
def test_roots_that_cannot_be_read(mounted: str) -> None:
    with pytest.raises(Unsupported) as refused:
        overlay(mounts(f"1 2 0:3 {mounted}".encode())[0])
    assert "pod" in refused.value.remedy


def test_links_stay_on_the_node(tmp_path: Path) -> None:
    """Its root is no folder of ours, and its links are none either."""
    node = tmp_path / "node"
    (node / "data" / "store").mkdir(parents=True)
    (node / "data" / "store" / "here").touch()
    (node / "var").mkdir()
    (node / "var" / "lib").symlink_to("/data")
    (node / "data" / "l").mkdir()
    (node / "data" / "l" / "A").symlink_to("../../../../store/../data/store")
    (node / "loop").symlink_to("loop")
    root = os.open(node, os.O_RDONLY)
    for path in (b"/var/lib/store", b"/data/l/../store", b"data//store/"):
        found = open_below(root, path)
        assert os.listdir(found) == ["here"]
        os.close(found)
    (node / "store").symlink_to("data")
    assert os.listdir(open_below(root, b"/var/lib/l/A")) == ["here"]
    for path in (b"/loop", b"/nowhere", b"/data/store/here"):
        with pytest.raises(OSError, match=r"."):
            open_below(root, path)


def test_owners() -> None:
    ids = Ids.read("         0     100000      1000\n      1000       5000         1\n")
    assert [ids.inside(number) for number in (100000, 100007, 5000, 0)] == [0, 7, 1000, 65534]
    assert not ids.same
    assert Ids.read("         0          0 4294967295\n").same
