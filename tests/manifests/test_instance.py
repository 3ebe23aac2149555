from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_trainhub.manifests.instance import InstanceObjects, instance_objects
from jupyter_trainhub.manifests.site import ANYWHERE, Site
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.storage import Storage


def make(site: Site = ANYWHERE, **fields: Any) -> InstanceObjects:
    spec = InstanceSpec.parse({"name": "My_lab", **fields})
    return instance_objects(spec, owner="ada", image="site/lab:1", token="t0ken", site=site)


def pod_of(site: Site = ANYWHERE, **fields: Any) -> Any:
    return make(site, **fields).stateful_set["spec"]["template"]["spec"]


def test_the_objects_find_each_other() -> None:
    objects = make()
    spec = objects.stateful_set["spec"]
    assert objects.stateful_set["metadata"]["name"] == "dev--my-0lab"
    assert spec["replicas"] == 0
    assert spec["serviceName"] == objects.service["metadata"]["name"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"].items() <= labels.items()
    assert objects.service["spec"]["selector"].items() <= labels.items()


def test_the_token_is_in_the_secret_alone() -> None:
    objects = make()
    assert objects.secret["stringData"]["token"] == "t0ken"
    assert "t0ken" not in json.dumps([objects.stateful_set, objects.service])


def test_jupyter_reads_its_configuration_in_the_secret() -> None:
    pod = pod_of()
    (container,) = pod["containers"]
    env = {item["name"]: item.get("value") for item in container["env"]}
    assert "JUPYTER_TOKEN" not in env
    mount = container["volumeMounts"][0]
    assert (mount["mountPath"], mount["readOnly"]) == (env["JUPYTER_CONFIG_PATH"], True)
    volume = pod["volumes"][0]
    assert volume["name"] == mount["name"]
    # Octal 0444: programs of any user read it.
    assert volume["projected"]["defaultMode"] == 292
    secrets = [source["secret"] for source in volume["projected"]["sources"]]
    assert {secret["name"] for secret in secrets} == {"dev--my-0lab"}
    shown = [[item["path"] for item in secret["items"]] for secret in secrets]
    assert shown == [["token", "jupyter_server_config.py"], ["rootfs_diff.py"]]
    # Of an instance from before there was the second one, the Secret has the first only.
    assert [secret.get("optional", False) for secret in secrets] == [False, True]
    for program in ("jupyter_server_config.py", "rootfs_diff.py"):
        compile(make().secret["stringData"][program], program, "exec")


def test_what_the_container_held_at_its_start_is_noted_in_a_volume_of_its_own() -> None:
    pod = pod_of()
    mount = pod["containers"][0]["volumeMounts"][-1]
    assert mount == {"name": "trainhub-start", "mountPath": "/trainhub-start"}
    assert pod["volumes"][-1] == {"name": "trainhub-start", "emptyDir": {"sizeLimit": "128Mi"}}
    # An image's own program notes nothing.
    assert len(pod_of(start="image")["volumes"]) == 1


def test_a_broken_pod_never_blocks_a_change() -> None:
    assert make().stateful_set["spec"]["updateStrategy"] == {"type": "OnDelete"}


def test_jupyter_listens_where_the_proxy_looks_for_it() -> None:
    (container,) = pod_of()["containers"]
    shell, flag, script, *arguments = container["command"]
    assert (shell, flag) == ("/bin/sh", "-c")
    assert "jupyter-lab" in script
    assert "--ServerApp.base_url=/trainhub/instances/My_lab/lab/" in arguments
    assert "--ServerApp.ip=$(POD_IP)" in arguments
    assert "My_lab" not in script
    assert container["startupProbe"]["exec"]["command"][-1] == "8888"
    assert "readinessProbe" not in container


def test_the_images_own_program_needs_no_shell() -> None:
    (container,) = pod_of(start="image")["containers"]
    assert not {"command", "args", "startupProbe"} & container.keys()


def test_it_starts_in_the_working_folder_or_else_in_the_first_that_can_be_written() -> None:
    mounts = [{"path": "/mnt/ro", "claim": "ro", "read_only": True}]
    home = Storage.parse({"name": "home", "path": "/mnt/me", "claim": "me"})
    site = Site(storages=[home])

    def folder(site: Site = ANYWHERE, **fields: Any) -> object:
        return pod_of(site, **fields)["containers"][0].get("workingDir")

    assert folder(site, working_dir="/mnt/me/x") == "/mnt/me/x"
    assert folder(site, mounts=mounts) == "/mnt/me"
    assert folder(mounts=mounts) is None
    assert folder() is None


@pytest.mark.parametrize(
    ("site", "fields", "expected"),
    [
        (ANYWHERE, {}, {}),
        (
            ANYWHERE,
            {"host_network": True},
            {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"},
        ),
        (Site(node_selector={"gpu": "p100"}), {}, {"nodeSelector": {"gpu": "p100"}}),
    ],
)
def test_where_the_pod_runs(site: Site, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    pod = pod_of(site, **fields)
    places = ("hostNetwork", "dnsPolicy", "nodeSelector", "initContainers")
    assert {key: pod[key] for key in places if key in pod} == expected


def test_the_image_is_pulled_always_or_as_kubernetes_thinks_best() -> None:
    assert pod_of(always_pull=True)["containers"][0]["imagePullPolicy"] == "Always"
    assert "imagePullPolicy" not in pod_of()["containers"][0]


def test_gpus_are_asked_for_by_the_models_name() -> None:
    (container,) = pod_of(Site(gpu="x/a100"), gpus=2)["containers"]
    assert container["resources"]["limits"]["x/a100"] == "2"


def test_images_are_pulled_with_the_sites_secrets() -> None:
    assert "imagePullSecrets" not in pod_of(Site())
    pulled = pod_of(Site(pull_secrets=["a", "b"]))["imagePullSecrets"]
    assert pulled == [{"name": "a"}, {"name": "b"}]
