"""What is noted of a submission when it happens."""

from __future__ import annotations

from pathlib import Path

from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.runs import git
from jupyter_trainhub.manifests.submission import Submission


def origin(
    folder: Path | None,
    *,
    user: str,
    submitted_by: str = "",
    notebook: str | None = None,
    from_run: str | None = None,
) -> Submission:
    """The submission of what lies in ``folder`` of this machine, with its git repository.

    ``submitted_by`` is who Jupyter says it is; default: the ``user`` who will own the job. Takes
    at most the time that git is given.
    """
    found = git.Repository() if folder is None else git.read(folder)
    return Submission(
        submitted_by=submitted_by or user,
        user=user,
        at=now(),
        git=found.git,
        difference=found.difference,
        remark=found.remark,
        notebook=notebook,
        from_run=from_run,
    )
