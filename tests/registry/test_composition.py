"""What an image is said to be, that is made of a base and new layers."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.composition import compose

Document = dict[str, Any]

OCI = "application/vnd.oci.image.layer.v1.tar"
DOCKER = "application/vnd.docker.image.rootfs.diff.tar"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
FROM = {
    "org.opencontainers.image.base.name": "docker.io/library/debian:13",
    "org.opencontainers.image.base.digest": "sha256:ba5e",
}


def layer(name: str, media_type: str = f"{OCI}+gzip") -> Document:
    return {"mediaType": media_type, "digest": f"sha256:{name}", "size": len(name)}


def new(name: str, media_type: str = f"{OCI}+zstd") -> Document:
    return {**layer(name, media_type), "diff_id": f"sha256:plain-{name}"}


def base(
    *layers: Document, media_type: str = OCI_MANIFEST, **more: Any
) -> tuple[Document, Document]:
    config = {
        "architecture": "arm64",
        "os": "linux",
        "variant": "v8",
        "config": {
            "Env": ["PATH=/bin"],
            "Cmd": ["sh"],
            "User": "7",
            "Labels": {"a": "1", "b": "2"},
        },
        "rootfs": {
            "type": "layers",
            "diff_ids": [f"sha256:{number}" for number in range(len(layers))],
        },
        **more,
    }
    return {"schemaVersion": 2, "mediaType": media_type, "layers": list(layers)}, config


def composed(
    base: tuple[Document, Document], layers: list[Document], keep: int, **more: Any
) -> tuple[Document, str, Document]:
    given = {"created": "2024-05-06T07:08:09Z", "history": "saved", "labels": {}, **more}
    manifest, media_type, config = compose(*base, layers, keep=keep, **given)
    assert compose(*base, layers, keep=keep, **given) == (manifest, media_type, config)
    found = json.loads(manifest)
    assert found["mediaType"] == media_type
    assert found["config"]["digest"] == f"sha256:{hashlib.sha256(config).hexdigest()}"
    assert found["config"]["size"] == len(config)
    return found, media_type, json.loads(config)


def test_a_layer_on_a_base() -> None:
    manifest, media_type, config = composed(
        base(layer("one"), layer("two")), [new("three")], 2, labels={"b": "3", "c": "4", **FROM}
    )
    assert media_type == OCI_MANIFEST
    assert [entry["digest"] for entry in manifest["layers"]] == [
        *("sha256:one", "sha256:two", "sha256:three")
    ]
    assert manifest["layers"][2] == layer("three", f"{OCI}+zstd")
    assert manifest["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json"
    assert manifest["annotations"] == FROM
    assert config["rootfs"]["diff_ids"] == ["sha256:0", "sha256:1", "sha256:plain-three"]
    assert (config["os"], config["architecture"], config["variant"]) == ("linux", "arm64", "v8")
    assert config["created"] == "2024-05-06T07:08:09Z"
    assert config["config"] == {
        "Env": ["PATH=/bin"],
        "Cmd": ["sh"],
        "User": "7",
        "Labels": {"a": "1", "b": "3", "c": "4", **FROM},
    }


def test_another_layer_in_place_of_the_last() -> None:
    history = [
        {"created_by": "ADD base"},
        {"created_by": "ENV x=1", "empty_layer": True},
        {"created_by": "RUN two"},
        {"created_by": "CMD sh", "empty_layer": True},
        {"created_by": "trainhub", "comment": "saved"},
    ]
    layers = layer("one"), layer("two"), layer("saved")
    manifest, _, config = composed(
        base(*layers, history=history), [new("again")], 2, history="saved again"
    )
    assert [entry["digest"] for entry in manifest["layers"]][2:] == ["sha256:again"]
    assert config["history"][:4] == history[:4]
    assert config["history"][4:] == [
        {"created": "2024-05-06T07:08:09Z", "created_by": "trainhub", "comment": "saved again"}
    ]


@pytest.mark.parametrize("history", [[], None, [{"created_by": "only one"}]])
def test_every_layer_has_a_line_of_history(history: Any) -> None:
    _, _, config = composed(base(layer("1"), layer("2"), history=history), [new("3")], 2)
    assert len(config["history"]) == 3
    assert not any(entry.get("empty_layer") for entry in config["history"])


def test_a_base_without_layers() -> None:
    manifest, _, config = composed(base(history=[{"empty_layer": True}]), [new("only")], 0)
    assert [entry["digest"] for entry in manifest["layers"]] == ["sha256:only"]
    assert config["rootfs"] == {"type": "layers", "diff_ids": ["sha256:plain-only"]}
    assert [bool(entry.get("empty_layer")) for entry in config["history"]] == [True, False]


@pytest.mark.parametrize(
    ("base_type", "base_layer", "added", "expected_type", "expected"),
    [
        (OCI_MANIFEST, f"{OCI}+gzip", f"{OCI}+zstd", OCI_MANIFEST, [f"{OCI}+gzip", f"{OCI}+zstd"]),
        ("", f"{OCI}+gzip", f"{OCI}+gzip", OCI_MANIFEST, [f"{OCI}+gzip", f"{OCI}+gzip"]),
        (
            DOCKER_MANIFEST,
            f"{DOCKER}.gzip",
            f"{OCI}+gzip",
            DOCKER_MANIFEST,
            [f"{DOCKER}.gzip", f"{DOCKER}.gzip"],
        ),
        (
            DOCKER_MANIFEST,
            f"{DOCKER}.gzip",
            f"{OCI}+zstd",
            OCI_MANIFEST,
            [f"{OCI}+gzip", f"{OCI}+zstd"],
        ),
        (DOCKER_MANIFEST, DOCKER, f"{OCI}+zstd", OCI_MANIFEST, [OCI, f"{OCI}+zstd"]),
    ],
)
def test_formats_fit_each_other(
    base_type: str, base_layer: str, added: str, expected_type: str, expected: list[str]
) -> None:
    manifest, media_type, _ = composed(
        base(layer("1", base_layer), media_type=base_type), [new("2", added)], 1, labels=FROM
    )
    assert media_type == expected_type
    assert [entry["mediaType"] for entry in manifest["layers"]] == expected
    assert ("docker" in manifest["config"]["mediaType"]) == (expected_type == DOCKER_MANIFEST)
    assert ("annotations" in manifest) == (expected_type == OCI_MANIFEST)


def test_what_the_image_runs_can_be_changed() -> None:
    changes = {"Cmd": ["bash"], "User": None}
    _, _, config = composed(base(layer("1")), [new("2")], 1, config=changes)
    assert config["config"]["Cmd"] == ["bash"]
    assert "User" not in config["config"]


def test_nothing_of_the_builders_container_is_kept() -> None:
    secret = {"Env": ["TOKEN=secret"]}
    of_docker: Document = {
        "container_config": secret,
        "container": "c0ffee",
        "docker_version": "20",
    }
    manifest, _, config = composed(base(layer("1"), **of_docker), [new("2")], 1)
    assert "secret" not in json.dumps([manifest, config])
    assert not of_docker.keys() & config.keys()


def test_what_does_not_fit_is_refused() -> None:
    manifest, config = base(layer("1"), layer("2"))
    with pytest.raises(BrokenImage, match="configuration names 1 layers, its manifest 2"):
        composed((manifest, {**config, "rootfs": {"diff_ids": ["sha256:0"]}}), [], 1)
    for keep in (3, -1):
        with pytest.raises(ValueError, match="cannot be kept"):
            composed((manifest, config), [], keep)
