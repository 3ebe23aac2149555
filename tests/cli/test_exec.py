"""``trainhub exec`` in an instance of the cluster under test."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.terminal import Terminal
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

MAIN = "import sys; from jupyter_trainhub.cli.main import main; sys.exit(main(sys.argv[1:]))"

Command = Callable[..., list[str]]


@pytest.fixture(scope="module")
def execute(kubeconfig: Path, image: str) -> Iterator[Command]:
    """The command line of ``trainhub exec``, in a namespace with an instance ``dev``."""
    kubectl = Kubectl(kubeconfig, f"test-{uuid.uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    eventually(lambda: kubectl.run("get", "serviceaccount", "default").returncode == 0)

    where = ["--kubeconfig", str(kubeconfig), "--namespace", kubectl.namespace]

    def execute(*arguments: str) -> list[str]:
        return [sys.executable, "-c", MAIN, "exec", *where, *arguments]

    size = ["--cpus", "0.1", "--memory", "256Mi"]
    create = ["create", "instance", *where, "--name", "dev", "--image", image, *size]
    subprocess.run([sys.executable, "-c", MAIN, *create], check=True, capture_output=True)
    kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod/dev-dev-0", "--timeout=60s")
    yield execute
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


def test_streams_and_exit_code(execute: Command) -> None:
    line = execute("dev", "--", "sh", "-c", "cat; echo error >&2; exit 7")
    done = subprocess.run(line, input=b"through\n", capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (7, b"through\n", b"error\n")


def test_bytes_pass_as_they_are(execute: Command, tmp_path: Path) -> None:
    data = os.urandom(3 << 20)
    (tmp_path / "data").write_bytes(data)
    line = execute("dev", "--", "cat")
    with (tmp_path / "data").open("rb") as file:
        done = subprocess.run(line, stdin=file, capture_output=True, timeout=60)
    assert done.stdout == data


def test_no_such_program(execute: Command) -> None:
    line = execute("dev", "--", "nope")
    done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the image has no program 'nope'")


def test_a_reader_that_leaves_ends_it(execute: Command) -> None:
    with subprocess.Popen(
        execute("dev", "--", "yes"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(2) == b"y\n"
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == b""


def test_a_shell_with_a_terminal(execute: Command) -> None:
    shell = Terminal(execute("dev"), 30, 90)
    shell.type("until [ \"$(stty size)\" = '30 90' ]; do sleep 0.05; done; echo fi''ts; tty\n")
    shell.until("fits\r\n")
    shell.until("/dev/pts/")
    shell.resize(40, 120)
    shell.type("until [ \"$(stty size)\" = '40 120' ]; do sleep 0.05; done; echo re''sized\n")
    shell.until("resized\r\n")
    shell.type("exit 9\n")
    assert shell.wait() == 9


def test_a_program_with_a_terminal(execute: Command) -> None:
    program = Terminal(execute("-t", "dev", "--", "sh", "-c", "tty; read x; exit $x"), 9, 9)
    program.until("/dev/pts/")
    program.type("6\n")
    assert program.wait() == 6
