"""``trainhub ssh``, ``ssh-config`` and ``ssh-proxy``: OpenSSH's programs on instances."""

from __future__ import annotations

import os
import re
import sys
from argparse import REMAINDER, ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.errors import InvalidField

if TYPE_CHECKING:
    from jupyter_trainhub.cli.ssh_access import Access
    from jupyter_trainhub.ssh.ssh_config import Host


def add_parsers(commands: Any, where: ArgumentParser) -> None:
    """Add the three commands; ``where`` has the options that name a cluster."""
    server = ArgumentParser(add_help=False)
    server.add_argument("--server", metavar="URL", help="by TrainHub in this Jupyter server")
    server.add_argument(
        "--token-file", metavar="FILE", help="the Jupyter server's token, mode 0600"
    )
    server.add_argument("--sshd", action="store_true", help="the sshd of the image, on its port 22")
    parents = [where, server]

    ssh = commands.add_parser("ssh", parents=parents, help="open a shell, or run ssh otherwise")
    ssh.add_argument("name", metavar="INSTANCE")
    ssh.add_argument("arguments", nargs=REMAINDER, help="ssh's options, and a command")

    config = commands.add_parser(
        "ssh-config", parents=parents, help="make ssh, scp, rsync and VS Code know instances"
    )
    config.add_argument("name", nargs="?", metavar="INSTANCE", help="default: all")
    config.add_argument("--all", action="store_true", help="all instances, which is the default")
    config.add_argument(
        "--write", action="store_true", help="write it below ~/.ssh, and include it there"
    )

    proxy = commands.add_parser("ssh-proxy", parents=parents, help="what ssh runs: a ProxyCommand")
    proxy.add_argument("name", metavar="INSTANCE")


def ssh(options: Namespace) -> int:
    """``trainhub ssh``: becomes OpenSSH's ssh, whose exit code is this command's then."""
    from jupyter_trainhub.cli.ssh_access import access

    host = _host(access(options), options.name, sshd=options.sshd)
    argv = ["ssh", *host.arguments(), host.patterns[0], *options.arguments]
    sys.stdout.flush()
    try:
        os.execvp(argv[0], argv)
    except FileNotFoundError:
        raise InvalidField(
            "there is no ssh on this machine",
            field="ssh",
            remedy="Install OpenSSH's client, or use 'trainhub exec'.",
        ) from None


def ssh_config(options: Namespace) -> int:
    """``trainhub ssh-config``: prints ``Host`` blocks, or writes them."""
    from jupyter_trainhub.cli.ssh_access import access
    from jupyter_trainhub.ssh import ssh_config
    from jupyter_trainhub.ssh.identity import Home

    way = access(options)
    names = [options.name] if options.name and not options.all else way.names()
    hosts = [_host(way, name, sshd=options.sshd, again=True) for name in names]
    blocks = [host.block() for host in hosts]
    if not options.write:
        print("\n".join(blocks), end="")
        return 0
    for path in ssh_config.write(Home.own(), blocks):
        print(f"{path} written", file=sys.stderr)
    for host in hosts:
        print(f"ssh {host.patterns[0]}")
    return 0


def ssh_proxy(options: Namespace) -> int:
    """``trainhub ssh-proxy``: one SSH connection on the standard streams."""
    import asyncio

    from jupyter_trainhub.cli.ssh_access import access
    from jupyter_trainhub.ssh import stdio

    # Nobody can be asked here: ssh has the terminal.
    way = access(options, ask=False)
    with stdio.as_socket() as connection:
        asyncio.run(way.serve(options.name, connection, sshd=options.sshd))
    return 0


def _host(way: Access, name: str, *, sshd: bool, again: bool = False) -> Host:
    """How ssh reaches the instance; its host key is known from here on."""
    from jupyter_trainhub.specs.names import INSTANCE_NAME_PATTERN
    from jupyter_trainhub.ssh import known_hosts
    from jupyter_trainhub.ssh.host_key import fingerprint
    from jupyter_trainhub.ssh.identity import Home
    from jupyter_trainhub.ssh.ssh_config import Host

    if not re.fullmatch(INSTANCE_NAME_PATTERN, name):
        # Also the names that a server tells: they go into files of OpenSSH's.
        raise InvalidField(
            f"{name!r} is not the name of an instance",
            field="name",
            remedy="Look at 'trainhub get instances'.",
        )
    home = Home.own()
    home.public_key()
    key = way.host_key(name)
    if known_hosts.pin(home.known_hosts, key.alias, key.public, again=again):
        print(f"{name}: host key {fingerprint(key.public)}", file=sys.stderr)
    proxy = way.proxy(name, sshd=sshd)
    return Host(name, key.alias, proxy, str(home.identity), str(home.known_hosts), sshd)
