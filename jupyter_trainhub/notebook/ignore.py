"""What below a notebook's folder does not travel: by .trainhubignore, by git, or ever.

The rules are git's (https://git-scm.com/docs/gitignore): a deeper file goes before one above it,
a later line before an earlier one, and nothing in a folder that is left out can be taken in again.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pathspec import GitIgnoreSpec

TRAINHUB_IGNORE = ".trainhubignore"

Kind = Literal["noise", "secret", "trainhub", "git"]

# What programs leave behind or make anew: not worth a word.
_NOISE = GitIgnoreSpec.from_lines(
    [".git/", ".hg/", ".svn/", "__pycache__/", "*.pyc", ".ipynb_checkpoints/", ".venv/", "venv/"]
    + ["node_modules/", ".*_cache/", ".DS_Store", ".virtual_documents/", ".trainhub/"]
    + [".gitignore", TRAINHUB_IGNORE]
)
_SECRETS = GitIgnoreSpec.from_lines(
    [".env", ".env.*", "!.env.example", "*.pem", "*.key", "*.p12", "*.pfx", ".netrc", ".pypirc"]
    + ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".ssh/", ".aws/", ".kube/", ".git-credentials"]
)


class Ignore:
    """The rules for paths below one folder; each ignore file is read once."""

    def __init__(self, root: Path) -> None:
        """``root`` is without links. The rules of the git repository above it count, too."""
        self._root = root
        above = [root, *root.parents]
        self._top = next((path for path in above if (path / ".git").exists()), root)
        self._rules = cache(_rules)

    def kind(self, name: str) -> Kind | None:
        """Why ``name``, a path below the root, is left out; None when it is not.

        Folders end with ``/``.
        """
        if _NOISE.match_file(name):
            return "noise"
        if _SECRETS.match_file(name):
            return "secret"
        if self._ignored(name, TRAINHUB_IGNORE):
            return "trainhub"
        return "git" if self._ignored(name, ".gitignore") else None

    def _ignored(self, name: str, file: str) -> bool:
        path = self._root / name
        parts = path.relative_to(self._top).parts
        for length in range(1, len(parts) + 1):
            is_folder = length < len(parts) or name.endswith("/")
            if self._verdict(parts[:length], is_folder, file):
                return True
        return False

    def _verdict(self, parts: tuple[str, ...], is_folder: bool, file: str) -> bool:
        for depth in reversed(range(len(parts))):
            rules = self._rules(self._top.joinpath(*parts[:depth], file))
            below = "/".join(parts[depth:]) + "/" * is_folder
            verdict = rules.check_file(below).include if rules is not None else None
            if verdict is not None:
                return verdict
        return False


def _rules(path: Path) -> GitIgnoreSpec | None:
    try:
        return GitIgnoreSpec.from_lines(path.read_text("utf-8", errors="replace").splitlines())
    except (OSError, ValueError):
        # There is none, or a line in it is no pattern.
        return None
