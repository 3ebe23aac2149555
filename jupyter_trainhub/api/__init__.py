"""TrainHub from a notebook: ``import jupyter_trainhub as th``."""

from jupyter_trainhub.api.clusters import Cluster
from jupyter_trainhub.api.instance import Instance, Instances
from jupyter_trainhub.api.job import Job, Jobs
from jupyter_trainhub.api.submission import submit
from jupyter_trainhub.api.tensorboards import TensorBoard, tensorboard

__all__ = [
    "Cluster",
    "Instance",
    "Instances",
    "Job",
    "Jobs",
    "TensorBoard",
    "cluster",
    "instances",
    "jobs",
    "submit",
    "tensorboard",
]

cluster = Cluster()
instances = Instances()
jobs = Jobs()
