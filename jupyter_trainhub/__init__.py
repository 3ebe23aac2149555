"""Dev instances, distributed jobs and TensorBoard on Kubernetes, from inside JupyterLab.

In a notebook: ``import jupyter_trainhub as th``, then ``th.submit()``, ``th.jobs``, ``th.runs``,
``th.instances``, ``th.images``, ``th.tensorboard("runs")``, ``th.cluster``. Names are imported at
their first use, for the package itself is imported by every Jupyter server and by every program
inside a pod.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_trainhub._version import __version__ as __version__
    from jupyter_trainhub.api import (
        Image,
        Instance,
        Job,
        Run,
        TensorBoard,
        cluster,
        cluster_meter,
        images,
        instance_form,
        instances,
        job_view,
        jobs,
        runs,
        submit,
        submit_form,
        tensorboard,
        tensorboards,
        volumes,
    )
    from jupyter_trainhub.inpod.progress import progress

__all__ = [
    "Image",
    "Instance",
    "Job",
    "Run",
    "TensorBoard",
    "cluster",
    "cluster_meter",
    "images",
    "instance_form",
    "instances",
    "job_view",
    "jobs",
    "progress",
    "runs",
    "submit",
    "submit_form",
    "tensorboard",
    "tensorboards",
    "volumes",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from jupyter_trainhub._version import __version__

        return __version__
    if name == "progress":
        # Training code needs nothing else, and calls it in every step.
        from jupyter_trainhub.inpod.progress import progress

        return globals().setdefault(name, progress)
    if name in __all__:
        from jupyter_trainhub import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext jupyter_trainhub`` does: ``%%distributed`` and ``%trainhub`` are there."""
    from jupyter_trainhub import magics

    magics.load(shell)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Where jupyter_server finds the server extension."""
    from jupyter_trainhub.extension import TrainHub

    return [{"module": "jupyter_trainhub", "app": TrainHub}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the front end."""
    return [{"src": "labextension", "dest": "jupyter_trainhub"}]
