"""What a layer is seen to change, from the layer alone."""

from __future__ import annotations

import json
import tarfile
from typing import Any

import pytest

from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.changes import Changes, changes
from tests.registry.packing import member, tar

SITE = "usr/local/lib/python3.12/site-packages"

STATUS = """\
Package: base-files
Status: install ok installed
Version: 13

Package: tool
Status: install ok installed
Version: 1.2-3
Depends: libtool1 (>= 1), feature | other
Description: a tool
 of many lines

Package: libtool1
Status: install ok installed
Architecture: amd64
Version: 1:2

Package: provider
Status: install ok installed
Version: 5
Provides: feature (= 1), thing

Package: extra
Status: install ok installed
Version: 7
Depends: libextra

Package: libextra
Status: install ok installed
Version: 8

Package: kept
Status: hold ok installed
Version: 9

Package: newer
Status: install ok installed
Version: 2

Package: left
Status: deinstall ok config-files
Version: 4
"""
STATES = "".join(
    f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n\n"
    for name in ("libtool1", "provider", "extra", "libextra")
)
LOG = """\
2024-01-01 10:00:00 startup archives unpack
2024-01-01 10:00:00 install newer:all <none> 1
2024-01-02 10:00:00 upgrade newer:all 1 2
2024-01-02 10:00:01 upgrade tool:amd64 1.1 1.2
2024-01-03 10:00:01 remove tool:amd64 1.2 <none>
2024-01-03 10:00:02 install tool:amd64 <none> 1.2-3
"""
INFO = "var/lib/dpkg/info"


def changed(*members: tarfile.TarInfo | tuple[str, bytes | str]) -> Changes:
    found = changes(iter([tar(*members)]))
    restored: Changes = json.loads(json.dumps(found))
    assert restored == found  # it is kept and sent as JSON
    return found


def dist_info(name: str, version: str, **files: str) -> list[tuple[str, str]]:
    folder = f"{SITE}/{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: x"
    return [
        (f"{folder}/METADATA", metadata),
        (f"{folder}/INSTALLER", "pip\n"),
        *((f"{folder}/{file.replace('_json', '.json')}", text) for file, text in files.items()),
    ]


