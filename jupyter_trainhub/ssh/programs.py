"""What runs in the pod for a session: the user's shell, a command, an SFTP server, a signal.

The scripts are fixed, and all that a client sends reaches them as arguments. Each first prints one
line: its process id, by which it can be sent signals, and for SFTP which server it found.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

# A login shell would read /etc/profile, which on Debian sets PATH anew and so hides what the image
# has put there; the shell starts with the container's own environment instead.
_SESSION = """\
echo $$
kind=$1 command=$2
shift 2
for assignment do export "$assignment"; done
for shell in "$SHELL" bash zsh ash sh /bin/sh; do
  shell=$(command -v "$shell") && break
done
export SHELL="$shell"
case $kind in
  shell) exec "$shell" ;;
  *) exec "$shell" -c "$command" ;;
esac
"""

# Where OpenSSH's server is on Debian, on Fedora and Alpine, on Arch, on openSUSE and on Gentoo.
SFTP_SERVERS = (
    "/usr/lib/openssh/sftp-server",
    "/usr/libexec/openssh/sftp-server",
    "/usr/lib/ssh/sftp-server",
    "/usr/libexec/ssh/sftp-server",
    "/usr/lib64/misc/sftp-server",
)

_SFTP = """\
loader=$1
shift
for server do
  if [ -x "$server" ]; then
    echo $$ openssh
    exec "$server"
  fi
done
if command -v python3 >/dev/null; then
  echo $$ python
  exec python3 -IS -c "$loader"
fi
echo $$ none
"""

# The whole group where there is one, as a terminal's hang-up reaches it.
_SIGNAL = """kill -s "$1" -- "-$2" 2>/dev/null || kill -s "$1" "$2" 2>/dev/null"""

# What OpenSSH's server lets through on Debian, and Git's own.
_ENVIRONMENT = re.compile(r"LANG|TERM|(LC|GIT)_[A-Z0-9_]+")

# Those that RFC 4254, section 6.10, names.
SIGNALS = frozenset(
    (
        "ABRT",
        "ALRM",
        "FPE",
        "HUP",
        "ILL",
        "INT",
        "KILL",
        "PIPE",
        "QUIT",
        "SEGV",
        "TERM",
        "USR1",
        "USR2",
    )
)


def session(command: str | None, environment: Mapping[str, str]) -> list[str]:
    """The program for a shell, or for ``command`` as sshd runs one: by the shell's ``-c``."""
    kind = "shell" if command is None else "exec"
    assignments = [
        f"{name}={value}"
        for name, value in sorted(environment.items())
        if _ENVIRONMENT.fullmatch(name)
    ]
    return ["/bin/sh", "-c", _SESSION, "ssh", kind, command or "", *assignments]


def without_shell(command: str) -> list[str]:
    """``command`` for an image that has no shell: words only. Raises ValueError."""
    return shlex.split(command)


def sftp(program: bytes) -> list[str]:
    """The image's SFTP server, else Python, which then reads ``program`` from standard input.

    The text is no argument, for those are part of a URL, whose length proxies limit.
    """
    return ["/bin/sh", "-c", _SFTP, "sftp", sftp_loader(program), *SFTP_SERVERS]


def sftp_loader(program: bytes) -> str:
    """Python code that runs ``program``, which comes first on standard input."""
    return f"import sys;exec(compile(sys.stdin.buffer.read({len(program)}),'sftp_server','exec'))"


def signal(name: str, process: int) -> list[str]:
    """The program that sends ``name``, one of :data:`SIGNALS`, to a process and its group."""
    return ["/bin/sh", "-c", _SIGNAL, "signal", name, str(process)]
