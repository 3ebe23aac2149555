"""What runs in a job's pods: of its spec, of a notebook, or as another run had it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.inpod import program
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import CONFIG_MAPS
from jupyter_trainhub.manifests.frameworks import code
from jupyter_trainhub.manifests.frameworks.code import LAUNCHER, STAND_IN, Code
from jupyter_trainhub.manifests.labels import CODE_ARGV, RUN, Object, label_value
from jupyter_trainhub.specs.job import JobSpec


class Bundle(Protocol):
    """What a notebook, script or command becomes: files for the pods, and what runs them.

    ``argv`` is empty for a command.
    """

    @property
    def files(self) -> Mapping[str, bytes]: ...

    @property
    def argv(self) -> Sequence[str]: ...


def program_of(spec: JobSpec, bundle: Bundle | None) -> Code:
    """The files of the job's pods, the launcher among them, and what the launcher starts.

    ``bundle`` is that of the notebook of ``spec``. Raises InvalidField without it.
    """
    launcher = {LAUNCHER: program(LAUNCHER), STAND_IN: program("stand_in.py")}
    if spec.command is not None:
        files = {} if bundle is None else bundle.files
        return Code({**files, **launcher}, spec.command)
    if bundle is None:
        raise InvalidField(
            "the notebook was not read, only its path was given",
            field="notebook",
            remedy="Submit it from JupyterLab, with th.submit() or with 'trainhub create job'.",
        )
    return Code({**bundle.files, **launcher}, [*bundle.argv, *spec.args])


def again(spec: JobSpec, submitted: Bundle) -> Code:
    """What ran as ``submitted``, for a job ``spec`` with parameters of its own.

    Raises InvalidField where the one is a notebook and the other is not.
    """
    if spec.command is not None:
        return program_of(spec, submitted)
    # Imported when it is needed: what reads notebooks takes a second and more to load.
    from jupyter_trainhub.notebook.bundle import with_parameters

    files = with_parameters(submitted, spec.parameters)
    # Python and the file; the arguments are those of the spec.
    return program_of(spec, Code(files, [*submitted.argv[:2]]))


def whole_code(client: KubeClient, first: Object) -> Code:
    """The code whose first ConfigMap is ``first``. Raises NotFound without the others."""
    return code.read(first, [client.get(CONFIG_MAPS, name) for name in code.part_names(first)])


def submitted_as(client: KubeClient, run: str) -> Code:
    """The code of ``run`` out of the cluster, where its job is still there. Raises NotFound."""
    for found in client.list(CONFIG_MAPS, label_selector=f"{RUN}={label_value(run)}"):
        if CODE_ARGV in found["metadata"].get("annotations", {}):
            return whole_code(client, found)
    raise NotFound(
        f"the cluster does not hold the code of run {run!r} any more",
        field="run",
        remedy="Submit the notebook or command anew.",
    )
