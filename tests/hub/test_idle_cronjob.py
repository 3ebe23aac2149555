"""The CronJob that stops idle instances where nobody's JupyterLab is open."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.conftest import Kubectl, eventually
from tests.hub.pods import Run, replicas

pytestmark = pytest.mark.cluster

CRONJOB = Path(__file__).parents[2] / "examples" / "idle-cronjob.yaml"


def test_the_cronjob_stops_an_idle_instance(run: Run, kubectl: Kubectl, image: str) -> None:
    run("/bin/sleep", "600")
    # From /, where no source tree passes for an installation.
    asking = "cd / && python3 -m jupyter_trainhub.cli --version"
    has_it = kubectl.run("exec", "dev-x-0", "--", "/bin/sh", "-c", asking)
    if has_it.returncode != 0:
        pytest.skip("the image has no TrainHub")
    *objects, cronjob = yaml.safe_load_all(CRONJOB.read_text())
    settings = "c.TrainHubConfig.idle_timeout = 1\nc.TrainHubConfig.idle_warning = 1\n"
    for found in objects:
        if found["kind"] == "ConfigMap":
            found["data"]["jupyter_trainhub_config.py"] = settings
        if found["kind"] == "RoleBinding":
            found["subjects"][0]["namespace"] = kubectl.namespace
    kubectl.apply(*objects)
    template = cronjob["spec"]["jobTemplate"]["spec"]
    template["template"]["spec"]["containers"][0]["image"] = image
    # Python may be in a folder that only this account can read.
    template["template"]["spec"]["securityContext"] = {}
    said: list[str] = []

    def look() -> bool:
        # What the CronJob's controller does every five minutes.
        name = f"look-{len(said)}"
        kubectl.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
                       "spec": template})  # fmt: skip
        kubectl("wait", "--for=condition=complete", f"job/{name}", "--timeout=30s")
        said.append(kubectl("logs", f"job/{name}"))
        return replicas(kubectl) == 0

    eventually(look, 60)
    assert any("x: warned: " in line for line in said[:-1]), said
    assert said[-1].startswith("x: stopped: ")
