"""Jobs submitted from this machine: a notebook's or script's saved file, or a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.hub.jobs.manager import Jobs
from jupyter_trainhub.hub.runs.origin import origin
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.hub.submission import complete
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.notebook import markdown, scripts
from jupyter_trainhub.notebook.beside import MAX_BYTES, Beside
from jupyter_trainhub.notebook.bundle import bundle
from jupyter_trainhub.notebook.plan import Plan, plan_notebook
from jupyter_trainhub.specs.job import JobSpec


class Submitter(Protocol):
    """What a job is submitted with; see :class:`jupyter_trainhub.hub.hub.Hub`."""

    @property
    def jobs(self) -> Jobs: ...

    @property
    def storage(self) -> Storages: ...

    @property
    def user(self) -> str: ...

    @property
    def config(self) -> TrainHubConfig: ...


@dataclass(frozen=True)
class Submitted:
    """A job as it was made: its view, and what its author should know."""

    view: Object
    warnings: tuple[str, ...] = ()


def submit(hub: Submitter, fields: Mapping[str, Any], file: Path | None) -> Submitted:
    """Create the job that ``fields`` ask for: of the notebook ``file`` in its saved state.

    Without a ``file`` it is a command, submitted from the present folder. Raises NotFound without
    the file, InvalidField for what cannot run, AlreadyExists.
    """
    spec, plan = _planned(hub, fields, file)
    folder = file.parent if file else Path.cwd()
    told = origin(folder, user=hub.user, notebook=fields.get("notebook"))
    view = hub.jobs.create(spec, bundle(plan, spec.notebook), submission=told)
    return Submitted(view, tuple(str(remark) for remark in plan.warnings))


def preview(hub: Submitter, fields: Mapping[str, Any], file: Path | None) -> dict[str, Any]:
    """What would run, as ``jobs/preview`` answers it; nothing is made. Raises as :func:`submit`."""
    _, plan = _planned(hub, fields, file)
    return plan.to_dict()


def _planned(hub: Submitter, fields: Mapping[str, Any], file: Path | None) -> tuple[JobSpec, Plan]:
    spec = complete(fields, hub.jobs)
    most = hub.config.code_max_bytes
    if file is None:
        return spec, plan_command(spec, Path.cwd(), most)
    spec = in_own_folder(spec, file, hub.storage)
    return spec, plan_file(spec, file, seen_folders(spec, hub.storage), most)


def plan_command(spec: JobSpec, folder: Path, max_bytes: int) -> Plan:
    """What of ``folder`` travels with the command of ``spec``, of at most ``max_bytes``."""
    starts_there = spec.working_dir is None
    beside = Beside(folder, spec.include, starts_there, max_bytes)
    return scripts.plan_command(spec.command or (), beside)


def plan_file(spec: JobSpec, file: Path, seen: Sequence[str], max_bytes: int = MAX_BYTES) -> Plan:
    """What of ``file`` would run where the pods see the folders ``seen``; none: not known.

    Of its folder at most ``max_bytes`` travel with it. Raises NotFound, and InvalidField for a file
    without rights.
    """
    try:
        source = file.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"there is no file {str(file)!r}", field="notebook", remedy="Check its path."
        ) from None
    except OSError as error:
        raise InvalidField(
            f"{str(file)!r} cannot be read: {error.strerror}",
            field="notebook",
            remedy="Name a file that you may read.",
        ) from None
    beside = Beside(file.parent, spec.include, spec.working_dir is None, max_bytes)
    is_text = file.suffix != ".ipynb"
    if file.suffix == ".py" and not scripts.is_notebook(source):
        return scripts.plan_script(
            source,
            name=file.name,
            parameters=spec.parameters,
            world_size=spec.world_size,
            visible=seen,
            beside=beside,
        )
    if spec.args:
        raise InvalidField(
            f"{file.name} is a notebook by its header, which has no arguments",
            field="args",
            remedy="Use parameters, or remove the header.",
        )
    plan = plan_notebook(
        markdown.document(source, file.name) if is_text else source,
        name=file.name,
        parameters=spec.parameters,
        world_size=spec.world_size,
        processes_per_node=spec.processes,
        visible=seen,
        beside=beside,
        setup=spec.setup,
    )
    return replace(plan, language="markdown") if is_text else plan


def seen_folders(spec: JobSpec, storage: Storages) -> list[str]:
    """The folders that the pods of ``spec`` see, storages among them. Raises InvalidField."""
    _, chosen = storage.chosen(spec)
    return [mount.path for mount in (*spec.mounts, *chosen)]


def in_own_folder(spec: JobSpec, file: Path, storage: Storages) -> JobSpec:
    """``spec`` with the notebook's folder mounted at its own path, in which the program starts.

    So files beside the notebook are found, and what it writes stays there. Unchanged where the
    cluster's nodes do not have this machine's folders, or the spec mounts something there, a
    storage for instance.
    """
    mount = storage.folder(file.parent)
    if mount is None:
        return spec
    mounts = list(spec.mounts)
    if mount.path not in seen_folders(spec, storage):
        mounts.append(mount)
    working_dir = spec.working_dir or mount.path
    return spec.model_copy(update={"mounts": mounts, "working_dir": working_dir})
