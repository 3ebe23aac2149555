"""TrainHub from a notebook: ``import jupyter_trainhub as th``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_trainhub.api.clusters import Cluster
from jupyter_trainhub.api.image import Image, Images
from jupyter_trainhub.api.instance import Instance, Instances
from jupyter_trainhub.api.job import Job, Jobs
from jupyter_trainhub.api.run import Run, Runs
from jupyter_trainhub.api.submission import submit
from jupyter_trainhub.api.tensorboards import TensorBoard, tensorboard
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
    "Volume",
    "Volumes",
    "cluster",
    "images",
    "instance_form",
    "instances",
    "jobs",
    "runs",
    "submit",
    "tensorboard",
    "volumes",
]

if TYPE_CHECKING:
    from jupyter_trainhub.widgets.instance import InstanceForm

cluster = Cluster()
images = Images()
instances = Instances()
jobs = Jobs()
volumes = Volumes()
runs = Runs()


def instance_form() -> InstanceForm:
    """A form to create an instance; the last value of a cell shows it. Raises InvalidField."""
    # Widgets take their time to import, and most programs show none.
    from jupyter_trainhub.widgets.instance import InstanceForm

    return InstanceForm()
