"""What the node works out without running anything."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.embedded.kubelet import atomic_writer, eviction, mounter, unsupported
from jupyter_trainhub.embedded.kubelet import volumes as volumes_of_pods
from jupyter_trainhub.embedded.kubelet.atomic_writer import File
from jupyter_trainhub.embedded.kubelet.container_run import ContainerRun, restarts
from jupyter_trainhub.embedded.kubelet.environment import ConfigError
from jupyter_trainhub.embedded.kubelet.pod_status import PodState, pod_status
from jupyter_trainhub.embedded.kubelet.pod_worker import remove_state
from jupyter_trainhub.embedded.kubelet.volumes import Volume

ENDED = {"startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z"}


def test_files_change_all_at_once(tmp_path: Path) -> None:
    home = tmp_path / "volume"
    atomic_writer.write(home, {"a": File(b"1", 0o644), "deep/b": File(b"2", 0o400)})
    first = os.readlink(home / "..data")
    assert (home / "a").read_bytes() == b"1"
    assert stat.S_IMODE((home / "deep" / "b").stat().st_mode) == 0o400
    atomic_writer.write(home, {"a": File(b"1", 0o644), "deep/b": File(b"2", 0o400)})
    assert os.readlink(home / "..data") == first, "nothing changed, so nothing was written"
    atomic_writer.write(home, {"a": File(b"3", 0o644)})
    assert sorted(os.listdir(home)) == sorted(["..data", os.readlink(home / "..data"), "a"])
    assert os.readlink(home / "a") == "..data/a"
    assert (home / "a").read_bytes() == b"3"


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "..data", ""])
def test_no_file_is_written_outside_its_volume(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="must lead into the volume"):
        atomic_writer.write(tmp_path / "volume", {path: File(b"", 0o644)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sub_path", ["../other", "link", "link/deeper", "here/../../other"])
def test_a_sub_path_does_not_leave_its_volume(tmp_path: Path, sub_path: str) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    (root / "link").symlink_to(other)
    container = {"name": "main", "volumeMounts": [
        {"name": "v", "mountPath": "/v", "subPath": sub_path}]}  # fmt: skip
    with pytest.raises(ConfigError, match='failed to prepare subPath for volumeMount "v"'):
        list(volumes_of_pods.mounts(container, {"v": Volume(root)}, {}))
    assert list(other.iterdir()) == []


def test_a_sub_path_is_made_where_it_is_missing(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    mount = {"name": "v", "mountPath": "/v", "subPathExpr": "$(USER)/data"}
    container = {"name": "main", "volumeMounts": [mount]}
    volumes = {"v": Volume(tmp_path)}
    (made,) = volumes_of_pods.mounts(container, volumes, {"USER": "ann"})
    assert made.source == str(tmp_path / "ann" / "data")
    assert stat.S_IMODE((tmp_path / "ann").stat().st_mode) == 0o777
    with pytest.raises(ConfigError, match='missing value for "USER"'):
        list(volumes_of_pods.mounts(container, volumes, {}))


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({"hostPID": True}, "spec.hostPID"),
        ({"hostPID": False}, ""),
        ({"hostUsers": False}, "spec.hostUsers"),
        ({"dnsPolicy": "ClusterFirst"}, ""),
        ({"dnsPolicy": "None"}, "spec.dnsPolicy"),
        ({"containers": [{}, {"securityContext": {"privileged": True}}]},
         "spec.containers[1].securityContext.privileged"),
        ({"containers": [{"resources": {"limits": {"hugepages-2Mi": "4Mi"}}}]},
         "spec.containers[0].resources.limits.hugepages-2Mi"),
        ({"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}},
         "spec.securityContext.seccompProfile"),
        ({"volumes": [{"emptyDir": {"medium": "Memory"}}]}, ""),
    ],
)  # fmt: skip
def test_fields_that_are_not_honoured_are_named(field: dict[str, Any], told: str) -> None:
    message = unsupported.message({"spec": field}, [])
    assert message.startswith(f"This node does not honour {told} (") if told else message == ""


@pytest.mark.parametrize(
    ("policy", "container", "code", "initial", "again"),
    [
        ("Always", {}, 0, False, True),
        ("OnFailure", {}, 0, False, False),
        ("OnFailure", {}, 1, False, True),
        ("Never", {}, 1, False, False),
        ("Always", {}, 0, True, False),
        ("Always", {}, 1, True, True),
        ("Never", {"restartPolicy": "Always"}, 0, True, True),
        ("Always", {"restartPolicy": "Never"}, 1, False, False),
        ("Never", {"restartPolicyRules": [
            {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]},
         42, False, True),
    ],
)  # fmt: skip
def test_what_is_started_again(
    policy: str, container: dict[str, Any], code: int, initial: bool, again: bool
) -> None:
    assert restarts(policy, container, code, initial) is again


def run(code: int | None = None, ready: bool = False, **spec: Any) -> ContainerRun:
    """A container that runs, or has ended with a code."""
    state: dict[str, Any] = {"running": {"startedAt": ENDED["startedAt"]}}
    if code is not None:
        state = {"terminated": {"exitCode": code, "reason": "Error", **ENDED}}
    body = {"name": "c", "image": "host", **spec}
    return ContainerRun(body, Path("/none"), Path("/none"), state=state, ready=ready, started=ready)


def status(initial: list[ContainerRun], main: list[ContainerRun], **spec: Any) -> dict[str, Any]:
    pod = {"metadata": {"generation": 1}, "status": {"conditions": []},
           "spec": {"restartPolicy": "Never", **spec}}  # fmt: skip
    state = PodState(initial, main, ENDED["startedAt"], "127.0.0.2", set_up=True)
    return pod_status(pod, state)


SIDECAR: Any = {"restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("initial", "main", "phase"),
    [
        ([run(1)], [run()], "Failed"),
        ([run(0), run(ready=True, **SIDECAR)], [run(ready=True)], "Running"),
        ([run(ready=True, **SIDECAR)], [run(0)], "Running"),
        ([run(143, **SIDECAR)], [run(0)], "Succeeded"),
        ([], [run(0), run(3)], "Failed"),
    ],
)
def test_the_phase_of_a_pod(
    initial: list[ContainerRun], main: list[ContainerRun], phase: str
) -> None:
    assert status(initial, main)["phase"] == phase


def test_a_readiness_gate_keeps_a_pod_from_being_ready() -> None:
    gates = [{"conditionType": "example.com/up"}]
    found = status([], [run(ready=True)], readinessGates=gates)["conditions"]
    conditions = {c["type"]: c for c in found}
    assert conditions["ContainersReady"]["status"] == "True"
    assert conditions["Ready"]["reason"] == "ReadinessGatesNotReady"
    assert conditions["Ready"]["message"] == (
        'corresponding condition of pod readiness gate "example.com/up" does not exist.'
    )


def test_usage_counts_what_a_folder_takes(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(bytes(100_000))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    assert 100_000 <= eviction.usage(tmp_path) < 200_000


def test_a_folder_is_not_deleted_while_something_is_mounted_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "volumes" / "share").mkdir(parents=True)
    monkeypatch.setattr(mounter, "below", lambda folder: [f"{tmp_path}/volumes/share"])
    with pytest.raises(OSError, match=r"umount|mounted"):
        remove_state(tmp_path)
    assert (tmp_path / "volumes" / "share").is_dir()


def test_a_mount_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting takes root")
    command = tmp_path / "mount"
    command.write_text("#!/bin/sh\nsleep 60\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(mounter, "_SECONDS", 0.2)
    with pytest.raises(mounter.MountFailed, match="no answer within"):
        asyncio.run(mounter.mount(("-t", "nfs", "server:/share"), tmp_path / "target"))
