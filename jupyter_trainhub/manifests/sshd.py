"""What sshd is told to do by its configuration files (sshd_config(5)), without being started."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

PORT = "22"


@dataclass(frozen=True)
class Settings:
    """The settings outside of conditional blocks: ``(file, keyword in small letters, value)``.

    ``unreadable`` are files that the container's user may not read.
    """

    found: list[tuple[str, str, str]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, lines: Iterable[tuple[str, str]]) -> Settings:
        """From the lines ``sshd_option=FILE KEYWORD VALUE`` of ``inpod/fitness.sh``."""
        settings = cls()
        for name, text in lines:
            if name == "sshd_unreadable":
                settings.unreadable.append(text)
            elif name == "sshd_option":
                file, _, setting = text.partition(" ")
                keyword, _, value = setting.partition(" ")
                value = value.strip().strip('"')
                settings.found.append((file, keyword.lower(), value))
        return settings

    def first(self, keyword: str, default: str) -> str:
        """The value that counts, which is the first one, in small letters."""
        return next((value for _, key, value in self.found if key == keyword), default).lower()

    def takes_passwords(self) -> bool:
        """Whether people may log in by password, asked for directly or by PAM."""
        methods = self.first("authenticationmethods", "any")
        if methods != "any" and not any(word in methods for word in ("password", "interactive")):
            return False
        if self.first("passwordauthentication", "yes") == "yes":
            return True
        # The older keyword is another name of the newer.
        asks = self.first("kbdinteractiveauthentication", "")
        asks = asks or self.first("challengeresponseauthentication", "yes")
        return asks == "yes" and self.first("usepam", "no") == "yes"

    def ports(self) -> list[str]:
        """The ports on which it listens: those of its addresses, else those of ``Port``."""
        ports = [value for _, key, value in self.found if key == "port"] or [PORT]
        addresses = [value for _, key, value in self.found if key == "listenaddress"]
        own = [_port(address) for address in addresses]
        listens = [port for port in own if port] + (ports if not own or "" in own else [])
        return list(dict.fromkeys(listens))

    def files(self, *keywords: str) -> list[str]:
        """The files that hold one of the keywords."""
        return list(dict.fromkeys(file for file, key, _ in self.found if key in keywords))


def _port(address: str) -> str:
    """The port in ``host:port`` or ``[host]:port``; empty where it has none."""
    host, _, port = address.rpartition(":")
    is_bare = not host or (":" in host and not host.endswith("]"))
    return "" if is_bare else port.split()[0]
