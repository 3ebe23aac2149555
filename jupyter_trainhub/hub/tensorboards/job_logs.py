"""Where a job writes what TensorBoard shows, as its pods see it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jupyter_trainhub.errors import Conflict, TrainHubError
from jupyter_trainhub.manifests.job_status import over
from jupyter_trainhub.manifests.log_places import absolute_paths
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.resources import PodSpec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.views import View

# Folders in which programs begin to write below their working folder unless they are told another.
_USUAL = ("runs", "lightning_logs", "tb_logs", "logs")
# What variables, options and parameters are called that name such a folder. TENSORBOARD_LOGGING_DIR
# is that of Hugging Face transformers.
_VARIABLES = ("TENSORBOARD_LOGDIR", "TENSORBOARD_LOG_DIR", "TENSORBOARD_LOGGING_DIR")
_OPTIONS = frozenset(
    ["logdir", "log_dir", "logging_dir"]
    + [f"{tool}_{name}" for tool in ("tensorboard", "tb") for name in ("dir", "logdir", "log_dir")]
)


class JobLogs(NamedTuple):
    """The log folders of a job.

    ``folders`` are absolute paths in pods of ``spec``, the job's own volumes among its mounts.
    ``waiting``: nothing was seen there yet, but the job still goes on.
    """

    spec: PodSpec
    folders: list[str]
    waiting: bool


def log_folders(hub: Hub, name: str) -> JobLogs:
    """The log folders of the job ``name``.

    Those that its launcher has seen it write to; else those that its spec names; else the usual
    ones below its working folder, as far as this machine sees them; else the working folder. Raises
    NotFound, and Conflict where nothing is known.
    """
    return logs_of(hub, hub.jobs.get(name))


def logs_of(hub: Hub, view: View) -> JobLogs:
    """:func:`log_folders` of the job with this view. Raises Conflict and InvalidField."""
    job = JobSpec.parse(view["spec"])
    volumes = [
        Mount.parse({"path": volume["path"], "claim": volume["claim"]})
        for volume in view["volumes"]
        if volume["path"]
    ]
    spec = job.model_copy(update={"mounts": [*job.mounts, *volumes]})
    told = absolute_paths(view["log_folders"])
    named = named_folder(job)
    folders = told or ([named] if named else _below(hub, spec, view["owner"]))
    if not folders:
        raise Conflict(
            f"the job {view['name']!r} has told no log folder, and has no working folder",
            field="job",
            remedy="Name the folders, or let the program write to a storage.",
        )
    return JobLogs(spec, folders, waiting=not told and not over(view))


def seen_here(hub: Hub, spec: PodSpec, owner: str, path: str) -> Path | None:
    """The folder of this machine that pods of ``owner`` see at ``path``, with its links resolved.

    None where this machine does not see it, or where it is not there, or where links lead out of
    what was mounted.
    """
    try:
        storages = [item for item in hub.storage.shared_with(owner)
                    if spec.storages and item.name in spec.storages]  # fmt: skip
        mounts = [mount for mount in (*spec.mounts, *storages) if _is_below(path, mount.path)]
        if not mounts:
            return None
        # Of mounts in one another pods see the innermost.
        mount = max(mounts, key=lambda mount: len(mount.path))
        local = hub.storage.local_folder(mount)
        if local is None:
            return None
        root = local.resolve(strict=True)
        folder = (root / posixpath.relpath(path, mount.path)).resolve(strict=True)
    except (TrainHubError, OSError, RuntimeError, ValueError):
        return None
    return folder if folder.is_relative_to(root) and folder.is_dir() else None


def _is_below(path: str, folder: str) -> bool:
    return posixpath.normpath(path) == path and f"{path}/".startswith(f"{folder}/")


def named_folder(job: JobSpec) -> str | None:
    """The folder that a variable, an option or a parameter of a job names."""
    arguments = [*(job.command or ()), *job.args]
    for text in (*_of_variables(job), *_of_options(arguments), *_of_parameters(job)):
        # What variables stand for is known in the pod only.
        if text and "$" not in text and "://" not in text:
            path = posixpath.join(job.working_dir or "", text)
            if path.startswith("/"):
                return posixpath.normpath(path)
    return None


def _of_variables(job: JobSpec) -> list[str]:
    return [job.env[name] for name in _VARIABLES if name in job.env]


def _of_options(arguments: Sequence[str]) -> Iterator[str]:
    """The values of ``--log-dir VALUE``, ``--log-dir=VALUE`` and ``log_dir=VALUE``."""
    for position, argument in enumerate(arguments):
        option, has_value, value = argument.partition("=")
        if option.lstrip("-").replace("-", "_") not in _OPTIONS:
            continue
        if has_value:
            yield value
        elif option.startswith("--"):
            yield from arguments[position + 1 : position + 2]


def _of_parameters(job: JobSpec) -> list[str]:
    parameters = job.parameters.items()
    return [value for name, value in parameters if name in _OPTIONS and isinstance(value, str)]


def _below(hub: Hub, spec: PodSpec, owner: str) -> list[str]:
    """The usual folders that are there, else the working folder, if there is one."""
    if spec.working_dir is None:
        return []
    usual = [posixpath.join(spec.working_dir, name) for name in _USUAL]
    return [path for path in usual if seen_here(hub, spec, owner, path)] or [spec.working_dir]
