"""TrainHub from a notebook: ``import jupyter_trainhub as th``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_trainhub.api.board import TensorBoard
from jupyter_trainhub.api.boards import TensorBoards, tensorboard
from jupyter_trainhub.api.clusters import Cluster
from jupyter_trainhub.api.image import Image, Images
from jupyter_trainhub.api.instance import Instance, Instances
from jupyter_trainhub.api.job import Job, Jobs
from jupyter_trainhub.api.run import Run, Runs
from jupyter_trainhub.api.submission import submit
from jupyter_trainhub.api.volume import Volume, Volumes

__all__ = [
    "Cluster",
    "Image",
    "Images",
    "Instance",
    "Instances",
    "Job",
    "Jobs",
    "Run",
    "Runs",
    "TensorBoard",
    "TensorBoards",
    "Volume",
    "Volumes",
    "cluster",
    "cluster_meter",
    "images",
    "instance_form",
    "instances",
    "job_view",
    "jobs",
    "runs",
    "submit",
    "submit_form",
    "tensorboard",
    "tensorboards",
    "volumes",
]

if TYPE_CHECKING:
    import os

    from jupyter_trainhub.widgets.cluster import ClusterMeter
    from jupyter_trainhub.widgets.creation import CreationForm
    from jupyter_trainhub.widgets.job import JobView

cluster = Cluster()
images = Images()
instances = Instances()
jobs = Jobs()
volumes = Volumes()
runs = Runs()
tensorboards = TensorBoards()


# Widgets take their time to import, and most programs show none.


def instance_form() -> CreationForm:
    """A form to create an instance; the last value of a cell shows it. Raises InvalidField."""
    from jupyter_trainhub.api import forms

    return forms.instance_form()


def submit_form(notebook: str | os.PathLike[str] | None = None) -> CreationForm:
    """A form to submit ``notebook``, a script or a command as a job; a cell's last value shows it.

    Without ``notebook`` it begins with the one in which this is called, where that is known. What
    would run is shown beside it, as it was last saved. Raises InvalidField.
    """
    from jupyter_trainhub.api import forms

    return forms.submit_form(notebook)


def job_view(job: str | Job) -> JobView:
    """How a job stands, its progress, ranks and log while it runs; a cell's last value shows it.

    Raises NotFound.
    """
    from jupyter_trainhub.api import session
    from jupyter_trainhub.widgets.job import JobView

    shown = job if isinstance(job, Job) else Job(job)
    return JobView.of(session.hub(), shown.view)


def cluster_meter() -> ClusterMeter:
    """How much of each node is in use, refreshed while it is on the screen. Starts no cluster."""
    from jupyter_trainhub.api import session
    from jupyter_trainhub.widgets.cluster import ClusterMeter

    return ClusterMeter(session.running_hub)
