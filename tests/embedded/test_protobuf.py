"""Requests in protobuf give the objects that the same requests in JSON would give."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.embedded.apimachinery import protobuf, schema


def key(number: int, wire: int) -> bytes:
    value = number << 3 | wire
    return bytes([value] if value < 128 else [value & 127 | 128, value >> 7])


def field(number: int, value: bytes | str | int) -> bytes:
    """One field of a message whose length, or value, is below 128."""
    if isinstance(value, int):
        return key(number, 0) + bytes([value])
    data = value.encode() if isinstance(value, str) else value
    return key(number, 2) + bytes([len(data)]) + data


def body(api_version: str, kind: str, message: bytes) -> bytes:
    """A request's body."""
    identity = field(1, api_version) + field(2, kind)
    return protobuf.MAGIC + field(1, identity) + field(2, message) + field(3, "") + field(4, "")


def entry(key: str, value: bytes | str) -> bytes:
    return field(1, key) + field(2, value)


CONFIG_MAP = field(1, field(1, "a") + field(8, b"")) + field(2, entry("k", "v"))
VOLUME = field(1, "v") + field(2, field(2, field(1, "Memory") + field(2, field(1, "1Gi"))))
PROBE = field(1, field(2, field(1, "/") + field(2, field(1, 0) + field(2, 80) + field(3, ""))))
POD = field(2, b"".join([
    field(1, VOLUME),
    field(2, field(1, "c") + field(3, "run") + field(3, "it") + field(10, PROBE)),
    key(4, 0) + b"\xff" * 9 + b"\x01",
    field(11, 0),
    field(27, 1),
]))  # fmt: skip
REVIEW = field(2, field(3, "u") + field(5, entry("scopes", field(1, "a") + field(1, "b"))))


@pytest.mark.parametrize(
    ("api_version", "kind", "message", "expected"),
    [
        ("v1", "ConfigMap", CONFIG_MAP, {"metadata": {"name": "a"}, "data": {"k": "v"}}),
        ("v1", "Pod", POD, {
            "metadata": {},
            "status": {},
            "spec": {
                "volumes": [{"name": "v", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}],
                "containers": [{
                    "name": "c", "command": ["run", "it"], "resources": {},
                    "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
                }],
                "terminationGracePeriodSeconds": -1,
                "shareProcessNamespace": True,
            },
        }),
        ("authorization.k8s.io/v1", "SubjectAccessReview", REVIEW, {
            "metadata": {}, "spec": {"user": "u", "extra": {"scopes": ["a", "b"]}},
            "status": {"allowed": False},
        }),
    ],
)  # fmt: skip
def test_an_object(api_version: str, kind: str, message: bytes, expected: dict[str, Any]) -> None:
    decoded = protobuf.decode(body(api_version, kind, message))
    type = schema.of_kind(api_version, kind)
    assert type is not None
    found, errors = schema.decode(type, decoded, "Strict")
    assert found == {"apiVersion": api_version, "kind": kind, **expected}
    assert errors == []


@pytest.mark.parametrize(
    "given",
    [
        b"{}",
        protobuf.MAGIC,
        body("v1", "Nothing", b""),
        body("v1", "ConfigMap", CONFIG_MAP)[:-30],
        body("v1", "ConfigMap", field(1, 5)),
        body("v1", "ConfigMap", b"\xff" * 30),
    ],
)
def test_what_is_no_object_is_refused(given: bytes) -> None:
    with pytest.raises(ValueError, match=r"protobuf|registered|EOF"):
        protobuf.decode(given)
