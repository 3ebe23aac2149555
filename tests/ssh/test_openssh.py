"""OpenSSH's own programs on an instance, by a cluster's API server."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pty
import socket
import struct
import subprocess
import termios
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, to_kubernetes
from jupyter_trainhub.ssh import known_hosts
from jupyter_trainhub.ssh.host_key import host_key
from tests.conftest import eventually
from tests.ssh.machine import HOST, NAME, Machine

pytestmark = pytest.mark.cluster


def line(process: subprocess.Popen[str]) -> str:
    """The next line of a program's output."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip()


def ssh(machine: Machine, *arguments: str) -> list[str]:
    return machine.openssh("ssh", HOST, *arguments)


@pytest.mark.parametrize(
    ("command", "code", "stdout", "stderr"),
    [
        ("echo out; echo err >&2", 0, "out\n", "err\n"),
        ("exit 7", 7, "", ""),
        ("echo \"$0\" 'a  b' $((1+1)); cat", 0, None, ""),
        ("no-such-program", 127, "", None),
    ],
)
def test_commands_and_their_exit_codes(
    machine: Machine, command: str, code: int, stdout: str | None, stderr: str | None
) -> None:
    done = machine.run(ssh(machine, command))
    assert done.returncode == code
    assert stdout in (None, done.stdout)
    assert stderr in (None, done.stderr)


def test_trainhub_ssh_needs_no_configuration_and_passes_everything_on(
    machine: Machine, tmp_path: Path
) -> None:
    fresh = Machine(tmp_path, machine.where)
    done = fresh.run(fresh.trainhub("ssh", NAME, "-T", "--", "cat; exit 3"), input="in")
    assert (done.returncode, done.stdout) == (3, "in")
    assert "SHA256:" in done.stderr
    assert not (fresh.ssh_folder / "config").exists()
    assert (fresh.ssh_folder / "trainhub_ed25519").stat().st_mode & 0o777 == 0o600


def test_a_shell_reads_its_commands_from_standard_input(machine: Machine) -> None:
    done = machine.run(ssh(machine), input="echo $((6*7))\nexit 5\n")
    assert (done.returncode, done.stdout) == (5, "42\n")


def test_only_harmless_variables_pass(machine: Machine) -> None:
    sent = ["-o", "SetEnv=LC_TEST=1 GIT_PROTOCOL=version=2 LD_PRELOAD=/x"]
    printed = machine.ok(ssh(machine, *sent, "env")).splitlines()
    assert {"LC_TEST=1", "GIT_PROTOCOL=version=2"} <= set(printed)
    assert "LD_PRELOAD=/x" not in printed


def set_size(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def test_a_terminal_has_the_size_of_the_window_and_follows_it(machine: Machine) -> None:
    ours, theirs = pty.openpty()
    set_size(theirs, 33, 111)
    program = "import os,signal,time\n"
    program += "show = lambda *_: print(*os.get_terminal_size(), os.environ['TERM'], flush=True)\n"
    program += "signal.signal(signal.SIGWINCH, show); show(); time.sleep(30)"
    process = subprocess.Popen(
        ssh(machine, "-t", f'python3 -c "{program}"'),
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(theirs), os.O_RDWR)),
        env={**machine.environment(), "TERM": "xterm-256color"},
    )  # fmt: skip
    shown = b""

    def shows(text: bytes) -> bool:
        nonlocal shown
        shown += os.read(ours, 4096)
        return text in shown

    try:
        eventually(lambda: shows(b"111 33 xterm-256color"))
        set_size(ours, 40, 90)
        eventually(lambda: shows(b"90 40 "))
        # A terminal makes a signal of it: Python ends by KeyboardInterrupt.
        os.write(ours, b"\x03")
        eventually(lambda: shows(b"KeyboardInterrupt"))
        assert process.wait(20) in (1, 130)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)


def test_large_files_arrive_whole_both_ways(machine: Machine, tmp_path: Path) -> None:
    content = os.urandom(1 << 20) * 20
    (tmp_path / "a b.bin").write_bytes(content)
    machine.ok(machine.openssh("scp", "-q", str(tmp_path / "a b.bin"), f"{HOST}:/tmp/c d.bin"))
    program = "import hashlib;print(hashlib.sha256(open('/tmp/c d.bin','rb').read()).hexdigest())"
    printed = machine.ok(ssh(machine, f'python3 -c "{program}"'))
    assert printed.strip() == hashlib.sha256(content).hexdigest()
    machine.ok(machine.openssh("scp", "-q", f"{HOST}:/tmp/c d.bin", str(tmp_path / "back")))
    assert (tmp_path / "back").read_bytes() == content
    done = machine.run(machine.openssh("scp", "-q", f"{HOST}:/tmp/none", str(tmp_path)))
    assert done.returncode == 1
    assert "No such file" in done.stderr


def test_binary_data_passes_through_a_command(machine: Machine) -> None:
    content = os.urandom(3 << 20)
    assert machine.ok(ssh(machine, "cat"), input=content, text=False) == content


def test_a_program_hears_that_nobody_reads_its_output(machine: Machine) -> None:
    with machine.background(ssh(machine, "exec cat /dev/zero")) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(20) == 141


