"""An instance's life on a fake cluster: checked, changed, restarted, by several people at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    TrainHubError,
)
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import (
    PODS,
    RESOURCE_QUOTAS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
)
from jupyter_trainhub.specs.instance import InstanceSpec
from tests.hub.fakes import FakeCluster, node

BOB = "bob"


def spec(**fields: Any) -> InstanceSpec:
    return InstanceSpec.parse({"name": "lab", **fields})


def hub_of(user: str, cluster: FakeCluster) -> Hub:
    return Hub(cluster, TrainHubConfig(), ClusterChoice(embedded=True), user)


def run_pod(cluster: FakeCluster, uid: str = "first") -> None:
    """What the controller and a node do."""
    template = cluster.get(STATEFUL_SETS, "dev-lab")["spec"]["template"]
    cluster.put(
        PODS,
        {
            "metadata": {"name": "dev-lab-0", "uid": uid, **template["metadata"]},
            "spec": {"nodeName": "n1", **template["spec"]},
            "status": {
                "phase": "Running",
                "podIP": "127.1.2.3",
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": "main", "state": {"running": {}}}],
            },
        },
    )


@pytest.fixture
def running(cluster: FakeCluster) -> Hub:
    """A hub with an instance that runs, which has looked at no node yet."""
    hub_of("ada", cluster).instances.create(spec(cpus=2))
    run_pod(cluster)
    return hub_of("ada", cluster)


class TestCheck:
    def test_nothing_is_made(self, hub: Hub, cluster: FakeCluster) -> None:
        found = hub.instances.check({"name": "lab"})
        assert (found["verdict"], found["nodes_now"], found["refusal"]) == ("now", 1, None)
        assert list(cluster.writes()) == []

    def test_gpus_of_a_model_with_a_name_of_its_own_count(self) -> None:
        model = {"name": "A100", "resource": "example.com/a100"}
        cluster = FakeCluster(node(offers={"example.com/a100": "4"}))
        hub = Hub(cluster, TrainHubConfig(gpu_models=[model]), ClusterChoice(embedded=True), "ada")
        wanted = {"gpus": 2, "gpu_model": "A100"}
        assert hub.instances.check({"name": "lab"})["largest"]["gpus"] == 4
        refused = hub.instances.check({**wanted, "gpus": 5})
        assert "5 GPUs for one pod" in refused["message"]
        made = hub.instances.create(spec(**wanted))
        assert made["gpus"] == 2
        run_pod(cluster)
        assert hub.instances.get("lab")["idle"]["state"] == "unknown"
        (found,) = hub.nodes.list()
        assert found["gpu"] == {"allocatable": 4, "requested": 2, "model": None}

    def test_every_fault_of_the_spec_is_told(self, hub: Hub) -> None:
        found = hub.instances.check({"name": "a b", "gpus": -1})
        assert {error["field"] for error in found["errors"]} == {"name", "gpus"}
        assert (found["largest"], found["quota"]) == (None, [])

    def test_a_name_in_use_says_whose_it_is(self, running: Hub, cluster: FakeCluster) -> None:
        mine = running.instances.check({"name": "lab"})
        assert (mine["verdict"], mine["refusal"]["field"]) == ("never", "name")
        assert "ada" not in mine["refusal"]["message"]
        theirs = hub_of(BOB, cluster).instances.check({"name": "lab"})
        assert "it belongs to ada" in theirs["refusal"]["message"]
        with pytest.raises(AlreadyExists, match="it belongs to ada"):
            hub_of(BOB, cluster).instances.create(spec())

    def test_a_change_counts_without_the_present_pod(self, running: Hub) -> None:
        assert running.instances.check({"name": "lab", "cpus": 4}, edit=True)["verdict"] == "now"
        assert running.instances.check({"name": "new", "cpus": 4})["verdict"] == "later"

    def test_rights_may_be_missing(self, hub: Hub, cluster: FakeCluster) -> None:
        for plural in ("nodes", "resourcequotas", "limitranges"):
            cluster.refuse["list", plural] = Forbidden("no")
        hub.config.default_image = "site/lab:1"
        found = hub.instances.check({"name": "lab", "cpus": 99})
        assert (found["verdict"], found["nodes_total"], found["quota"]) == ("unknown", None, [])
        assert found["message"]

    def test_who_may_not_make_pods_may_make_instances(self, hub: Hub, cluster: FakeCluster) -> None:
        message = 'pods is forbidden: User "ada" cannot create resource "pods" in API group ""'
        cluster.refuse_dry_run["pods"] = Forbidden(message)
        assert hub.instances.check({"name": "lab"})["refusal"] is None

    def test_a_quota_that_is_used_up_delays(self, hub: Hub, cluster: FakeCluster) -> None:
        hard = {"requests.cpu": "4"}
        quota = {
            "metadata": {"name": "team"},
            "spec": {"hard": hard},
            "status": {"hard": hard, "used": {"requests.cpu": "3"}},
        }
        cluster.put(RESOURCE_QUOTAS, quota)
        cluster.refuse_dry_run["pods"] = Forbidden(
            "exceeded quota: team, requested: requests.cpu=2, used: requests.cpu=3, "
            "limited: requests.cpu=4"
        )
        found = hub.instances.check({"name": "lab", "cpus": 2})
        assert (found["verdict"], found["suggestion"]) == ("later", {"cpus": 1})
        assert found["refusal"]["message"] == found["message"]
        assert found["quota"][0]["left"] == 1
        # It may be made: it starts once there is room.
        assert hub.instances.create(spec(cpus=2))["phase"] == "Pending"
        with pytest.raises(InvalidField) as never:
            hub.instances.create(spec(name="other", cpus=8))
        assert never.value.field == "cpus"

    def test_what_the_cluster_never_lets_be_is_not_made(
        self, hub: Hub, cluster: FakeCluster
    ) -> None:
        cluster.refuse_dry_run["pods"] = Forbidden(
            'violates PodSecurity "restricted:latest": host namespaces (hostNetwork=true)'
        )
        with pytest.raises(Forbidden) as refused:
            hub.instances.create(spec())
        assert refused.value.field == "host_network"
        assert list(cluster.writes()) == []

    def test_where_nodes_are_added_size_is_no_bar(self, cluster: FakeCluster) -> None:
        hub = hub_of("ada", cluster)
        hub.config.check_fit = False
        assert hub.instances.check({"name": "lab", "cpus": 99})["verdict"] == "later"
        hub.instances.create(spec(cpus=99))


class TestEdit:
    def test_a_running_pod_keeps_its_spec_until_it_is_restarted(
        self, running: Hub, cluster: FakeCluster
    ) -> None:
        before = running.instances.get("lab")
        assert before["restart_needed"] is False
        view = running.instances.update("lab", spec(cpus=1), version=before["version"])
        assert (view["spec"]["cpus"], view["cpus"], view["restart_needed"]) == (1, 1, True)
        assert cluster.names(PODS) == ["dev-lab-0"]
        running.instances.restart("lab")
        assert cluster.names(PODS) == []
        run_pod(cluster, "second")
        assert running.instances.get("lab")["restart_needed"] is False

    def test_it_may_be_restarted_at_once(self, running: Hub, cluster: FakeCluster) -> None:
        running.instances.update("lab", spec(memory="1Gi"), restart=True)
        assert cluster.names(PODS) == []

    def test_a_stopped_one_stays_stopped(self, running: Hub, cluster: FakeCluster) -> None:
        running.instances.stop("lab")
        del cluster.objects["pods"]["dev-lab-0"]
        view = running.instances.update("lab", spec(image="other"), restart=True)
        assert (view["phase"], view["image"], view["restart_needed"]) == ("Stopped", "other", False)

    def test_it_stays_its_owners(self, running: Hub, cluster: FakeCluster) -> None:
        view = hub_of(BOB, cluster).instances.update("lab", spec(cpus=1))
        assert view["owner"] == "ada"

    def test_what_never_fits_changes_nothing(self, running: Hub) -> None:
        with pytest.raises(InvalidField) as refused:
            running.instances.update("lab", spec(memory="1Ti"))
        assert refused.value.field == "memory"
        assert running.instances.get("lab")["spec"]["cpus"] == 2

    def test_the_name_stays(self, running: Hub) -> None:
        with pytest.raises(InvalidField) as refused:
            running.instances.update("lab", spec(name="new"))
        assert refused.value.field == "name"
        with pytest.raises(NotFound):
            running.instances.update("new", spec(name="new"))

    def test_who_comes_second_is_told_of_the_first(
        self, running: Hub, cluster: FakeCluster
    ) -> None:
        version = running.instances.get("lab")["version"]
        hub_of(BOB, cluster).instances.update("lab", spec(cpus=1), version=version)
        with pytest.raises(Conflict, match="changed by bob at 20") as late:
            running.instances.update("lab", spec(cpus=3), version=version)
        assert late.value.reason == "Edited"
        # With what is there now it can be done again.
        running.instances.update("lab", spec(cpus=3), version=late.value.details["version"])

    def test_starting_and_notes_of_activity_are_no_edits(
        self, running: Hub, cluster: FakeCluster
    ) -> None:
        version = running.instances.get("lab")["version"]
        running.instances.stop("lab")
        note = {"metadata": {"annotations": {"trainhub.jupyter.org/activity": "{}"}}}
        cluster.patch(STATEFUL_SETS, "dev-lab", note)
        running.instances.start("lab")
        running.instances.update("lab", spec(cpus=1), version=version)


class TestAtOnce:
    """Several people act on one instance."""

    def all(self, *acts: Callable[[], Any]) -> list[TrainHubError]:
        ready, errors = threading.Barrier(len(acts)), []

        def act(one: Callable[[], Any]) -> None:
            ready.wait()
            try:
                one()
            except TrainHubError as error:
                errors.append(error)

        threads = [threading.Thread(target=act, args=(one,)) for one in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return errors

    def test_of_two_edits_of_one_version_one_wins(self, running: Hub, cluster: FakeCluster) -> None:
        version = running.instances.get("lab")["version"]
        bob = hub_of(BOB, cluster)
        (late,) = self.all(
            lambda: running.instances.update("lab", spec(cpus=1), version=version),
            lambda: bob.instances.update("lab", spec(cpus=3), version=version),
        )
        assert isinstance(late, Conflict)
        view = running.instances.get("lab")
        assert view["cpus"] == view["spec"]["cpus"]

    def test_stop_and_start_leave_one_of_both_whole(
        self, running: Hub, cluster: FakeCluster
    ) -> None:
        bob = hub_of(BOB, cluster)
        for _ in range(20):
            errors = self.all(
                lambda: running.instances.stop("lab"),
                lambda: bob.instances.start("lab"),
                lambda: bob.instances.stop("lab"),
            )
            assert errors == []
            found = cluster.get(STATEFUL_SETS, "dev-lab")
            stopped = "trainhub.jupyter.org/stopped-at" in found["metadata"]["annotations"]
            assert stopped == (found["spec"]["replicas"] == 0)

    def test_a_restart_spares_the_pod_that_another_restart_made(
        self, running: Hub, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listed = running.instances._pods("lab")
        run_pod(cluster, "second")

        def stale(name: str) -> Any:
            return listed

        monkeypatch.setattr(running.instances, "_pods", stale)
        running.instances.restart("lab")
        assert cluster.get(PODS, "dev-lab-0")["metadata"]["uid"] == "second"


def test_stop_and_start_may_be_said_twice(running: Hub, cluster: FakeCluster) -> None:
    running.instances.stop("lab")
    first = cluster.get(STATEFUL_SETS, "dev-lab")
    hub_of(BOB, cluster).instances.stop("lab")
    assert cluster.get(STATEFUL_SETS, "dev-lab") == first
    # The old pod still ends.
    assert running.instances.start("lab")["phase"] != "Stopped"
    running.instances.start("lab")
    assert cluster.get(STATEFUL_SETS, "dev-lab")["spec"]["replicas"] == 1


def test_a_stopped_one_is_not_restarted(running: Hub) -> None:
    running.instances.stop("lab")
    with pytest.raises(Conflict, match="Start it"):
        running.instances.restart("lab")


def test_one_that_is_being_deleted_is_not_started(running: Hub, cluster: FakeCluster) -> None:
    metadata = cluster.objects["statefulsets"]["dev-lab"]["metadata"]
    metadata["deletionTimestamp"] = "2026-11-22T02:00:00Z"
    with pytest.raises(Conflict, match="being deleted"):
        running.instances.start("lab")


def test_the_name_of_the_pod(running: Hub, cluster: FakeCluster) -> None:
    assert running.instances.pod("lab") == "dev-lab-0"
    cluster.objects["pods"].clear()
    with pytest.raises(Conflict) as stopped:
        running.instances.pod("lab")
    assert stopped.value.reason == "InstanceNotRunning"


def test_what_an_old_instance_left_is_replaced(hub: Hub, cluster: FakeCluster) -> None:
    left = {"name": "dev-lab", "ownerReferences": [{"kind": "StatefulSet", "uid": "gone"}]}
    for resource in (SECRETS, SERVICES):
        cluster.put(resource, {"metadata": left})
    hub.instances.create(spec())
    assert "token" in cluster.get(SECRETS, "dev-lab")["stringData"]


def test_what_is_no_instances_is_left_alone(hub: Hub, cluster: FakeCluster) -> None:
    cluster.put(SECRETS, {"metadata": {"name": "dev-lab"}, "data": {"mine": "eA=="}})
    with pytest.raises(AlreadyExists):
        hub.instances.create(spec())
    assert cluster.get(SECRETS, "dev-lab")["data"] == {"mine": "eA=="}
    assert cluster.names(STATEFUL_SETS) == []
