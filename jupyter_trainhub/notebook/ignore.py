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
# fmt: off
_NOISE = GitIgnoreSpec.from_lines([
    ".git/", ".hg/", ".svn/", "__pycache__/", "*.pyc", ".ipynb_checkpoints/", ".venv/", "venv/",
    "node_modules/", ".*_cache/", ".DS_Store", ".virtual_documents/", ".trainhub/", ".gitignore",
    TRAINHUB_IGNORE,
])
_SECRETS = GitIgnoreSpec.from_lines([
    ".env", ".env.*", "!.env.example", "*.pem", "*.key", "*.p12", "*.pfx", "*.ppk", "*.jks",
    "*.kdbx", "*.keystore", ".netrc", ".pgpass", ".pypirc", ".npmrc", ".my.cnf", ".vault-token",
    "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk", ".ssh/", ".aws/",
    ".azure/", ".docker/", ".gnupg/", ".kube/", "kubeconfig", "*.kubeconfig", ".git-credentials",
    "**/.git/config", ".huggingface/", "credentials.json", "client_secret*.json",
    "service[-_]account*.json", "**/.streamlit/secrets.toml", "!kubeconfig/",
])
# fmt: on
_FILES: dict[str, Kind] = {TRAINHUB_IGNORE: "trainhub", ".gitignore": "git"}


class Ignore:
    """The rules for paths below one folder; each ignore file is read once."""

    def __init__(self, root: Path) -> None:
        """``root`` is without links. The rules of the git repository above it count, too."""
        top = next((path for path in (root, *root.parents) if (path / ".git").exists()), root)
        self._top = str(top)
        self._above = root.relative_to(top).parts
        self._rules = cache(_rules)
        self._is_hidden = cache(self._hides)
        self.kind = cache(self._kind)

    def _kind(self, name: str) -> Kind | None:
        """Why ``name``, a path below the root, is left out; None when it is not.

        Folders end with ``/``.
        """
        if _SECRETS.match_file(name.lower()):
            return "secret"
        if _NOISE.match_file(name):
            return "noise"
        *folder, last = (*self._above, *name.rstrip("/").split("/"))
        for file, kind in _FILES.items():
            inside = self._is_hidden(tuple(folder), file)
            if inside or self._verdict((*folder, last), name.endswith("/"), file):
                return kind
        return None

    def _hides(self, folder: tuple[str, ...], file: str) -> bool:
        """Whether the ignore files called ``file`` leave out a folder, or one that it is in."""
        return bool(folder) and (
            self._is_hidden(folder[:-1], file) or self._verdict(folder, True, file)
        )

    def _verdict(self, parts: tuple[str, ...], is_folder: bool, file: str) -> bool:
        for depth in reversed(range(len(parts))):
            rules = self._rules("/".join((self._top, *parts[:depth], file)))
            if rules is None:
                continue
            verdict = rules.check_file("/".join(parts[depth:]) + "/" * is_folder).include
            if verdict is not None:
                return verdict
        return False


def _rules(path: str) -> GitIgnoreSpec | None:
    try:
        text = Path(path).read_text("utf-8", errors="replace")
        return GitIgnoreSpec.from_lines(text.splitlines())
    except (OSError, ValueError):
        # There is none, or a line in it is no pattern.
        return None
