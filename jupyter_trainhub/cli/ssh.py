"""``trainhub ssh``, ``ssh-config``, ``ssh-proxy``: OpenSSH's programs on instances and jobs."""

from __future__ import annotations

import os
import sys
from argparse import REMAINDER, ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.specs.place import Place

if TYPE_CHECKING:
    from jupyter_trainhub.cli.ssh_access import Access
    from jupyter_trainhub.ssh.ssh_config import Host

_PLACE = "INSTANCE|job/NAME[/RANK]"


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
    ssh.add_argument("--rank", type=int, metavar="N", help="of a job; default: 0")
    ssh.add_argument("name", metavar=_PLACE)
    ssh.add_argument("arguments", nargs=REMAINDER, help="ssh's options, and a command")

    config = commands.add_parser(
        "ssh-config",
        parents=parents,
        help="make ssh, scp, rsync and VS Code know instances and jobs",
    )
    config.add_argument("name", nargs="?", metavar=_PLACE, help="default: all")
    config.add_argument("--all", action="store_true", help="all that run, which is the default")
    config.add_argument(
        "--write", action="store_true", help="write it below ~/.ssh, and include it there"
    )

    proxy = commands.add_parser("ssh-proxy", parents=parents, help="what ssh runs: a ProxyCommand")
    proxy.add_argument("name", metavar=_PLACE)


def ssh(options: Namespace) -> int:
    """``trainhub ssh``: becomes OpenSSH's ssh, whose exit code is this command's then."""
    from jupyter_trainhub.cli.ssh_access import access

    rank, arguments = options.rank, list(options.arguments)
    if arguments[:1] == ["--rank"] and arguments[1:2] and arguments[1].isdecimal():
        # What comes after the name is ssh's, which has no such option.
        rank, arguments = int(arguments[1]), arguments[2:]
    host = _host(access(options), Place.parse(options.name, rank), sshd=options.sshd)
    argv = ["ssh", *host.arguments(), host.patterns[0], *arguments]
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
    named = options.name and not options.all
    places = [Place.parse(options.name)] if named else way.places()
    hosts = [_host(way, place, sshd=options.sshd, again=True) for place in places]
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
        asyncio.run(way.serve(Place.parse(options.name), connection, sshd=options.sshd))
    return 0


def _host(way: Access, place: Place, *, sshd: bool, again: bool = False) -> Host:
    """How ssh reaches a place; its host key is known from here on."""
    from jupyter_trainhub.ssh import known_hosts
    from jupyter_trainhub.ssh.host_key import fingerprint
    from jupyter_trainhub.ssh.identity import Home
    from jupyter_trainhub.ssh.ssh_config import Host

    home = Home.own()
    home.public_key()
    key = way.host_key(place)
    if known_hosts.pin(home.known_hosts, key.alias, key.public, again=again):
        print(f"{place}: host key {fingerprint(key.public)}", file=sys.stderr)
    proxy = way.proxy(place, sshd=sshd)
    return Host(place, key.alias, proxy, str(home.identity), str(home.known_hosts), sshd)
