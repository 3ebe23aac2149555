from __future__ import annotations

from typing import Any

from jupyter_trainhub.hub.images.default import default_image
from jupyter_trainhub.hub.machine import Machine, is_node
from jupyter_trainhub.hub.nodes import largest, node_views
from tests.hub.fakes import node

GIB = 1024**3


def pod(name: str, on: str | None, cpu: str, phase: str = "Running", **fields: Any) -> Any:
    requests = {"requests": {"cpu": cpu, "memory": "1Gi", **fields}}
    return {
        "metadata": {"name": name, "labels": {}},
        "spec": {"nodeName": on, "containers": [{"resources": requests}, {}]},
        "status": {"phase": phase},
    }


def test_what_is_free_is_what_no_live_pod_requests() -> None:
    pods = [
        pod("a", "n1", "500m"),
        pod("b", "n1", "1"),
        pod("done", "n1", "1", phase="Succeeded"),
        pod("waits", None, "1"),
    ]
    (view,) = node_views([node()], pods)
    assert view["cpu"] == {"allocatable": 4.0, "requested": 1.5}
    assert view["memory"] == {"allocatable": 8 * GIB, "requested": 2 * GIB}
    assert [entry["name"] for entry in view["pods"]] == ["a", "b"]


def test_an_init_container_counts_when_it_is_larger() -> None:
    heavy = pod("a", "n1", "1")
    heavy["spec"]["initContainers"] = [{"resources": {"requests": {"cpu": "3"}}}]
    (view,) = node_views([node()], [heavy])
    assert view["cpu"]["requested"] == 3


def test_gpus_and_their_model() -> None:
    labelled = node(gpus=8, labels={"nvidia.com/gpu.product": "A100"})
    busy = pod("a", "n1", "1", **{"nvidia.com/gpu": "2"})
    (view,) = node_views([labelled], [busy])
    assert view["gpu"] == {"allocatable": 8, "requested": 2, "model": "A100"}


def test_gpus_of_every_name_count() -> None:
    model = node(gpus=2, offers={"example.com/a100": "4"})
    held = [
        pod("a", "n1", "1", **{"nvidia.com/gpu": "1"}),
        pod("b", "n1", "1", **{"example.com/a100": "3"}),
    ]
    (view,) = node_views([model], held, ("nvidia.com/gpu", "example.com/a100"))
    assert (view["gpu"]["allocatable"], view["gpu"]["requested"]) == (6, 4)
    assert [entry["gpu"] for entry in view["pods"]] == [1, 3]


def test_a_cordoned_node_offers_nothing() -> None:
    size = largest([node(cpu="2"), node(cpu="64", unschedulable=True)])
    assert size is not None
    assert size["cpu"] == 2


def test_the_image_of_a_site() -> None:
    assert default_image("site/torch:1", []) == "site/torch:1"
    assert default_image("", [node()]) == "host"


def test_a_container_does_not_pass_for_its_machine() -> None:
    info = {"bootID": "boot", "machineID": "machine"}
    nodes = [node(), node("n2", info=info)]
    assert is_node(Machine("boot", "machine"), nodes)
    assert not is_node(Machine("boot", "container"), nodes)
    assert not is_node(Machine("", ""), nodes)
