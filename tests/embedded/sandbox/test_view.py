"""What a container sees of the machine, and that the machine sees nothing of it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.runtime.sandbox import Mount
from jupyter_trainhub.embedded.runtime.shim import view
from jupyter_trainhub.embedded.runtime.shim.root import mount_points
from tests.embedded.sandbox.containers import PATH, Containers

# A root of one's own needs programs: those of the machine, as volumes.
PROGRAMS = tuple(Mount(path, path, read_only=True) for path in ("/usr", "/bin", "/lib", "/lib64"))


def test_it_has_a_name_and_processes_of_its_own(containers: Containers) -> None:
    text = containers.shell("echo $$; hostname; ls /proc | grep -c '^[0-9]'", hostname="trainer-3")
    pid, hostname, processes = text.split()
    assert (pid, hostname) == ("1", "trainer-3")
    assert int(processes) <= 3
    assert os.uname().nodename != "trainer-3"


def test_its_environment_is_the_one_given(containers: Containers) -> None:
    env = {"PATH": PATH, "A": "b c", "HOME": "/somewhere"}
    _, text = containers.run("env", env=env, hostname="h")
    assert dict(line.split("=", 1) for line in text.splitlines()) == {**env, "HOSTNAME": "h"}


def test_home_is_the_users_where_not_given(containers: Containers) -> None:
    assert containers.shell("echo $HOME").strip() == pwd.getpwuid(os.geteuid()).pw_dir


def test_the_working_folder_is_made(containers: Containers, tmp_path: Path) -> None:
    folder = str(tmp_path / "not" / "there")
    assert containers.shell("pwd", cwd=folder).strip() == folder
    assert not os.path.exists(folder)


def test_it_reads_the_machine_and_writes_to_itself(containers: Containers, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("machine\n")
    script = (
        f"cat {file}; echo pod > {file}; cat {file}; rm -r {tmp_path}; touch /tmp/of-the-pod /x"
    )
    containers.folder = tmp_path.parent / f"{tmp_path.name}-state"
    assert containers.shell(script).split() == ["machine", "pod"]
    assert file.read_text() == "machine\n"
    assert not os.path.exists("/tmp/of-the-pod")
    assert not os.path.exists("/x")


def test_layers_lie_one_on_the_other(containers: Containers, tmp_path: Path) -> None:
    for name, text in (("lower", "a"), ("upper", "b")):
        (tmp_path / name / "etc").mkdir(parents=True)
        (tmp_path / name / "etc" / "release").write_text(text)
        (tmp_path / name / "etc" / name).touch()
    layers = (str(tmp_path / "lower"), str(tmp_path / "upper"))
    script = "cat /etc/release; echo; ls /etc; ls /; echo c > /etc/release"
    text = containers.shell(script, layers=layers, mounts=PROGRAMS)
    shown = ["bin", "dev", "etc", "lib", "lib64", "proc", "sys", "usr"]
    names = ["hostname", "lower", "release", "resolv.conf", "upper"]
    assert text.split() == ["b", *names, *shown]
    assert (tmp_path / "upper" / "etc" / "release").read_text() == "b"


def test_volumes_are_the_machines_own_files(containers: Containers, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "hosts").write_text("127.0.0.9 pod-0\n")
    mounts = (
        Mount("/data/inner/deep", str(tmp_path / "data"), read_only=True),
        Mount("/data", str(tmp_path / "data")),
        Mount("/etc/hosts", str(tmp_path / "hosts"), read_only=True),
    )
    script = """
        cat /etc/hosts
        echo written > /data/result
        cat /data/inner/deep/result
        if echo x > /data/inner/deep/result; then exit 1; fi 2>/dev/null
        if echo x > /etc/hosts; then exit 1; fi 2>/dev/null
    """
    assert containers.shell(script, mounts=mounts) == "127.0.0.9 pod-0\nwritten\n"
    assert (tmp_path / "data" / "result").read_text() == "written\n"


def test_a_tmpfs_holds_what_it_may(containers: Containers) -> None:
    mounts = (Mount("/scratch", None, size=1 << 20), Mount("/dev/shm", None, size=2 << 20))
    script = """
        for folder in /scratch /dev/shm; do
            stat -f -c '%T %b %S' $folder
            if head -c 3M /dev/zero > $folder/file; then exit 1; fi 2>/dev/null
            stat -c %s $folder/file
        done
    """
    text = containers.shell(script, mounts=mounts)
    assert text == f"tmpfs 256 4096\n{1 << 20}\ntmpfs 512 4096\n{2 << 20}\n"


def test_a_folder_to_hide_is_empty_in_volumes_too(containers: Containers, tmp_path: Path) -> None:
    secret = tmp_path / "state" / "secret"
    secret.mkdir(parents=True)
    (secret / "token").touch()
    (tmp_path / "state" / "volume").mkdir()
    mounts = (Mount("/all", str(tmp_path)), Mount("/data", str(tmp_path / "state" / "volume")))
    script = f"ls {secret} /all/state/secret {secret.parent}; umount /all/state/secret && exit 1; :"
    containers.folder = tmp_path.parent / f"{tmp_path.name}-state"
    text = containers.shell(script, mounts=mounts, hide=(str(secret),))
    assert "token" not in text
    assert "volume" in text


def test_its_own_state_is_hidden(containers: Containers) -> None:
    container = containers.describe("x")
    script = f"ls -A {containers.folder}/container-1"
    assert containers.shell(script).strip() == "", container.directory


def test_a_link_in_an_image_does_not_lead_out(containers: Containers, tmp_path: Path) -> None:
    (tmp_path / "layer").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "layer" / "link").symlink_to(tmp_path / "outside")
    Path(f"{tmp_path}/layer/{tmp_path}/outside").mkdir(parents=True)
    mounts = (*PROGRAMS, Mount("/link/inside", None))
    script = "touch /link/inside/file; echo /link/inside/*"
    text = containers.shell(script, layers=(str(tmp_path / "layer"),), mounts=mounts)
    assert text == "/link/inside/file\n"
    assert list((tmp_path / "outside").iterdir()) == []


def test_it_has_few_devices(containers: Containers) -> None:
    text = containers.shell("ls /dev; echo x > /dev/null; head -c 4 /dev/urandom | wc -c")
    assert {*text.split()} - {"mqueue"} == {
        *("fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout"),
        *("termination-log", "tty", "uppers", "urandom", "zero", "4"),
    }


def test_it_finds_what_it_has_written(containers: Containers) -> None:
    text = containers.shell(
        "echo x >/opt/made-here; for upper in /dev/uppers/*; do"
        ' echo "$(readlink "$upper/place")" $(cd "$upper/files" && find . -name made-here); done;'
        " touch /dev/uppers/0/files/x || echo refused"
    )
    assert "refused" in text
    # An overlay of /, or one of /opt where an ordinary user runs the cluster.
    found = [line.split() for line in text.splitlines() if "made-here" in line]
    assert found in ([["/", "./opt/made-here"]], [["/opt", "./made-here"]])


def test_gpus_are_seen_by_those_who_were_given_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "listdir", lambda _: ["nvidiactl", "sda", "nvidia0"])
    usual = set(view.device_names({}))
    assert set(view.device_names({"CUDA_VISIBLE_DEVICES": ""})) == usual
    granted = set(view.device_names({"CUDA_VISIBLE_DEVICES": "0"}))
    assert granted == usual | {"nvidia0", "nvidiactl"}


@pytest.mark.parametrize(
    "attempt",
    [
        "mount -t tmpfs none /mnt",
        "umount /proc/sys",
        "echo 1 > /proc/sys/kernel/panic",
        "mknod /tmp/disk b 254 0",
        "hostname other",
        "mkdir /sys/fs/cgroup/mine",
    ],
)
def test_it_cannot_reach_beyond_itself(containers: Containers, attempt: str) -> None:
    for uid in (None, 0):
        exited, text = containers.run("/bin/sh", "-c", attempt, uid=uid)
        assert exited.code != 0, text


def test_the_command_runs_as_whom_it_should(containers: Containers) -> None:
    script = "echo $(id -u) $(id -g)"
    assert containers.shell(script).split() == [str(os.geteuid()), str(os.getegid())]
    assert containers.shell(script, uid=0).split() == ["0", "0"]
    assert containers.shell(script, uid=1234, gid=4321).split() == ["1234", "4321"]


def test_mount_points_are_read_with_their_escapes() -> None:
    text = (
        "1 0 8:1 / / rw shared:1 - ext4 /dev/sda rw\n"
        "2 1 0:5 / /proc rw - proc proc rw\n"
        "3 1 8:2 / /srv/my\\040data rw master:2 - xfs /dev/sdb rw\n"
        "4 1 0:9 / /devices rw - tmpfs none rw\n"
    )
    assert mount_points(text) == {"/": "ext4", "/devices": "tmpfs", "/srv/my data": "xfs"}
