"""Patterns of paths that a saved image lacks."""

from __future__ import annotations

import glob

import pytest

from jupyter_trainhub.inpod.rootfs_diff.globs import Globs


@pytest.mark.parametrize(
    ("pattern", "path", "is_meant"),
    [
        ("/opt/*", "/opt/a/deep", True),
        ("/opt/a?", "/opt/ab", True),
        ("/opt/a?", "/opt/a", False),
        ("*.py[co]", "/srv/a.pyc", True),
        ("*.py[!co]", "/srv/a.pyc", False),
        ("*.py[!co]", "/srv/a.pyi", True),
        ("v[0-9]", "/srv/v1", True),
        ("v[0-9]", "/srv/v10", False),
        ("[!]", "/srv/!", True),
        ("a[", "/srv/a[", True),
        ("[z-a]", "/srv/[z-a]", True),
        ("/tmp/**", "/tmp/a", True),
        ("/tmp/**", "/tmp", False),
    ],
)
def test_patterns_mean_what_shells_mean(pattern: str, path: str, is_meant: bool) -> None:
    assert Globs([pattern]).cover(path.encode()) is is_meant


@pytest.mark.parametrize("name", ["a*b", "a?b", "x[1]", "[!a]", "]", "a[]b", "[[", "**"])
def test_an_escaped_name_means_itself_alone(name: str) -> None:
    globs = Globs([glob.escape(f"/opt/{name}")])
    assert globs.cover(f"/opt/{name}/file".encode())
    assert not any(globs.cover(f"/opt/{other}".encode()) for other in ("axb", "x1", "a", "b", "xx"))