def by_name(packages: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {package["name"]: package for package in packages}


def test_files_and_folders() -> None:
    found = changed(
        ("srv/", b""),
        ("srv/data/model", bytes(11 << 20)),
        ("srv/data/small", b"123"),
        ("home/me/a", b"12"),
        member("home/me/link", tarfile.SYMTYPE, linkname="a"),
        member("home/me/.wh.gone"),
        member("opt/.wh..wh..opq"),
        member(".wh..wh.plnk"),
    )
    assert (found["files"], found["bytes"]) == (4, (11 << 20) + 5)
    assert (found["deleted"], found["emptied"]) == (["/home/me/gone"], ["/opt"])
    assert found["unexplained"] == ["/home/me/gone", "/opt"]
    assert found["large"] == [{"path": "/srv/data/model", "bytes": 11 << 20}]
    assert found["folders"] == found["rest"]
    assert found["rest"] == [
        {"path": "/srv/data", "files": 2, "bytes": (11 << 20) + 3},
        {"path": "/home/me", "files": 2, "bytes": 2},
    ]


def test_many_folders_are_told_together() -> None:
    many = [(f"a/{number}/file", b"x") for number in range(100)]
    found = changed(*many, ("b/c/d", b"y" * 1000))
    assert found["folders"] == [
        {"path": "/b/c", "files": 1, "bytes": 1000},
        {"path": "/a", "files": 100, "bytes": 100},
    ]
    assert changed()["folders"] == []


def test_packages_of_apt() -> None:
    names = ("tool", "libtool1:amd64", "provider", "extra", "libextra", "kept", "newer", "left")
    found = changed(
        ("var/lib/dpkg/status", STATUS),
        ("var/lib/apt/extended_states", STATES),
        ("var/log/dpkg.log", LOG),
        *((f"{INFO}/{name}.list", f"/.\n/lib/{name}.so\n/usr/bin/{name}\n") for name in names),
        ("usr/lib/tool.so", b"merged"),
        ("usr/bin/tool", b"tool"),
        ("usr/bin/other", b"mine"),
        ("var/cache/apt/pkgcache.bin", b"cache"),
        member(f"{INFO}/.wh.old.list"),
        member(f"{INFO}/.wh.base-files.list"),
        member("usr/bin/.wh.mine"),
    )
    packages = by_name(found["packages"]["apt"])
    assert {name: package["change"] for name, package in packages.items()} == {
        **dict.fromkeys(["tool", "libtool1", "provider", "extra", "libextra", "kept"], "added"),
        "newer": "changed",
        "left": "removed",
        "old": "removed",
    }
    assert {name for name, package in packages.items() if package["manual"]} == {
        *("tool", "kept", "newer", "left", "old")
    }
    # Nothing needs it, and what it needs comes with it.
    assert [name for name, package in packages.items() if package.get("recommended")] == ["extra"]
    assert [name for name, package in packages.items() if package.get("held")] == ["kept"]
    assert packages["libtool1"]["version"] == "1:2"
    assert found["rest"] == [{"path": "/usr/bin", "files": 1, "bytes": 4}]
    assert found["unexplained"] == ["/usr/bin/mine"]


def test_packages_of_pip() -> None:
    url = "https://user:secret@example.com/x.git"
    commit = {"vcs": "git", "commit_id": "c0ffee"}
    editable = {"url": "file:///home/me/work", "dir_info": {"editable": True}}
    record = "numpy/__init__.py,sha256=x,1\n../../../bin/f2py,,\n"
    found = changed(
        *dist_info("numpy", "2.0", RECORD=record, REQUESTED=""),
        (f"{SITE}/numpy/__init__.py", b"1"),
        (f"{SITE}/numpy/__pycache__/__init__.cpython-312.pyc", b"1"),
        (f"{SITE}/numpy/mine.py", b"123"),
        ("usr/local/bin/f2py", b"1"),
        *dist_info("fork", "1", direct_url_json=json.dumps({"url": url, "vcs_info": commit})),
        *dist_info("work", "0", direct_url_json=json.dumps(editable)),
        *dist_info("odd", "1", direct_url_json="{", RECORD='"\0'),
        member(f"{SITE}/.wh.numpy-1.26.dist-info"),
        member(f"{SITE}/numpy/.wh.old.py"),
        member(f"{SITE}/.wh.Old_Package-3.dist-info"),
        member(f"{SITE}/.wh.old_package"),
        member(f"{SITE}/.wh.other"),
    )
    packages = by_name(found["packages"]["pip"])
    assert packages["numpy"] == {
        "name": "numpy",
        "version": "2.0",
        "location": SITE,
        "requested": True,
        "change": "changed",
    }
    assert packages["old-package"]["change"] == "removed"
    assert packages["fork"]["url"] == "git+https://example.com/x.git@c0ffee"
    assert packages["work"]["url"] == "file:///home/me/work"
    assert packages["work"]["editable"] is True
    assert "url" not in packages["odd"]
    assert "secret" not in json.dumps(found)
    assert found["rest"] == [{"path": f"/{SITE}/numpy", "files": 1, "bytes": 3}]
    assert found["unexplained"] == [f"/{SITE}/other"]


def test_python_packages_of_other_managers_are_not_those_of_pip() -> None:
    folder = f"{SITE}/apted-1.dist-info"
    (metadata, text), _ = dist_info("apted", "1")
    conda = [(path, "conda") for path, _ in dist_info("condaed", "1") if path.endswith("INSTALLER")]
    found = changed(
        ("var/lib/dpkg/status", STATUS),
        (f"{INFO}/tool.list", f"/{metadata}\n"),
        (metadata, text),
        *dist_info("condaed", "1")[:1],
        *conda,
    )
    assert folder in metadata
    assert found["packages"]["pip"] == []


def test_environments_of_python() -> None:
    found = changed(
        ("opt/env/pyvenv.cfg", "home = /usr/bin\nversion = 3.12.1\n"),
        ("opt/env/bin/python3", b"1"),
        ("opt/env/bin/activate.fish", b"1"),
        ("opt/env/bin/mine", b"1"),
    )
    assert found["environments"] == {"/opt/env": "/usr/bin"}
    assert found["rest"] == [{"path": "/opt/env/bin", "files": 1, "bytes": 1}]


def test_packages_of_conda() -> None:
    def meta(name: str, version: str, channel: str) -> tuple[str, str]:
        document = {
            **{"name": name, "version": version, "build": "py312_0", "channel": channel},
            "files": [f"lib/{name}.so"],
        }
        return f"opt/conda/conda-meta/{name}-{version}-py312_0.json", json.dumps(document)

    found = changed(
        meta("numpy", "2.0", "https://user:secret@conda.anaconda.org/conda-forge/linux-64"),
        meta("mine", "1", "https://conda.example.com/t/secret-token/team/noarch"),
        ("opt/conda/conda-meta/history", b"1"),
        ("opt/conda/pkgs/numpy/x", b"1"),
        ("opt/conda/lib/numpy.so", b"1"),
        ("opt/conda/lib/mine.txt", b"12"),
        member("opt/conda/conda-meta/.wh.numpy-1.26-py312_0.json"),
        member("opt/conda/conda-meta/.wh.some-old-thing-3-0.json"),
        ("elsewhere/conda-meta/odd.json", "[]"),
    )
    packages = by_name(found["packages"]["conda"])
    assert {
        name: (package["version"], package["channel"], package["change"], package["prefix"])
        for name, package in packages.items()
    } == {
        "numpy": ("2.0", "conda-forge", "changed", "opt/conda"),
        "mine": ("1", "https://conda.example.com/team", "added", "opt/conda"),
        "some-old-thing": ("3", "", "removed", "opt/conda"),
    }
    assert "secret" not in json.dumps(found)
    assert {entry["path"] for entry in found["rest"]} == {
        *("/opt/conda/lib", "/elsewhere/conda-meta")
    }


def test_a_damaged_layer_is_refused() -> None:
    with pytest.raises(BrokenImage, match="breaks off at byte 700"):
        changes(iter([tar(("a", b"1" * 1000))[:700]]))
