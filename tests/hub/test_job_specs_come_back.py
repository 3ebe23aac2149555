"""A job is cloned from the annotation on its object: every field of it has to come back."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.manifests.frameworks.registry import BUILT_IN
from jupyter_trainhub.manifests.job_status import job_view
from jupyter_trainhub.specs.job import JobSpec
from tests.hub.fakes import FakeCluster, node
from tests.manifests.jobs import request

TEXT = st.text(max_size=20)
NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
PATH = NAME.map("/{}".format)
VOLUME = st.fixed_dictionaries(
    {"path": PATH.map("/volumes{}".format), "size": st.sampled_from(["1Gi", "1.5G", "512Mi"])},
    optional={"claim": NAME},
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
COMMAND = st.fixed_dictionaries(
    {"command": st.lists(TEXT, min_size=1, max_size=3).filter(lambda words: bool(words[0]))}
)
NOTEBOOK = st.fixed_dictionaries(
    {"notebook": NAME.map("{}.ipynb".format)},
    optional={
        "parameters": st.dictionaries(NAME.map("p_{}".format), JSON, max_size=2),
        "setup": st.booleans(),
    },
)
SCRIPT = st.fixed_dictionaries(
    {"notebook": NAME.map("{}.py".format)}, optional={"args": st.lists(TEXT, max_size=3)}
)
FRAMEWORK = st.just({"framework": "single"}) | st.fixed_dictionaries(
    {"framework": st.just("pytorch")},
    optional={"nodes": st.integers(1, 3), "processes_per_node": st.integers(1, 3)},
)
OTHERS: dict[str, st.SearchStrategy[Any]] = {
    "category": st.sampled_from(["debug", "inference", "training", "special"]),
    "project": TEXT,
    "priority": st.integers(1, 9),
    "description": TEXT,
    "ib_network": st.booleans(),
    "ssh": st.booleans(),
    "time_limit": st.integers(1, 10**6),
    "estimated_time": st.integers(1, 10**6),
    "peer_timeout": st.integers(1, 10**5),
    "restarts": st.integers(0, 20),
    "checkpoint_volume": VOLUME,
    "model_volume": VOLUME,
    "image": st.just("site/torch:2"),
    "cpus": st.sampled_from([0.1, "250m", 2]),
    "memory": st.sampled_from(["1Gi", "1.5G", "300Mi"]),
    "shared_memory": st.just("64Mi"),
    "storages": st.just([]),
    "env": st.dictionaries(st.from_regex(r"[A-Z_]{1,5}", fullmatch=True), TEXT, max_size=2),
    "mounts": st.lists(st.fixed_dictionaries({"path": PATH, "claim": NAME}), max_size=1),
    "working_dir": PATH,
    "always_pull": st.booleans(),
    "include": st.lists(NAME, max_size=2),
}
SPECS = st.tuples(
    st.fixed_dictionaries({"name": st.from_regex(r"[A-Za-z][A-Za-z_-]{0,9}[a-z]", fullmatch=True)}),
    COMMAND | NOTEBOOK | SCRIPT,
    FRAMEWORK,
    st.fixed_dictionaries({}, optional=OTHERS),
).map(lambda parts: {**parts[0], **parts[1], **parts[2], **parts[3]})


def parsed(data: dict[str, Any]) -> JobSpec | None:
    """The spec; None for fields that do not go together."""
    try:
        return JobSpec.parse(data)
    except InvalidField:
        return None


@settings(max_examples=15, deadline=None, derandomize=True)
@given(SPECS.map(parsed).filter(lambda spec: spec is not None))
def test_a_spec_comes_back_from_the_object(spec: JobSpec) -> None:
    for framework in BUILT_IN:
        if framework.name == spec.framework:
            asked = request(**{"command": None, **spec.to_dict()})
            assert asked.spec == spec
            view = job_view(framework.objects(asked).owner, [])
            assert JobSpec.parse(view["spec"]) == spec


@settings(max_examples=6, deadline=None, derandomize=True)
@given(SPECS.map(parsed).filter(lambda spec: spec is not None and spec.command is not None))
def test_a_resubmission_is_the_same_job_but_for_its_name(spec: JobSpec) -> None:
    cluster = FakeCluster(node(cpu="64", memory="64Gi"))
    config = TrainHubConfig(job_defaults={"project": "site's"})
    hub = Hub(cluster, config, ClusterChoice(embedded=True), "ada")
    for volume in spec.volumes.values():
        if volume.claim is not None:
            return
    first = hub.jobs.create(spec)
    again = hub.jobs.resubmit(spec.name, "again")
    assert {**again["spec"], "name": spec.name} == first["spec"]
