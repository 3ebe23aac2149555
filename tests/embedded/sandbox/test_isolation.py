"""What a machine is told when it cannot isolate pods."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.runtime import isolation, trial


def test_this_machine_can(tmp_path: Path) -> None:
    assert trial.missing() == []
    assert trial.missing(tmp_path / "state") == []
    assert list((tmp_path / "state").iterdir()) == []


def test_a_file_system_that_cannot_hold_changes_is_told() -> None:
    sentence = isolation.remedy("overlay", errno.EINVAL, "overlay: invalid argument", Path("/nfs"))
    assert "/nfs" in sentence
    assert "local ext4" in sentence


@pytest.mark.parametrize(
    ("system", "release", "words"),
    [
        ("Darwin", "23.1.0", "Pods need Linux, and this is Darwin"),
        ("Linux", "4.18.0-553.el8.x86_64", "Linux 5.12 or newer, and this is 4.18.0"),
        ("Linux", "5.12.0", None),
        ("Linux", "6.8.0-31-generic", None),
    ],
)
def test_an_unsuitable_system_is_told(system: str, release: str, words: str | None) -> None:
    sentence = isolation.unsuitable_system(system, release)
    if words is None:
        assert sentence is None
    else:
        assert sentence is not None
        assert words in sentence
        assert "kubeconfig" in sentence


def test_a_setting_that_forbids_namespaces_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "kernel.apparmor_restrict_unprivileged_userns"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(isolation, "_setting", lambda asked: "1" if asked == name else None)
    sentence = isolation.remedy("user namespace", errno.EPERM, "refused", Path("/state"))
    assert f"sysctl -w {name}=0" in sentence


def test_a_container_engine_is_told_how_to_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_setting", lambda _: None)
    sentence = isolation.remedy("namespaces", errno.EPERM, "refused", Path("/state"))
    assert "--privileged" in sentence
