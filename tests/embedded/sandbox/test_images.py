"""Containers of unpacked images: their files are the image's, and so are users and groups."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.runtime import isolation
from jupyter_trainhub.embedded.runtime.container import Mount
from jupyter_trainhub.embedded.runtime.image_store import ImageStore
from jupyter_trainhub.embedded.runtime.shim import linux, users
from tests.embedded.sandbox.containers import Containers
from tests.registry.packing import docker_archive, member, programs, tar

SEVERAL = users.describe(privileged=linux.is_privileged(), image=True)["users"]
several_users = pytest.mark.skipif(not SEVERAL, reason="there is one user only")

ACCOUNTS = tar(
    ("etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:1000:1001::/home/ada:/bin/sh\n"),
    ("etc/group", "root:x:0:\nada:x:1001:\nwheel:x:10:ada,eve\n"),
    ("home/ada/", b""),
    (member("home/ada/own", uid=1000, gid=1001, mode=0o600), b"mine\n"),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The unpacked layers of an image with a shell and two accounts."""
    return unpacked(tmp_path_factory.mktemp("base"), programs(*PROGRAMS), ACCOUNTS)


PROGRAMS = ("sh", "cat", "chown", "id", "ls", "mkdir", "mknod", "mv", "rm", "touch")


def unpacked(folder: Path, *layers: bytes) -> tuple[str, ...]:
    store = ImageStore(folder / "images", list)
    (image,) = store.load(docker_archive(folder / "image.tar", ["demo"], *layers))
    return store.folders(image)


def test_it_sees_the_image_and_nothing_of_the_machine(
    containers: Containers, base: tuple[str, ...]
) -> None:
    text = containers.shell("ls /; ls /etc; ls /proc/1/root/; cat /etc/hostname", layers=base)
    root = ["bin", "dev", "etc", "home", "lib", "lib64", "proc", "sys"]
    assert [name for name in text.split() if name != "var"] == [
        *root, "group", "hostname", "passwd", "resolv.conf", *root, "pod-0",
    ]  # fmt: skip


def test_what_it_writes_stays_its_own(containers: Containers, base: tuple[str, ...]) -> None:
    script = "echo x > /new; rm /etc/group; mv /home/ada /home/eve; ls /; ls /etc /home"
    assert "new" in containers.shell(script, layers=base)
    text = containers.shell("ls / /etc /home", layers=base)
    assert "new" not in text
    assert {"group", "ada"} <= set(text.split())


def test_upper_layers_hide_what_they_say(
    containers: Containers, base: tuple[str, ...], tmp_path: Path
) -> None:
    lower = tar(*((name, b"") for name in ("a/1", "a/2", "b/1", "c/1", "d/1", "e/1", "f")))
    upper = tar(
        ("a/.wh.1", b""),
        ("b/.wh..wh..opq", b""),
        ("b/2", b""),
        (".wh.c", b""),
        *((".wh.d", b""), ("d/2", b"")),
        *(("e/2", b""), (".wh.e", b"")),
        *((".wh.f", b""), ("f", b"again")),
        ("bin/.wh.touch", b""),
    )
    layers = (*base, *unpacked(tmp_path, lower, upper))
    script = "exec 2>&1; cd /; echo a/* b/* c d/* e/*; cat f; touch x || echo gone; ls -a bin"
    shown, contents, *rest = containers.shell(script, layers=layers).split("\n")
    assert shown == "a/2 b/2 c d/2 e/2"
    assert contents.startswith("again")
    assert not any(".wh." in line for line in rest)
    _, text = containers.run("/bin/sh", "-c", "ls /c", layers=layers)
    assert "No such file" in text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "0 0 0"),
        ({"user": "ada"}, "1000 1001 10,1001"),
        ({"user": "1000"}, "1000 1001 10,1001"),
        ({"user": "1000:0"}, "1000 0 0,10"),
        ({"user": "ada:wheel"}, "1000 10 10"),
        ({"user": "77"}, "77 0 0"),
        ({"user": "77:88"}, "77 88 88"),
        ({"user": "ada", "uid": 0}, "0 0 0"),
        ({"user": "ada", "gid": 5}, "1000 5 5,10"),
        ({"user": "ada", "groups": (30, 20)}, "1000 1001 10,20,30,1001"),
    ],
)
def test_the_command_runs_as_the_images_user(
    containers: Containers, base: tuple[str, ...], fields: dict[str, object], expected: str
) -> None:
    text = containers.shell('echo "$(id -u) $(id -g) $(id -G)"', layers=base, **fields)
    uid, gid, groups = text.strip().split(" ", 2)
    assert [uid, gid] == expected.split()[:2]
    if SEVERAL:
        assert sorted(map(int, groups.split())) == [int(g) for g in expected.split()[2].split(",")]


