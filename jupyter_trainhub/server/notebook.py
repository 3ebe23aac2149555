"""From the notebook that a request names, by its contents path, to what runs in a job's pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.services.contents.manager import ContentsManager

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.server.contents import notebook_file

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.notebook.bundle import Bundle
    from jupyter_trainhub.notebook.plan import Plan
    from jupyter_trainhub.specs.job import JobSpec


@dataclass(frozen=True)
class Submission:
    """A job as it was asked for, and its notebook's ``file``, None for a command.

    ``seen`` are the folders that its pods see; empty where that is not known.
    """

    spec: JobSpec
    file: Path | None
    seen: Sequence[str] = ()


def read(
    data: Any, contents: ContentsManager, config: TrainHubConfig, hub: Hub | None
) -> Submission:
    """A submission from JSON; without a ``hub`` nothing is known of what can be mounted.

    Raises InvalidField and NotFound.
    """
    from jupyter_trainhub.hub.notebooks import in_own_folder, seen_folders
    from jupyter_trainhub.specs.job import JobSpec

    spec = JobSpec.parse(data).with_defaults(config.job_defaults)
    if spec.notebook is None:
        return Submission(spec, None)
    file = notebook_file(contents, spec.notebook, field="notebook")
    if hub is None:
        return Submission(spec, file, [mount.path for mount in spec.mounts])
    spec = in_own_folder(spec, file, hub.storage)
    return Submission(spec, file, seen_folders(spec, hub.storage))


def plan(submission: Submission) -> Plan:
    """What runs of the notebook, in its saved state; a plan without cells for a command."""
    from jupyter_trainhub.hub.notebooks import plan_file
    from jupyter_trainhub.notebook.plan import Plan

    if submission.file is None:
        return Plan(submission.spec.name)
    return plan_file(submission.spec, submission.file, submission.seen)


def bundled(submission: Submission) -> Bundle | None:
    """The files of a notebook's job, None for a command's.

    Raises InvalidField for what cannot run.
    """
    from jupyter_trainhub.notebook.bundle import bundle

    return None if submission.file is None else bundle(plan(submission))
