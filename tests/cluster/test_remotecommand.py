"""kubectl exec, attach, run and cp."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.lab import Lab
from tests.cluster.pods import pod
from tests.cluster.terminal import Terminal
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

SHELL = ("env", "PS1=# ", "sh", "-i")  # one prompt, whoever the image's user is


@pytest.fixture(scope="module")
def here(kubeconfig: Path, lab: Lab, image: str) -> Kubectl:
    """kubectl in a namespace where a pod ``stay`` waits."""
    kubectl = Kubectl(kubeconfig, lab.namespace)
    kubectl.apply(pod("stay", image, "exec sleep 600"))
    kubectl("wait", "--for=condition=Ready", "pod/stay", "--timeout=60s")
    return kubectl


@pytest.fixture(params=["websocket", "spdy"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which kubectl speaks to a container."""
    by_websocket = str(request.param == "websocket").lower()
    monkeypatch.setenv("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", by_websocket)
    return str(request.param)


@pytest.mark.usefixtures("transport")
class TestExec:
    def test_streams_and_exit_code(self, here: Kubectl) -> None:
        script = "cat; echo error >&2; exit 7"
        done = here.run("exec", "-i", "stay", "--", "sh", "-c", script, stdin="through\n")
        told = "error\ncommand terminated with exit code 7\n"
        assert (done.returncode, done.stdout, done.stderr) == (7, "through\n", told)

    def test_bytes_pass_as_they_are(self, here: Kubectl) -> None:
        data = os.urandom(3 << 20)
        line = here.arguments("exec", "-i", "stay", "--", "cat")
        done = subprocess.run(line, input=data, capture_output=True, check=True, timeout=60)
        assert done.stdout == data

    @pytest.mark.parametrize(
        ("command", "reason"),
        [
            ("nope", 'exec: "nope": executable file not found in $PATH'),
            ("/nope", 'exec: "/nope": stat /nope: no such file or directory'),
            ("/etc/passwd", 'exec: "/etc/passwd": permission denied'),
        ],
    )
    def test_what_cannot_be_executed(self, here: Kubectl, command: str, reason: str) -> None:
        done = here.run("exec", "stay", "--", command)
        assert done.returncode == 1
        assert "error executing command in container: failed to exec in container: " in done.stderr
        start = "OCI runtime exec failed: exec failed: unable to start container process: "
        assert done.stderr.rstrip().endswith(start + reason)

    def test_a_container_that_does_not_run(self, here: Kubectl, image: str) -> None:
        name = "down"
        here.apply(pod(name, image, "exit 1", restartPolicy="Always"))
        eventually(lambda: "CrashLoopBackOff" in here("get", "pod", name))
        done = here.run("exec", name, "--", "true")
        assert 'unable to upgrade connection: container not found ("main")' in done.stderr

    def test_a_terminal(self, here: Kubectl) -> None:
        shell = Terminal(here.arguments("exec", "-it", "stay", "--", *SHELL), 30, 90)
        shell.until("# ")
        shell.type("stty size; tty; echo $TERM\n")
        assert shell.until("xterm\r\n").endswith("30 90\r\n/dev/pts/0\r\n")
        shell.type("trap 'echo caught' INT; (echo re''ady; exec sleep 600)\n")
        shell.until("ready\r\n")
        shell.type("\x03")
        shell.until("caught")
        shell.resize(40, 120)
        shell.until("# ")
        # The new size is on its way on a channel of its own.
        shell.type("until [ \"$(stty size)\" = '40 120' ]; do sleep 0.05; done; echo re''sized\n")
        shell.until("resized\r\n")
        shell.type("exit 5\n")
        assert shell.wait() == 5


@pytest.mark.parametrize(
    ("target", "arguments", "told"),
    [
        ("nope", [], 'pods "nope" not found'),
        ("stay", ["-c", "nope"], "container nope is not valid for pod stay"),
    ],
)
def test_no_such_container(here: Kubectl, target: str, arguments: list[str], told: str) -> None:
    assert told in here.run("exec", target, *arguments, "--", "true").stderr


def test_a_pod_that_no_node_runs(here: Kubectl, image: str) -> None:
    here.apply(pod("huge", image, "true", resources={"requests": {"cpu": "1000"}}))
    assert "pod huge does not have a host assigned" in here.run("exec", "huge", "--", "true").stderr


def test_attach_hears_what_is_said_from_now_on(here: Kubectl, image: str) -> None:
    script = "i=0; while :; do i=$((i+1)); echo line $i; echo err $i >&2; sleep 0.2; done"
    here.apply(pod("talk", image, script))
    here("wait", "--for=condition=Ready", "pod/talk", "--timeout=60s")
    command = subprocess.Popen(here.arguments("attach", "talk"), stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    lines = [command.stdout.readline() for _ in range(3)]
    command.kill()
    command.communicate()
    first = int(lines[0].removeprefix("line "))
    assert lines == [f"line {n}\n" for n in range(first, first + 3)]


def test_run_gives_input_to_a_container(here: Kubectl, image: str) -> None:
    arguments = ("run", "-i", "--rm", "--quiet", "--restart=Never", f"--image={image}")
    done = here.run(*arguments, "eat", "--", "sh", "-c", "cat; exit 3", stdin="one\ntwo\n")
    assert done.stdout.endswith("one\ntwo\n")
    assert done.returncode == 3
    assert here.run("get", "pod", "eat").returncode == 1


def test_run_with_a_terminal(here: Kubectl, image: str) -> None:
    arguments = ("run", "-it", "--rm", "--restart=Never", f"--image={image}", "desk")
    shell = Terminal(here.arguments(*arguments, "--", *SHELL), 25, 70)
    shell.until("try pressing enter")
    shell.type("\n")
    shell.until("# ")
    shell.type("until [ \"$(stty size)\" = '25 70' ]; do sleep 0.05; done; tty\n")
    shell.until("/dev/pts/0\r\n")
    shell.type("exit 4\n")
    assert shell.wait() == 4


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of many files, and a large one."""
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    for number in range(300):
        (folder / "deep" / f"{number}.txt").write_text(str(number))
    (folder / "large").write_bytes(os.urandom(8 << 20))
    return folder


def test_cp_both_ways(here: Kubectl, files: Path, tmp_path: Path) -> None:
    def contents(folder: Path) -> dict[Any, bytes]:
        return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    here("cp", str(files), "stay:/tmp/files")
    here("cp", "stay:/tmp/files", str(tmp_path / "back"))
    assert contents(tmp_path / "back") == contents(files)