def test_git_clones_a_repository_in_the_instance(machine: Machine, tmp_path: Path) -> None:
    if machine.run(ssh(machine, "command -v git")).returncode:
        pytest.skip("the image has no git")
    machine.ok(
        ssh(
            machine,
            "cd /tmp && rm -rf repo && git init -q repo && cd repo && echo one > file && "
            "git add . && git -c user.name=a -c user.email=a@b commit -q -m first",
        )
    )
    command = f"ssh -F '{machine.ssh_folder}/config.d/trainhub'".replace("it's", "it'\\''s")
    url = f"ssh://{HOST}/tmp/repo"
    machine.ok(["git", "-c", f"core.sshCommand={command}", "clone", "-q", url, str(tmp_path / "r")])
    assert (tmp_path / "r" / "file").read_text() == "one\n"


SERVER = """
import http.server, functools
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="/proc/self")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def test_ports_of_the_instance_are_forwarded(machine: Machine) -> None:
    with contextlib.ExitStack() as stack:
        serving = stack.enter_context(
            machine.background(ssh(machine, f"exec python3 -c '{SERVER}'"))
        )
        remote = int(line(serving))
        with socket.create_server(("127.0.0.1", 0)) as free:
            local = free.getsockname()[1]
        stack.enter_context(
            machine.background(ssh(machine, "-N", "-L", f"127.0.0.1:{local}:localhost:{remote}"))
        )

        def fetch(_: int = 0) -> bytes:
            try:
                with socket.create_connection(("127.0.0.1", local), 10) as connection:
                    connection.sendall(b"GET /status HTTP/1.0\r\n\r\n")
                    return b"".join(iter(lambda: connection.recv(65536), b""))
            except OSError:
                return b""

        assert b"200 OK" in eventually(fetch)
        with ThreadPoolExecutor(4) as pool:
            assert all(b"200 OK" in answer for answer in pool.map(fetch, range(8)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-W", "example.com:80"], "only localhost of the pod"),
        (["-o", "ExitOnForwardFailure=yes", "-R", "0:localhost:22", "true"], "forwarding failed"),
        (["-s", "netconf"], "subsystem request failed"),
    ],
)
def test_what_is_not_offered_is_refused(
    machine: Machine, arguments: list[str], message: str
) -> None:
    done = machine.run(ssh(machine, *arguments))
    assert done.returncode == 255
    assert message in done.stderr


def test_a_program_ends_with_its_client(machine: Machine) -> None:
    mark = "4711.25"
    with machine.background(ssh(machine, f"echo started; sleep {mark}; true")) as process:
        assert line(process) == "started"
    find = f"cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '[s]leep {mark}'"
    eventually(lambda: machine.run(ssh(machine, find)).stdout.strip() == "0", 10)


def test_another_key_does_not_log_in(machine: Machine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    config = (machine.ssh_folder / "config.d" / "trainhub").read_text()
    lines = [
        f"  IdentityFile {other}" if "IdentityFile" in line else line
        for line in config.splitlines()
    ]
    (tmp_path / "config").write_text("\n".join(lines) + "\n")
    done = machine.run(["ssh", "-F", str(tmp_path / "config"), "-o", "BatchMode=yes", HOST, "true"])
    assert done.returncode == 255
    assert "Permission denied (publickey)" in done.stderr


def test_another_host_key_is_refused_until_it_is_taken(machine: Machine, instance: Hub) -> None:
    path = machine.ssh_folder / "trainhub_known_hosts"
    right = path.read_text()
    alias = known_hosts.alias(instance.instances.get(NAME)["uid"])
    other = (machine.ssh_folder / "trainhub_ed25519.pub").read_text().rsplit(" ", 1)[0]
    path.write_text(f"{alias} {other}\n")
    done = machine.run(ssh(machine, "true"))
    assert done.returncode == 255
    assert "Host key verification failed" in done.stderr
    done = machine.run(machine.trainhub("ssh", NAME, "true"))
    assert done.returncode == 1
    assert "host key has changed" in done.stderr
    machine.ok(machine.trainhub("ssh-config", "--write", NAME))
    assert path.read_text() == right


def test_all_who_ask_at_once_get_the_same_host_key(instance: Hub) -> None:
    secret = to_kubernetes(INSTANCE_PREFIX, NAME)
    with ThreadPoolExecutor(4) as pool:
        keys = set(pool.map(lambda _: host_key(instance.client, secret), range(8)))
    assert len(keys) == 1


def test_an_instance_that_is_not_there_is_told(machine: Machine) -> None:
    done = machine.run(machine.trainhub("ssh", "none"))
    assert done.returncode == 1
    assert "there is no instance 'none'" in done.stderr


SSHD = """
import socket
server = socket.create_server(("127.0.0.1", 22))
print("listens", flush=True)
peer = server.accept()[0]
peer.sendall(b"SSH-2.0-image\\r\\n")
while data := peer.recv(100):
    peer.sendall(data.upper())
"""


def test_the_images_own_sshd_is_reached_on_its_port(machine: Machine) -> None:
    with machine.background(ssh(machine, f"exec python3 -c '{SSHD}'")) as listening:
        if line(listening) != "listens":
            pytest.skip("the container's user may not listen on port 22, or another one does")
        with machine.background(machine.trainhub("ssh-proxy", "--sshd", NAME)) as proxy:
            assert proxy.stdin is not None
            proxy.stdin.write("ssh-2.0-client\n")
            proxy.stdin.flush()
            assert [line(proxy), line(proxy)] == ["SSH-2.0-image", "SSH-2.0-CLIENT"]
