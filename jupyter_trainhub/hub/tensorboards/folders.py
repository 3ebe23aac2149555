"""Log folders as people write them: ``PATH`` or ``NAME:PATH``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import NamedTuple

from jupyter_trainhub.errors import InvalidField

# A name becomes one part of a path, which file systems limit to 255 bytes.
_LONGEST_NAME = 200


class LogFolder(NamedTuple):
    """A folder of logs and the name under which its runs are listed, "" when none was given."""

    name: str
    path: str

    def __str__(self) -> str:
        """The text that :func:`parse` reads."""
        if self.name:
            return f"{self.name}:{self.path}"
        # Without the dot, a relative path with a colon would read as a name.
        return f"./{self.path}" if _split(self.path)[0] else self.path


def parse(text: str, *, field: str = "folders") -> LogFolder:
    """The folder that ``text`` names; addresses such as ``pvc://CLAIM/PATH`` hold no name.

    Raises InvalidField.
    """
    name, path = _split(text)
    if not path or "\0" in path:
        raise InvalidField(
            f"{text!r} names no folder", field=field, remedy="Write PATH or NAME:PATH."
        )
    if name in (".", "..") or not name.isprintable() or len(name.encode()) > _LONGEST_NAME:
        raise InvalidField(
            f"{name!r} cannot be the name of a run",
            field=field,
            remedy=f"Use at most {_LONGEST_NAME} bytes of printable characters, no '/' and no ':'.",
        )
    return LogFolder(name, path)


def named(folders: Iterable[LogFolder], *, field: str = "folders") -> list[LogFolder]:
    """``folders`` with a name for each, all different.

    Folders without a name take the last part of their path. Raises InvalidField when two were given
    the same name.
    """
    given = list(folders)
    taken = Counter(folder.name for folder in given if folder.name)
    twice = [name for name, times in taken.items() if times > 1]
    if twice:
        raise InvalidField(
            f"two folders have the name {twice[0]!r}",
            field=field,
            remedy="Give each folder a name of its own: NAME:PATH.",
        )
    filled = iter(link_names([folder.path for folder in given if not folder.name], list(taken)))
    return [folder if folder.name else LogFolder(next(filled), folder.path) for folder in given]


def title(folders: Iterable[LogFolder]) -> str:
    """The name of a TensorBoard that was given none."""
    return ", ".join(folder.name for folder in named(folders))


def link_names(paths: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    """A short name for each of ``paths``, none of them in ``taken``.

    ``paths`` are absolute and all different. The last part of the path; where that is not enough to
    tell them apart, as many parts as it takes.
    """
    parts = [[part for part in PurePath(path).parts if part != "/"] for path in paths]
    depths = [1] * len(parts)
    while True:
        names = [
            "-".join(part[-depth:]).replace(":", "-") or "root"
            for part, depth in zip(parts, depths, strict=True)
        ]
        counts = Counter([*names, *taken])
        growing = [
            position
            for position, name in enumerate(names)
            if counts[name] > 1 and depths[position] < len(parts[position])
        ]
        if not growing:
            return [
                name if counts[name] == 1 else f"{name}-{position}"
                for position, name in enumerate(names)
            ]
        for position in growing:
            depths[position] += 1


def _split(text: str) -> tuple[str, str]:
    name, colon, path = text.partition(":")
    if not colon or "/" in name or path.startswith("//"):
        return "", text
    return name, path
