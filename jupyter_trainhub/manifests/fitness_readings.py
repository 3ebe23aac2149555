"""What ``inpod/fitness.sh`` printed in a container."""

from __future__ import annotations

from dataclasses import dataclass, field

from jupyter_trainhub.manifests.dockerfile import Builder
from jupyter_trainhub.manifests.sshd import Settings


@dataclass(frozen=True)
class Readings:
    """What the script printed: the first value of each name, and sshd's settings in order."""

    values: dict[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    @classmethod
    def parse(cls, printed: str) -> Readings:
        """The readings in the script's output; other lines are passed over."""
        pairs = [
            (name, value)
            for name, is_pair, value in (line.partition("=") for line in printed.splitlines())
            if is_pair
        ]
        values: dict[str, str] = {}
        for name, value in pairs:
            values.setdefault(name, value.strip().strip("\"'"))
        return cls(values, Settings.parse(pairs))

    def __getitem__(self, name: str) -> str:
        """A value; empty where there is none."""
        return self.values.get(name, "")

    def package(self, name: str) -> str:
        """The version of a Python package; JupyterLab's own environment comes first."""
        return self[f"lab.{name}"] or self[f"package.{name}"]

    def builder(self) -> Builder:
        """How the image is added to."""
        path = self["package.python"].partition(" ")[0]
        return Builder(
            manager=self["manager"],
            # Known by its name, since it was found on the path.
            python=path.rpartition("/")[2] or "python3",
            managed=bool(self["package.managed"]),
            # A Python that is still to be installed comes with pip.
            pip=bool(self["package.pip"]) or not path,
            uid=self["uid"] or "0",
        )
