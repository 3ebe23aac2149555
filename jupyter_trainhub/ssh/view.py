"""What a person needs to reach an instance or a job by SSH from a machine of their own."""

from __future__ import annotations

import shlex
from typing import TypedDict
from urllib.parse import quote

from jupyter_trainhub.specs.place import Place
from jupyter_trainhub.ssh import known_hosts
from jupyter_trainhub.ssh.host_key import fingerprint
from jupyter_trainhub.ssh.ssh_config import Host, lower_host


class Setting(TypedDict):
    """One setting of PuTTY."""

    setting: str
    value: str


class Direct(TypedDict):
    """The way to the sshd of the image."""

    command: str
    note: str


class Ssh(TypedDict):
    """``GET instances/{name}/ssh``, and an item of ``GET jobs/{name}/ssh``."""

    host: str
    command: str
    config: str
    scp: str
    vscode: str
    fingerprint: str
    known_hosts: str
    putty: list[Setting]
    direct: Direct | None
    setup: list[str]


def ssh_view(
    place: Place, uid: str, public_key: str, *, server: str, folder: str, sshd: str | None
) -> Ssh:
    """How to reach ``place``, whose host key is ``public_key``.

    ``server`` is the URL of this Jupyter server; ``folder`` is what VS Code opens; ``sshd`` is the
    address of a pod whose image has an sshd.
    """
    alias = known_hosts.alias(uid)
    proxy = ["trainhub", "ssh-proxy", "--server", server, str(place)]
    host = Host(place, alias, proxy, "~/.ssh/trainhub_ed25519", "~/.ssh/trainhub_known_hosts")
    called = host.patterns[0]
    shown = fingerprint(public_key)
    return Ssh(
        host=called,
        command=f"ssh {called}",
        config=host.block(),
        scp=f"scp FILE {called}:",
        # VS Code writes names of hosts in small letters.
        vscode=f"vscode://vscode-remote/ssh-remote+{lower_host(place)}{quote(folder)}",
        fingerprint=shown,
        known_hosts=known_hosts.line(alias, public_key),
        putty=_putty(called, proxy, shown),
        direct=None if sshd is None else _direct(place, server, sshd),
        setup=[
            "pip install jupyter_trainhub",
            shlex.join(["trainhub", "ssh-config", "--server", server, "--write", str(place)]),
        ],
    )


def _putty(host: str, proxy: list[str], fingerprint: str) -> list[Setting]:
    rows = (
        ("Session > Host Name", host),
        ("Connection > Data > Auto-login username", "trainhub"),
        ("Connection > Proxy > Proxy type", "Local"),
        # PuTTY replaces what follows a percent sign and a backslash.
        (
            "Connection > Proxy > Command",
            " ".join(proxy).replace("\\", "\\\\").replace("%", "%%"),
        ),
        (
            "Connection > SSH > Auth > Credentials > Private key file",
            "trainhub_ed25519.ppk: load .ssh/trainhub_ed25519 into PuTTYgen, save the private key",
        ),
        ("Connection > SSH > Host keys > Keys or fingerprints to accept", fingerprint),
        ("WinSCP", "protocol SFTP; import this PuTTY session by Tools > Import Sites"),
    )
    return [Setting(setting=setting, value=value) for setting, value in rows]


def _direct(place: Place, server: str, address: str) -> Direct:
    return Direct(
        command=shlex.join(
            ["trainhub", "ssh", "--sshd", "--server", server, str(place), "-l", "USER"]
        ),
        note="The image's own sshd answers, with its accounts, passwords and host key. Where pods "
        f"can be reached from your machine: ssh -p 22 USER@{address}",
    )
