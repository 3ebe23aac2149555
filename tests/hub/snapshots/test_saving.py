"""Saving an instance: one layer above the base, names, secrets, and who does it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_trainhub.errors import AlreadyExists, Conflict, InvalidField, TrainHubError
from jupyter_trainhub.hub.images.snapshots import base
from jupyter_trainhub.hub.images.transfers import handover
from jupyter_trainhub.hub.images.transfers.records import Records
from jupyter_trainhub.kube.resources import STATEFUL_SETS
from jupyter_trainhub.manifests.transfer import Transfer
from jupyter_trainhub.registry.source import BytesSource
from tests.conftest import eventually
from tests.distribution import Distribution
from tests.hub.snapshots.saving_site import SECRET, Site, View
from tests.registry.packing import MANIFEST, digest, tar


def test_the_base_and_one_layer(site: Site) -> None:
    view = site.save(note="a note")
    assert (view["phase"], view["message"]) == ("Succeeded", None)
    manifest, config, files = site.image()
    assert len(manifest["layers"]) == 2
    assert files == {"opt": b"", "opt/new": b"first"}
    # Nothing of the pod's is in it.
    assert (
        config["config"].pop("Labels").items()
        >= {
            "org.opencontainers.image.base.name": "site/base:1",
            "org.opencontainers.image.base.digest": site.image_id.partition("@")[2],
            "org.opencontainers.image.authors": "ada",
            "org.opencontainers.image.description": "a note",
            "trainhub.jupyter.org/instance": "x",
            "trainhub.jupyter.org/namespace": "lab",
            "trainhub.jupyter.org/layers-above-base": "1",
        }.items()
    )
    assert config["config"] == {"Env": ["OF=base"], "Cmd": ["serve"]}
    result = view["result"]
    assert result["digest"] == site.repository().manifest("1").digest
    assert (result["files"], result["deleted"]) == (2, 0)
    assert result["layer_size"] == manifest["layers"][-1]["size"] < result["size"]
    assert result["skipped"] == [
        {"path": "/root/secret", "reason": "it cannot be read by the user of the instance"},
        {"path": SECRET["path"], "reason": "it is a secret"},
    ]
    assert result["warnings"] == ["careful"]
    progress = view["progress"]
    assert (progress["total_files"], progress["total_bytes"]) == (2, 100)
    assert progress["sent"] == result["layer_size"]
    assert site.left() == []


def test_saved_again_it_is_still_one_layer(site: Site) -> None:
    site.save()
    for number in range(2, 5):
        site.run_saved(str(number - 1))
        site.engine.layer = tar(("opt/.wh.new", ""), (f"opt/{number}", "x"))
        assert site.save(str(number))["phase"] == "Succeeded"
    manifest, config, files = site.image("4")
    assert len(manifest["layers"]) == len(config["rootfs"]["diff_ids"]) == 2
    # What was deleted is in no layer.
    assert {path for path in files if "wh" not in path} == {"opt", "opt/2", "opt/3", "opt/4"}
    labels = config["config"]["Labels"]
    assert labels["org.opencontainers.image.base.name"] == "site/base:1"
    assert labels[base.LAYERS_ABOVE_BASE] == "1"
    assert site.left() == []


def test_an_image_that_was_built_on_a_saved_one_is_a_base(site: Site) -> None:
    site.save()
    repository = site.repository()
    manifest, config, _ = site.image()
    built = tar(("opt/built", "x"))
    repository.upload(BytesSource(built))
    config["rootfs"]["diff_ids"].append(digest(built))
    document = json.dumps(config).encode()
    repository.upload(BytesSource(document))
    manifest["layers"].append(
        {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(built),
         "size": len(built)}
    )  # fmt: skip
    manifest["config"] |= {"digest": digest(document), "size": len(document)}
    repository.put_manifest("built", json.dumps(manifest).encode(), MANIFEST)
    site.run_saved("built")
    assert site.save("again")["phase"] == "Succeeded"
    assert len(site.image("again")[0]["layers"]) == 4


def test_a_name_that_is_taken(site: Site) -> None:
    site.save()
    site.engine.layer = tar(("opt/new", "second"))
    with pytest.raises(AlreadyExists) as refused:
        site.save()
    assert refused.value.reason == "ImageExists"
    assert site.save(overwrite=True)["phase"] == "Succeeded"
    assert site.image()[2] == {"opt/new": b"second"}


def test_a_name_that_somebody_takes_meanwhile(site: Site) -> None:
    def take(reading: int) -> None:
        made = site.repository("team/base").manifest("1")
        for blob in (made.document["config"], *made.document["layers"]):
            site.repository().mount(blob["digest"], "team/base")
        site.repository().put_manifest("1", made.bytes, made.media_type)

    site.engine.meanwhile = take
    view = site.save()
    assert view["phase"] == "Failed"
    assert "already" in view["message"]
    assert len(site.repository().manifest("1").document["layers"]) == 1


def test_secrets_are_asked_about(site: Site) -> None:
    site.engine.secrets = [SECRET]
    with pytest.raises(Conflict) as refused:
        site.save(secrets="ask")
    assert (refused.value.reason, refused.value.details["secrets"]) == ("SecretsFound", [SECRET])
    assert site.hub.transfers.list() == []
    for decision in ("exclude", "include"):
        assert site.save(decision, secrets=decision, exclude=["/data"])["phase"] == "Succeeded"
        assert site.engine.choice.secrets == decision
    assert site.engine.choice.exclude == (*site.config.snapshot_exclude, "/data")


def test_a_secret_that_comes_after_the_question_is_left_out(site: Site) -> None:
    assert site.save(secrets="ask")["phase"] == "Succeeded"
    assert site.engine.choice.secrets == "exclude"


def test_what_is_measured_is_named_as_the_site_names_it(site: Site) -> None:
    stateful_set: View = {
        "metadata": {"annotations": {"trainhub.jupyter.org/storages": '{"v": "NAS"}'}},
        "spec": {
            "template": {
                "spec": {
                    "volumes": [{"name": "v", "nfs": {"server": "nas", "path": "/x"}}],
                    "containers": [
                        {"name": "main", "volumeMounts": [{"name": "v", "mountPath": "/mnt/u"}]}
                    ],
                }
            }
        },
    }
    site.cluster.put(STATEFUL_SETS, {**stateful_set, "metadata": {
        **stateful_set["metadata"], "name": "dev-x"}})  # fmt: skip
    mounts = [{"path": path, "kind": "volume", "title": "nas:/x"} for path in ("/mnt/u", "/data")]
    site.engine.measured = {"not_saved": mounts, "tree": "broken", "what": 1}
    found = site.hub.snapshots.measure("x")
    assert [mount["title"] for mount in found["not_saved"]] == ["NAS", "nas:/x"]
    assert (found["instance"], found["files"], found["tree"]) == ("x", 2, [])
    assert (found["above_base"], found["previous_bytes"], found["engine"]) == (False, 0, "pod")
    assert found["base"] == {"name": "site/base:1", "digest": site.image_id.partition("@")[2]}
    assert found["image"].startswith(f"{site.server.host}/team/ada/x:")
    assert "what" not in found
    saved = site.save()["result"]
    site.run_saved()
    found = site.hub.snapshots.measure("x")
    assert (found["above_base"], found["previous_bytes"]) == (True, saved["layer_size"])
    assert found["base"]["name"] == "site/base:1"


@pytest.mark.parametrize(
    ("fields", "image_id", "error", "reason"),
    [
        ({"image": "r.example.com/a@sha256:" + "0" * 64}, None, InvalidField, "Invalid"),
        ({"image": "r.example.com/UPPER:1"}, None, InvalidField, "Invalid"),
        ({}, "sha256:" + "0" * 64, Conflict, "ImageNotInRegistry"),
        ({}, "HOST/team/base@sha256:" + "0" * 64, TrainHubError, "ImageNotInRegistry"),
    ],
)
def test_refused_before_anything_is_read(
    site: Site, fields: View, image_id: str | None, error: type[TrainHubError], reason: str
) -> None:
    site.image_id = (image_id or site.image_id).replace("HOST", site.server.host)
    with pytest.raises(error) as refused:
        site.save(**fields)
    assert refused.value.reason == reason
    assert refused.value.remedy
    assert (site.engine.readings, site.hub.transfers.list()) == (0, [])


def test_an_engine_that_nobody_runs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "OFFER_SECONDS", 0.3)
    found = site.save(engine="node")
    assert (found["phase"], found["resumable"], site.engine.readings) == ("Failed", True, 0)
    assert "no snapshotter" in found["message"]
    site.config.snapshot_engine = "node"
    found = site.save(engine="auto")
    assert (found["phase"], found["engine"]) == ("Succeeded", "pod")
    assert "read from within" in found["result"]["warnings"][-1]


def test_what_a_snapshotter_has_taken_is_its_own_until_it_hands_it_back(site: Site) -> None:
    other = Records(site.cluster)

    def taken(view: View) -> Transfer:
        found: Transfer = eventually(
            lambda: other.take(view["id"], "snapshotter-1", lambda it: it.phase == "Pending")
        )
        return found

    view = site.begin(engine="node")
    transfer = taken(view)
    assert Records(site.cluster).take(view["id"], "snapshotter-2", lambda it: False) is None
    other.write(replace(transfer, phase="Running", step="read"))
    eventually(lambda: site.hub.transfers.get(view["id"])["step"] == "read")
    site.hub.transfers.cancel(view["id"])
    assert other.write(transfer) == "ada"
    other.write(replace(transfer, phase="Cancelled", finished="2026-11-22T12:00:00Z"))
    assert site.ended(view)["phase"] == "Cancelled"
    assert site.engine.readings == 0

    view = site.begin(engine="node")
    transfer = taken(view)
    other.write(handover.handed_back(transfer, handover.HandBack("there is no overlay")))
    found = site.ended(view)
    assert (found["phase"], found["engine"], site.engine.readings) == ("Succeeded", "pod", 1)
    assert "there is no overlay" in found["result"]["warnings"][-1]


def test_more_than_the_site_allows(shared: Distribution, tmp_path: Path) -> None:
    site = Site(shared, tmp_path, snapshot_max_bytes=10 << 20)
    site.engine.size = 20 << 20
    view = site.save("large")
    assert view["phase"] == "Failed"
    assert view["message"] == "the changes have 20 MiB, and 10 MiB may be saved here"
    assert site.engine.readings == 0


def test_no_room_for_the_layer_is_seen_first(site: Site) -> None:
    site.engine.size = 1 << 60
    view = site.save()
    assert "has room for" in view["message"]
    assert "snapshot_folder" in view["remedy"]
    assert site.engine.readings == 0