def test_executed_commands_run_as_that_user_too(
    containers: Containers, base: tuple[str, ...]
) -> None:
    running = containers.start_shell("echo ready; read x < /dev/zero", layers=base, user="ada")
    argv = running.exec_argv(["id", "-u"])
    assert subprocess.run(argv, capture_output=True, text=True).stdout == "1000\n"


def test_a_user_that_the_image_does_not_know_is_told(
    containers: Containers, base: tuple[str, ...]
) -> None:
    exited, _ = containers.run("/bin/sh", layers=base, user="eve")
    assert (exited.code, exited.reason) == (128, "StartError")
    assert exited.message.endswith("unable to find user eve: no matching entries in passwd file")


def test_the_environment_has_what_every_container_has(
    containers: Containers, base: tuple[str, ...]
) -> None:
    script = 'echo "$HOME $HOSTNAME $PATH $A"'
    text = containers.shell(script, layers=base, user="ada", env={"A": "b"})
    usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    assert text == f"/home/ada pod-0 {usual} b\n"


@several_users
def test_files_belong_to_several_users(containers: Containers, base: tuple[str, ...]) -> None:
    script = "cat /home/ada/own; ls -ln /home/ada; echo x > /home/ada/other"
    exited, text = containers.run("/bin/sh", "-c", script, layers=base, user="ada")
    assert text.startswith("mine\n")
    assert " 1000 1001 " in text
    assert exited.code != 0  # the folder is root's
    script = "touch /f; chown 5:6 /f; ls -ln /f; mknod /d c 1 3"
    exited, text = containers.run("/bin/sh", "-c", script, layers=base)
    assert " 5 6 " in text
    assert exited.code != 0  # no devices


def test_a_root_that_is_read_only_takes_writes_in_volumes_only(
    containers: Containers, base: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "volume").mkdir()
    mounts = (Mount("/data", str(tmp_path / "volume")),)
    script = "touch /data/x; touch /dev/shm/x; touch /x 2>&1 || touch /etc/x 2>&1 || :"
    for layers in (base, ()):
        text = containers.shell(script, layers=layers, mounts=mounts, read_only=True)
        assert text.count("Read-only file system") == 2
        assert (tmp_path / "volume" / "x").exists()


def test_a_link_to_nothing_where_a_file_is_given_is_followed_inside(
    containers: Containers, base: tuple[str, ...], tmp_path: Path
) -> None:
    link = tar(
        member("etc/resolv.conf", tarfile.SYMTYPE, linkname="../run/systemd/resolv.conf"),
        member("data", tarfile.SYMTYPE, linkname="/srv/data"),
    )
    layers = (*base, *unpacked(tmp_path, link))
    mounts = (Mount("/data", str(tmp_path)),)
    text = containers.shell("cat /run/systemd/resolv.conf; ls /srv/data", layers=layers,
                            mounts=mounts)  # fmt: skip
    assert "image.tar" in text
    assert not Path("/srv/data").exists()


def test_what_the_kernel_forbids_an_ordinary_user_is_said(
    containers: Containers, base: tuple[str, ...]
) -> None:
    container = containers.describe("x", layers=base, uid=1234, groups=(7,))
    said = " ".join(isolation.limits(container))
    words = ("user 1234 is a number only", "groups 7 are not given", "chown")
    assert [word in said for word in words] == [not SEVERAL] * 3
    assert isolation.limits(containers.describe("x")) == []
