"""The user's own key pair for what TrainHub runs, and where OpenSSH's files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.ssh import atomic_file
from jupyter_trainhub.ssh.host_key import new_key, public_key


@dataclass(frozen=True)
class Home:
    """OpenSSH's folder of a user, and TrainHub's files in it."""

    folder: Path

    @classmethod
    def own(cls) -> Home:
        """That of the user who runs this."""
        return cls(Path.home() / ".ssh")

    @property
    def identity(self) -> Path:
        """The private key."""
        return self.folder / "trainhub_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The host keys of instances and jobs."""
        return self.folder / "trainhub_known_hosts"

    @property
    def config(self) -> Path:
        """The user's own configuration of ssh."""
        return self.folder / "config"

    @property
    def hosts(self) -> Path:
        """The ``Host`` blocks of instances and jobs."""
        return self.folder / "config.d" / "trainhub"

    def public_key(self) -> str:
        """The user's public key; a pair is made when there is none.

        Raises InvalidField when the private key cannot be read.
        """
        path = self.identity
        private = atomic_file.read(path)
        if not private:
            atomic_file.create(path, new_key("trainhub"))
            private = atomic_file.read(path)
        try:
            public = public_key(private)
        except ValueError as error:
            raise InvalidField(
                f"{path} is not a private key that can be used: {error}",
                field="identity",
                remedy="Move it away; a new one is made then.",
            ) from None
        atomic_file.create(path.with_name(f"{path.name}.pub"), f"{public} trainhub\n")
        return public
