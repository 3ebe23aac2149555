"""ssh between the nodes of a job: sshd on each, and a client that knows the others.

No mounted home is touched. Keys, configuration and host list lie in a folder of their own that
only the pod's user may read. The client is found by ``PATH``: an ``ssh`` that starts the image's
with our configuration in front of the user's. For root, who may write it, the configuration for
these hosts is the container's as well, for whoever enters the pod.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .ending import Ended

_SYSTEM_CONFIGURATION = Path("/etc/ssh/ssh_config")
_SYSTEM_FOLDER = Path("/etc/ssh/ssh_config.d")
_SHADOW = Path("/etc/shadow")
_ALIAS = "trainhub-job"  # the name under which the hosts' key is known
# What a session sets itself, or has of its own.
_SESSIONS_OWN = ("SHELL", "PWD", "OLDPWD", "SHLVL", "TERM", "_", "LOGNAME", "USER")
# bash takes a command by ssh for a login, and reads ~/.bashrc, unless it is below another shell.
_SESSION = """\
. {environment}
export SHLVL=2
[ -n "${{SSH_ORIGINAL_COMMAND+x}}" ] || exec "${{SHELL:-/bin/sh}}"
exec "${{SHELL:-/bin/sh}}" -c "$SSH_ORIGINAL_COMMAND"
"""


def _program(name: str) -> str | None:
    # sshd lies where an ordinary user's PATH does not look.
    path = os.environ.get("PATH", os.defpath)
    return shutil.which(name, path=f"{path}:/usr/sbin:/usr/local/sbin:/sbin")


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise Ended(
            "CannotStart",
            f"the user id {os.getuid()} of this pod has no name in /etc/passwd, without which ssh "
            "does not work; use an image whose user is listed there",
            1,
        ) from None


def _folder(name: str) -> Path:
    """A folder of our own, at the same place in all pods: mpirun hands on node 0's ``PATH``."""
    path = Path("/tmp", re.sub(r"[^\w-]", "-", f"trainhub-ssh-{name}"))
    try:
        path.mkdir(mode=0o700)
    except OSError:
        # Pods may share the folder /tmp, if somebody mounted one there.
        return Path(tempfile.mkdtemp(prefix="trainhub-ssh-"))
    return path


def _open_account(user: str) -> None:
    """Let ``user`` in by key where the image has locked the account, as some have root's.

    The password stays one that nothing matches (shadow(5)).
    """
    with contextlib.suppress(OSError):
        before = _SHADOW.read_text()
        after = re.sub(rf"(?m)^({re.escape(user)}):![^:]*:", r"\1:*:", before)
        if after != before:
            _SHADOW.write_text(after)


def _include_of_the_system() -> str:
    # ssh refuses one that is neither root's nor its user's, as root's is in a user namespace.
    with contextlib.suppress(OSError):
        if _SYSTEM_CONFIGURATION.stat().st_uid in (0, os.getuid()):
            return f"  Include {_SYSTEM_CONFIGURATION}\n"
    return ""


