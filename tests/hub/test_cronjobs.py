"""The CronJobs that do what is due where nobody's JupyterLab is open."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import Kubectl, eventually
from tests.hub.pods import Run, replicas

pytestmark = pytest.mark.cluster

EXAMPLES = Path(__file__).parents[2] / "examples"


class CronJob:
    """One of the examples; :meth:`look` is what the CronJob's controller does in its time."""

    def __init__(self, kubectl: Kubectl, image: str, file: str, settings: str = "") -> None:
        self._kubectl = kubectl
        self._name = file.removesuffix(".yaml")
        self._numbers = count()
        *objects, cronjob = yaml.safe_load_all((EXAMPLES / file).read_text())
        for found in objects:
            if found["kind"] == "ConfigMap":
                found["data"]["jupyter_trainhub_config.py"] = settings
            if found["kind"] == "RoleBinding":
                found["subjects"][0]["namespace"] = kubectl.namespace
        kubectl.apply(*objects)
        self._template: dict[str, Any] = cronjob["spec"]["jobTemplate"]["spec"]
        pod = self._template["template"]["spec"]
        pod["containers"][0]["image"] = image
        # Python may be in a folder that only this account can read.
        pod["securityContext"] = {}

    def look(self) -> str:
        """Run it once; what it said."""
        name = f"{self._name}-{next(self._numbers)}"
        body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}}
        self._kubectl.apply({**body, "spec": self._template})
        self._kubectl("wait", "--for=condition=complete", f"job/{name}", "--timeout=60s")
        return self._kubectl("logs", f"job/{name}")


@pytest.fixture
def has_trainhub(run: Run, kubectl: Kubectl) -> None:
    """An idle instance runs, of an image that has TrainHub."""
    run("/bin/sleep", "600")
    # From /, where no source tree passes for an installation.
    asking = "cd / && python3 -m jupyter_trainhub.cli --version"
    has_it = kubectl.run("exec", "dev-x-0", "--", "/bin/sh", "-c", asking)
    if has_it.returncode != 0:
        pytest.skip("the image has no TrainHub")


@pytest.mark.usefixtures("has_trainhub")
def test_jobs_and_idle_instances_are_seen_to(kubectl: Kubectl, image: str, tmp_path: Path) -> None:
    config = TrainHubConfig(
        kubeconfig=str(kubectl.kubeconfig),
        namespace=kubectl.namespace,
        default_image=image,
        run_folder=str(tmp_path / "runs"),
    )
    hub = Hub.connect(config)
    fields = {"name": "fails", "cpus": 0.05, "memory": "64Mi", "restarts": 1}
    hub.jobs.create(JobSpec.parse({**fields, "command": ["/bin/sh", "-c", "exit 3"]}))
    restart = CronJob(kubectl, image, "restart-cronjob.yaml")

    settings = "c.TrainHubConfig.idle_timeout = 1\nc.TrainHubConfig.idle_warning = 1\n"
    idle, said = CronJob(kubectl, image, "idle-cronjob.yaml", settings), []

    def stopped() -> bool:
        said.append(idle.look())
        return replicas(kubectl) == 0

    eventually(stopped, 60)
    assert any("x: warned: " in line for line in said[:-1]), said
    assert said[-1].startswith("x: stopped: ")

    # Between two attempts there is a pause.
    assert "fails: attempt 2 of 2" in eventually(restart.look, 60)
    eventually(lambda: hub.jobs.get("fails")["phase"] == "Failed", 60)
    assert hub.jobs.get("fails")["attempt"] == 2
    assert restart.look() == ""
