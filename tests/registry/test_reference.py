from __future__ import annotations

import pytest

from jupyter_trainhub.registry import reference

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("ada/net", "docker.io/ada/net:latest"),
        ("index.docker.io/busybox", "docker.io/library/busybox:latest"),
        ("localhost/x", "localhost/x:latest"),
        ("registry:5000/x", "registry:5000/x:latest"),
        ("Registry/x", "Registry/x:latest"),
        ("quay.io/a/b__c/d-e:v1.0_2", "quay.io/a/b__c/d-e:v1.0_2"),
        (f"busybox@{DIGEST}", f"docker.io/library/busybox@{DIGEST}"),
        (f"busybox:1@{DIGEST}", f"docker.io/library/busybox:1@{DIGEST}"),
        ("[::1]:5000/x", "[::1]:5000/x:latest"),
    ],
)
def test_a_short_name_stands_for_a_full_one(text: str, full: str) -> None:
    assert str(reference.parse(text)) == full


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Busybox",
            "invalid reference format: repository name (library/Busybox) must be lowercase",
        ),
        ("", "invalid reference format"),
        (":tag", "invalid reference format"),
        ("a b", "invalid reference format"),
        ("a//b", "invalid reference format"),
        ("a:" + "t" * 129, "invalid reference format"),
        ("a@sha256:123", "invalid reference format"),
        ("-a", "invalid reference format"),
        ("a" * 300, "repository name must not be more than 255 characters"),
        (
            "0123456789abcdef" * 4,
            f"invalid repository name ({'0123456789abcdef' * 4}), cannot specify 64-byte "
            "hexadecimal strings",
        ),
    ],
)
def test_what_names_no_image_is_told_as_engines_do(text: str, message: str) -> None:
    with pytest.raises(reference.InvalidReference) as caught:
        reference.parse(text)
    assert str(caught.value) == message