class RemoteShell:
    """This node's part of it."""

    def __init__(self, keys: Path, address: str, job: str) -> None:
        """``keys`` holds ``identity`` and ``host_key``, each with ``.pub``.

        ``address`` is the pod's, ``job`` the same in all pods of this attempt, and in no other.
        Raises Ended when the image or its user cannot do it.
        """
        found = {name: _program(name) for name in ("ssh", "sshd")}
        packages = {"ssh": "openssh-client", "sshd": "openssh-server"}
        if missing := [name for name, path in found.items() if path is None]:
            raise Ended(
                "CannotStart",
                f"the image has no {' and no '.join(missing)}, by which nodes of framework mpi "
                f"reach each other; add {' and '.join(packages[name] for name in missing)} to it",
                1,
            )
        self._ssh, self._sshd = found["ssh"] or "", found["sshd"] or ""
        self._user = _user()
        self._address = address
        self.folder = _folder(job)
        self.programs = self.folder / "bin"  # comes first on PATH
        for name in ("identity", "identity.pub", "host_key", "host_key.pub"):
            self._write(name, (keys / name).read_text())
        self.port = self._free_port()
        self.server: subprocess.Popen[bytes] | None = None

    def _write(self, name: str, text: str, mode: int = 0o600) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch(mode)
        path.write_text(text)
        return path

    def _free_port(self) -> int:
        """22, or another one where that is taken, or none that this user may have."""
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        for port in (22, 0):
            with contextlib.suppress(OSError), socket.socket(family) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind((self._address, port))
                return int(trial.getsockname()[1])
        raise Ended("CannotStart", f"no port of {self._address} is free for sshd", 1)

    def start(self, env: Mapping[str, str]) -> None:
        """Start sshd, whose sessions have the variables ``env``. Raises Ended when it does not."""
        kept = {name: text for name, text in env.items() if name not in _SESSIONS_OWN}
        lines = [
            f"export {name}={shlex.quote(text)}\n"
            for name, text in sorted(kept.items())
            if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)
        ]
        environment = self._write("environment.sh", "".join(lines))
        session = self._write("session.sh", _SESSION.format(environment=environment))
        key = (self.folder / "identity.pub").read_text()
        self._write("authorized_keys", f'restrict,pty,command="/bin/sh {session}" {key}')
        configuration = self._write("sshd_config", self._sshd_configuration())
        if os.getuid() == 0:
            # Where sshd locks up the part of it that talks to strangers; packages leave the making
            # of this folder to the service's start.
            Path("/run/sshd").mkdir(mode=0o755, parents=True, exist_ok=True)
            _open_account(self._user)
        trial = subprocess.run(
            [self._sshd, "-t", "-f", str(configuration)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if trial.returncode:
            raise Ended(
                "CannotStart", f"the image's sshd does not start: {trial.stdout.strip()}", 1
            )
        self.server = subprocess.Popen([self._sshd, "-D", "-e", "-f", str(configuration)])

    def _sshd_configuration(self) -> str:
        # Hundreds of sessions begin at once; by default sshd turns away the eleventh.
        return f"""\
Port {self.port}
ListenAddress {self._address or "0.0.0.0"}
HostKey {self.folder}/host_key
AuthorizedKeysFile {self.folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
AuthenticationMethods publickey
PasswordAuthentication no
ChallengeResponseAuthentication no
AllowUsers {self._user}
MaxStartups 2000
MaxSessions 1000
LoginGraceTime 60
ClientAliveInterval 30
PrintMotd no
UseDNS no
LogLevel ERROR
"""

    def require_server(self) -> None:
        """Raise Ended when sshd has ended."""
        if self.server is not None and self.server.poll() is not None:
            raise Ended(
                "Error", "this node's sshd has ended, without which mpirun reaches no node", 1
            )

    def know(self, hosts: Sequence[str], ports: Sequence[int]) -> None:
        """Make the hosts, each with the port of its sshd, known to this node's clients."""
        host_key = (self.folder / "host_key.pub").read_text()
        self._write("known_hosts", f"{_ALIAS} {host_key}")
        blocks = []
        for host, port in zip(hosts, ports):  # noqa: B905 - Python 3.8
            short = host.partition(".")[0]
            names = f"{host} {host}.* {short}" if host != short else host
            blocks.append(f"Host {names}\n  HostName {host}\n  Port {port}\n{self._options()}")
        ours = "\n".join(blocks)
        theirs = f"\nHost *\n  Include ~/.ssh/config\n{_include_of_the_system()}"
        configuration = self._write("ssh_config", ours + theirs)
        start = f'#!/bin/sh\nexec {shlex.quote(self._ssh)} -F {configuration} "$@"\n'
        self._write("bin/ssh", start, 0o700)
        if os.getuid() == 0:
            with contextlib.suppress(OSError):
                self._tell_the_machine(ours)

    def _options(self) -> str:
        return f"""\
  User {self._user}
  HostKeyAlias {_ALIAS}
  UserKnownHostsFile {self.folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  IdentityFile {self.folder}/identity
  IdentitiesOnly yes
  BatchMode yes
  LogLevel ERROR
  ConnectTimeout 20
  ConnectionAttempts 3
  ServerAliveInterval 30
  ControlPath none
  ProxyCommand none
"""

    def _tell_the_machine(self, configuration: str) -> None:
        _SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True)
        (_SYSTEM_FOLDER / "trainhub.conf").write_text(configuration)
        text = _SYSTEM_CONFIGURATION.read_text() if _SYSTEM_CONFIGURATION.exists() else ""
        if str(_SYSTEM_FOLDER) not in text:
            include = f"Include {_SYSTEM_FOLDER}/*.conf\n"
            _SYSTEM_CONFIGURATION.write_text(include + text)

    def check(self, host: str) -> str:
        """Why ``host`` cannot be entered yet; empty when it can."""
        command = [str(self.programs / "ssh"), "-o", "ConnectionAttempts=1", host, "true"]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=30,
            )
        except subprocess.TimeoutExpired:
            return "no answer within 30 s"
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return last[0] if done.returncode else ""
