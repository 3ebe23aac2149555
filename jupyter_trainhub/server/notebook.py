"""From the notebook that a job names to what runs in its pods."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.services.contents.manager import ContentsManager

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.server.contents import notebook_file

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.notebook.bundle import Bundle
    from jupyter_trainhub.notebook.plan import Plan
    from jupyter_trainhub.specs.job import JobSpec


@dataclass(frozen=True)
class Submission:
    """A job as it was asked for, and its notebook's ``file``, None for a command."""

    spec: JobSpec
    file: Path | None


def read(
    data: Any, contents: ContentsManager, config: TrainHubConfig, hub: Hub | None
) -> Submission:
    """A submission from JSON.

    The notebook's own folder is mounted at its own path, and becomes the working folder. Without a
    ``hub`` nothing is known of what can be mounted. Raises InvalidField and NotFound.
    """
    from jupyter_trainhub.specs.job import JobSpec

    spec = JobSpec.parse(data).with_defaults(config.job_defaults)
    if spec.notebook is None:
        return Submission(spec, None)
    file = notebook_file(contents, spec.notebook, field="notebook")
    mount = hub.storage.folder(file.parent) if hub is not None else None
    if mount is not None:
        mounted = {mount.path for mount in spec.mounts}
        mounts = spec.mounts if mount.path in mounted else [*spec.mounts, mount]
        working_dir = spec.working_dir or mount.path
        spec = spec.model_copy(update={"mounts": mounts, "working_dir": working_dir})
    return Submission(spec, file)


def plan(submission: Submission) -> Plan:
    """What runs of the notebook, in its saved state. Raises InvalidField for a job without one."""
    from jupyter_trainhub.notebook.plan import plan_notebook

    spec, file = submission.spec, submission.file
    if file is None:
        raise InvalidField(
            "only a notebook can be previewed", field="notebook", remedy="Name a notebook."
        )
    return plan_notebook(
        file.read_bytes(),
        name=file.name,
        parameters=spec.parameters,
        world_size=spec.world_size,
        visible=[mount.path for mount in spec.mounts],
    )


def bundled(submission: Submission) -> Bundle | None:
    """The files of a notebook's job, None for a command's.

    Raises InvalidField for what cannot run.
    """
    from jupyter_trainhub.notebook.bundle import bundle

    return None if submission.file is None else bundle(plan(submission))
