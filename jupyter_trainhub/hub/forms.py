"""JSON Schemas of the forms, with the defaults of this site."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec


def schemas(config: TrainHubConfig) -> dict[str, dict[str, Any]]:
    """The schema of an instance and of a job; needs no cluster."""
    image = {"image": config.default_image} if config.default_image else {}
    return {
        "instance": InstanceSpec.form_schema({**image, **config.instance_defaults}),
        "job": JobSpec.form_schema({**image, **config.job_defaults}),
    }
