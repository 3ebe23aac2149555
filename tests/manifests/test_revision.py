"""Which spec a pod is of, and the patch that changes it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from jupyter_trainhub.manifests.instance import instance_objects
from jupyter_trainhub.manifests.revision import (
    edit_patch,
    restart_needed,
    version,
    with_revision,
)
from jupyter_trainhub.specs.instance import InstanceSpec


def stateful_set(**fields: Any) -> Any:
    spec = InstanceSpec.parse({"name": "a", **fields})
    made = instance_objects(spec, owner="ada", image="i", token="t").stateful_set
    made["metadata"] |= {"uid": "u", "resourceVersion": "7"}
    return with_revision(made)


def pod_of(workload: Any, phase: str = "Running", **metadata: Any) -> Any:
    template = copy.deepcopy(workload["spec"]["template"])
    return {"metadata": {**template["metadata"], **metadata}, "status": {"phase": phase}}


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, False),
        ({"cpus": 2}, True),
        ({"env": {"A": "b"}}, True),
        ({"gpus": 1}, True),
        ({"always_pull": True}, True),
    ],
)
def test_a_pod_of_another_spec_has_to_be_restarted(changes: Any, needed: bool) -> None:
    pod = pod_of(stateful_set())
    assert restart_needed(stateful_set(**changes), [pod]) == needed


def test_what_does_not_run_need_not_be_restarted() -> None:
    old, new = stateful_set(), stateful_set(cpus=2)
    assert not restart_needed(new, [])
    assert not restart_needed(new, [pod_of(old, deletionTimestamp="2026-11-22T02:00:00Z")])
    assert not restart_needed(new, [pod_of(old, phase="Succeeded")])


def test_a_pod_from_before_revisions_counts_as_old_once_it_was_edited() -> None:
    pod = {"metadata": {"labels": {}}, "status": {"phase": "Running"}}
    assert restart_needed(stateful_set(), [pod])
    assert not restart_needed({"spec": {"template": {"metadata": {}}}}, [pod])


def test_the_version_is_of_the_spec_alone() -> None:
    one, other = stateful_set(), stateful_set()
    other["metadata"]["resourceVersion"] = "8"
    other["metadata"]["annotations"]["trainhub.jupyter.org/activity"] = "{}"
    other["spec"]["replicas"] = 0
    assert version(one) == version(other)
    assert version(one) != version(stateful_set(cpus=2))
    other["metadata"]["uid"] = "of another instance of that name"
    assert version(one) != version(other)


def test_the_patch_gives_the_new_spec_and_nothing_of_the_old() -> None:
    present = stateful_set(host_network=True, working_dir="/old", env={"A": "1"})
    present["spec"]["replicas"] = 1
    # What an API server fills in.
    present["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    wanted = stateful_set(cpus=3)
    patch = edit_patch(present, wanted, "bob", "2026-11-22T02:00:00Z")
    changed = merged(present, patch)
    assert changed["spec"]["template"] == wanted["spec"]["template"]
    assert changed["spec"]["replicas"] == 1
    assert patch["metadata"]["resourceVersion"] == "7"
    assert changed["metadata"]["annotations"]["trainhub.jupyter.org/edited-by"] == "bob"
    assert version(changed) != version(present)
