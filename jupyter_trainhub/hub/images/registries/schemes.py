"""How a registry's host is asked: by https, and those that may be insecure as docker asks them."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Collection

_PATIENCE = 3.0  # seconds for a handshake


class Schemes:
    """URLs of hosts, thread safe.

    Docker's rule: loopback and the hosts named insecure are asked by https without verification
    and, where they know no TLS, by http (docs.docker.com, "insecure-registries").
    """

    def __init__(self, insecure: Collection[str]) -> None:
        self._insecure = insecure
        self._known: dict[str, bool] = {}

    def url(self, host: str) -> tuple[str, bool]:
        """The URL of ``host``, with its port if it has one, and whether to verify certificates."""
        if not self.may_be_insecure(host):
            return f"https://{host}", True
        return f"{'https' if self._speaks_tls(host) else 'http'}://{host}", False

    def may_be_insecure(self, host: str) -> bool:
        """Whether no certificate is asked of ``host``."""
        return (
            host in self._insecure or _address(host, 443)[0] in self._insecure or is_loopback(host)
        )

    def _speaks_tls(self, host: str) -> bool:
        if host not in self._known:
            try:
                self._known[host] = _handshake(*_address(host, 443))
            except OSError:
                return False  # it does not answer now; whoever asks will be told
        return self._known[host]


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine by its very name."""
    name = _address(host, 0)[0]
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _address(host: str, port: int) -> tuple[str, int]:
    name, colon, digits = host.rpartition(":")
    if not colon or not digits.isdecimal():
        name, digits = host, str(port)
    return name.strip("[]"), int(digits)


def _handshake(name: str, port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((name, port), _PATIENCE) as connection:
        try:
            context.wrap_socket(connection, server_hostname=name).close()
        except (ssl.SSLError, ConnectionError):
            return False
    return True
