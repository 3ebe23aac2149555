"""The end of a Job's pod is counted once, wherever the cluster was killed meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.embedded.controllers import indexes, jobpods
from jupyter_trainhub.embedded.controllers.jobview import JobView

Object = dict[str, Any]

JOB: Object = {
    "metadata": {"name": "j", "namespace": "n", "uid": "job"},
    "spec": {"completionMode": "NonIndexed", "completions": 3, "parallelism": 3, "suspend": False,
             "backoffLimit": 6, "podReplacementPolicy": "TerminatingOrFailed",
             "template": {"spec": {"restartPolicy": "Never"}}},
}  # fmt: skip


def pod(uid: str, phase: str, held: bool = True) -> Object:
    metadata: Object = {"name": uid, "namespace": "n", "uid": uid}
    if held:
        metadata["finalizers"] = [jobpods.FINALIZER]
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase}}


@pytest.mark.parametrize("killed", ["never", "before the release", "before the count"])
def test_an_end_is_counted_once(killed: str) -> None:
    status: Object = {}
    pods = [pod("a", "Failed"), pod("b", "Succeeded"), pod("c", "Running")]
    done = JobView(JOB, pods, status).note_uncounted(None)
    assert [p["metadata"]["uid"] for p in done] == ["a", "b"]
    assert status == {"uncountedTerminatedPods": {"failed": ["a"], "succeeded": ["b"]}}
    if killed == "before the release":
        again = JobView(JOB, pods, status)
        assert (again.succeeded(), again.failed()) == (1, 1)
        assert again.note_uncounted(None) == done
    released = [pod("a", "Failed", held=False), pod("b", "Succeeded", held=False), pods[2]]
    view = JobView(JOB, released, status)
    if killed == "before the count":
        assert view.note_uncounted(None) == []
    view.count_released()
    assert status == {"uncountedTerminatedPods": {}, "failed": 1, "succeeded": 1}
    assert (view.succeeded(), view.failed()) == (1, 1)


@pytest.mark.parametrize(
    ("text", "members"), [("", set()), ("4", {4}), ("0,1", {0, 1}), ("0-2,5", {0, 1, 2, 5})]
)
def test_indexes_are_written_as_kubernetes_writes_them(text: str, members: set[int]) -> None:
    assert indexes.parse(text) == members
    assert indexes.text_of(members) == text
