"""Where a job came from: who submitted it, when, and the state of the code's git repository.

It travels in the job's ConfigMap ``<name>-run``, as two files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUBMISSION_FILE = "submission.json"
CHANGES_FILE = "changes.diff"

# A ConfigMap may hold 1 MiB, and shares that with the objects as applied.
LARGEST_DIFFERENCE = 256 * 1024


@dataclass(frozen=True)
class GitState:
    """A git repository at one moment.

    ``commit`` is None before the first one, ``branch`` None where none is checked out; ``dirty``
    says whether something differs from the commit; ``remote`` is where it comes from, without
    passwords, None where it has none.
    """

    commit: str | None
    branch: str | None
    dirty: bool
    remote: str | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "commit": self.commit,
            "branch": self.branch,
            "dirty": self.dirty,
            "remote": self.remote,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GitState:
        """Back from JSON; what is not of its type counts as not known."""
        return cls(
            commit=_text(data.get("commit")),
            branch=_text(data.get("branch")),
            dirty=data.get("dirty") is True,
            remote=_text(data.get("remote")),
        )


@dataclass(frozen=True)
class Submission:
    """How a job was submitted.

    ``submitted_by`` is the name by which the user is known to Jupyter, as claimed; ``user`` the
    owner written on the objects; ``at`` ISO 8601 in UTC. ``git`` is the repository of the notebook
    or of the folder of the command, None where there is none, and ``remark`` says why where that
    could not be told. ``difference`` is what ``git diff HEAD`` prints, below lines with ``# `` that
    name the files that git does not track and say what was cut: ``git apply`` skips those.
    ``notebook`` is its path; ``from_run`` the run that was submitted again.
    """

    submitted_by: str = ""
    user: str = ""
    at: str = ""
    git: GitState | None = None
    difference: bytes = b""
    remark: str = ""
    notebook: str | None = None
    from_run: str | None = None

    def to_files(self) -> dict[str, bytes]:
        """``{"submission.json", "changes.diff"}``; the latter may be no UTF-8."""
        document = {
            "submitted_by": self.submitted_by,
            "user": self.user,
            "at": self.at,
            "git": None if self.git is None else self.git.to_dict(),
            "remark": self.remark,
            "notebook": self.notebook,
            "from_run": self.from_run,
        }
        text = json.dumps(document, ensure_ascii=False, indent=1)
        return {SUBMISSION_FILE: text.encode(), CHANGES_FILE: self.difference}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Submission:
        """Back from :meth:`to_files`; what is missing or broken is left empty."""
        try:
            data = json.loads(files.get(SUBMISSION_FILE, b"{}"))
        except (ValueError, RecursionError):
            data = {}
        if not isinstance(data, dict):
            data = {}
        git = data.get("git")
        return cls(
            submitted_by=_text(data.get("submitted_by")) or "",
            user=_text(data.get("user")) or "",
            at=_text(data.get("at")) or "",
            git=GitState.from_dict(git) if isinstance(git, dict) else None,
            difference=files.get(CHANGES_FILE, b""),
            remark=_text(data.get("remark")) or "",
            notebook=_text(data.get("notebook")),
            from_run=_text(data.get("from_run")),
        )


EMPTY = Submission()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
