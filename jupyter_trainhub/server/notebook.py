"""From the notebook or script that a request names, by its contents path, to what runs in pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.services.contents.manager import ContentsManager

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.server.contents import notebook_file, root_folder

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.notebook.bundle import Bundle
    from jupyter_trainhub.notebook.plan import Plan
    from jupyter_trainhub.specs.job import JobSpec


@dataclass(frozen=True)
class Submission:
    """A job as it was asked for, and its notebook's ``file``, None for a command.

    ``folder`` is the one of which files travel with it, at most ``max_bytes``; ``seen`` are the
    folders that its pods see; empty where that is not known.
    """

    spec: JobSpec
    file: Path | None
    folder: Path
    max_bytes: int
    seen: Sequence[str] = ()


def read(
    data: Any, contents: ContentsManager, config: TrainHubConfig, hub: Hub | None
) -> Submission:
    """A submission from JSON; without a ``hub`` nothing is known of what can be mounted.

    Raises InvalidField and NotFound.
    """
    from jupyter_trainhub.hub.notebooks import in_own_folder, seen_folders
    from jupyter_trainhub.specs.job import JobSpec

    spec, most = JobSpec.parse(data).with_defaults(config.job_defaults), config.code_max_bytes
    if spec.notebook is None:
        folder = root_folder(contents, field="include") if spec.include else Path.cwd()
        return Submission(spec, None, folder, most)
    file = notebook_file(contents, spec.notebook, field="notebook")
    if hub is None:
        seen = [mount.path for mount in spec.mounts]
        return Submission(spec, file, file.parent, most, seen)
    spec = in_own_folder(spec, file, hub.storage)
    return Submission(spec, file, file.parent, most, seen_folders(spec, hub.storage))


def plan(submission: Submission) -> Plan:
    """What runs of the notebook, in its saved state; a plan without cells for a command."""
    from jupyter_trainhub.hub.notebooks import plan_command, plan_file

    spec, most = submission.spec, submission.max_bytes
    if submission.file is None:
        return plan_command(spec, submission.folder, most)
    return plan_file(spec, submission.file, submission.seen, most)


def bundled(submission: Submission) -> Bundle:
    """The files of a job. Raises InvalidField for what cannot run."""
    from jupyter_trainhub.notebook.bundle import bundle

    return bundle(plan(submission), submission.spec.notebook)
