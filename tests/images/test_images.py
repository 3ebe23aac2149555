"""The official images do what they are for, in pods."""

from __future__ import annotations

import asyncio
import functools
import json
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.specs.instance import InstanceSpec
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.images

Built = Callable[[str], str]
POD_IP = {"name": "SSHD_LISTEN", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def pod(name: str, image: str, **fields: Any) -> dict[str, Any]:
    """A pod that runs the image's own program; ``container`` and ``spec`` are added to."""
    spec = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main", "image": image, **fields.get("container", {})}],
        **fields.get("spec", {}),
    }
    metadata = {"name": name, "labels": {"app": "mpi"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def output(kubectl: Kubectl, name: str) -> str:
    """What a pod printed that has succeeded."""

    def ended() -> Any:
        phase = kubectl.get("pod", name)["status"].get("phase")
        return phase if phase in ("Succeeded", "Failed") else None

    phase = eventually(ended, 60)
    log = kubectl("logs", name)
    assert phase == "Succeeded", log
    return log


def test_a_dev_instance_shows_jupyterlab_with_our_extension(hub: Hub, built: Built) -> None:
    image = built("base")
    spec = {"name": "lab", "cpus": 0.1, "memory": "1Gi", "image": image}
    hub.instances.create(InstanceSpec.parse(spec))
    hub.instances.wait_ready("lab", 120)
    endpoint = hub.reach.lab("lab", hub.instances.running("lab"))

    def ask(path: str) -> str:
        url = f"http://{endpoint.host}:{endpoint.port}{endpoint.prefix}/{path}"
        request = urllib.request.Request(url, headers=endpoint.credentials)
        with urllib.request.urlopen(request, timeout=30) as response:
            return str(response.read().decode())

    page = ask("lab")
    assert '"name": "jupyter_trainhub"' in page
    assert json.loads(ask("trainhub/api/status"))["version"]
    assert json.loads(ask("api/kernelspecs"))["kernelspecs"].keys() == {"python3"}
    found = hub.fitness.check(instance="lab")
    assert found["ok"] == {"instance": True, "job": True, "mpi": False, "ssh": True}
    assert next(item["value"] for item in found["items"] if item["name"] == "user") == (
        "trainhub (1000)"
    )


# As OpenShift starts containers, and as no image is prepared for.
@pytest.mark.parametrize("group", [0, 54321])
def test_an_arbitrary_user_id_has_a_home_and_jupyter(
    kubectl: Kubectl, built: Built, group: int
) -> None:
    program = (
        'set -e; id -u; touch "$HOME/x"; jupyter-lab --version; '
        'jupyter kernelspec list; python3 -c "print(6 * 7)"'
    )
    if group == 0:
        program += "; touch /opt/venv/lib/x; pip uninstall --yes --quiet json5"
    user = {"runAsUser": 54321, "runAsGroup": group}
    container = {"args": ["sh", "-c", program], "securityContext": user}
    kubectl.apply(pod("any", built("base"), container=container))
    log = output(kubectl, "any")
    assert log.startswith("54321\n4.")
    assert "/opt/venv/share/jupyter/kernels/python3" in log
    assert log.rstrip().endswith("42") or group == 0


def test_the_user_becomes_root_and_no_key_is_in_the_image(kubectl: Kubectl, built: Built) -> None:
    program = (
        "id -un; sudo id -un; ls /etc/ssh/ssh_host_* 2>&1 | wc -l; sudo grep -c '!' /etc/shadow"
    )
    kubectl.apply(pod("sudo", built("base"), container={"args": ["sh", "-c", program]}))
    assert output(kubectl, "sudo").split()[:3] == ["trainhub", "root", "1"]


def test_sshd_takes_the_password_of_a_secret(kubectl: Kubectl, built: Built) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ssh"},
              "stringData": {"password": "correct horse"}}  # fmt: skip
    mount = {"name": "ssh", "mountPath": "/run/secrets/ssh", "readOnly": True}
    container = {
        "args": ["trainhub-sshd", "-D", "-e"],
        "env": [POD_IP],
        "volumeMounts": [mount],
    }
    volumes = [{"name": "ssh", "secret": {"secretName": "ssh"}}]
    kubectl.apply(secret, pod("ssh", built("base"), container=container, spec={"volumes": volumes}))
    address = eventually(lambda: listening(kubectl, "ssh"), 60)

    async def log_in(password: str) -> str:
        options: Any = {"username": "trainhub", "known_hosts": None, "client_keys": None}
        async with asyncssh.connect(address, 22, password=password, **options) as connection:
            return str((await connection.run("command -v jupyter-lab; echo $USER")).stdout)

    assert asyncio.run(log_in("correct horse")).split() == ["/opt/venv/bin/jupyter-lab", "trainhub"]
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(log_in("wrong"))


def listening(kubectl: Kubectl, name: str) -> Any:
    """The address of a pod whose sshd answers."""
    address = kubectl.get("pod", name)["status"].get("podIP")
    if not address:
        return None
    scan = ["ssh-keyscan", "-T", "2", address]
    return address if subprocess.run(scan, capture_output=True, text=True).stdout else None


RANKS = """
import socket
from mpi4py import MPI
world = MPI.COMM_WORLD
places = world.gather((world.rank, socket.gethostname()))
total = world.allreduce(world.rank)
if world.rank == 0:
    print(sorted(places), total)
"""


@pytest.mark.parametrize("user", ["trainhub", "root"])
def test_mpirun_over_ssh_between_pods(
    kubectl: Kubectl, built: Built, tmp_path: Path, user: str
) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"},
              "type": "kubernetes.io/ssh-auth",
              "stringData": {"ssh-privatekey": key.read_text()}}  # fmt: skip
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "job-mpi"},
               "spec": {"clusterIP": "None", "publishNotReadyAddresses": True,
                        "selector": {"app": "mpi"}}}  # fmt: skip
    mount = {"name": "key", "mountPath": "/run/secrets/ssh", "readOnly": True}
    security = {"runAsUser": 0} if user == "root" else {}
    container = {"env": [POD_IP], "volumeMounts": [mount], "securityContext": security}
    volumes = [{"name": "key", "secret": {"secretName": "key"}}]
    hosts = [f"job-mpi-{number}" for number in range(2)]
    kubectl.apply(secret, service, *(
        pod(host, built("mpi"), container=container,
            spec={"volumes": volumes, "hostname": host, "subdomain": "job-mpi"})
        for host in hosts
    ))  # fmt: skip
    for host in hosts:
        eventually(functools.partial(listening, kubectl, host), 60)
    hostfile = "".join(f"{host}.job-mpi slots=2\n" for host in hosts)
    script = (
        f"printf '{hostfile}' >/tmp/hostfile; cat >/tmp/ranks.py; "
        f"for host in {' '.join(hosts)}; do scp -q /tmp/ranks.py $host.job-mpi:/tmp/; done; "
        "mpirun -np 4 --hostfile /tmp/hostfile python3 /tmp/ranks.py"
    )
    printed = kubectl("exec", "-i", hosts[0], "--", "bash", "-c", script, stdin=RANKS)
    places = [(rank, hosts[rank // 2]) for rank in range(4)]
    assert f"{places} 6" in printed
    shown = kubectl("exec", hosts[0], "--", "pdsh", "-w", "job-mpi-1.job-mpi", "id -un")
    assert shown.split() == ["job-mpi-1:", user]


def test_the_snapshotter_has_what_its_jobs_import_and_no_more(
    kubectl: Kubectl, built: Built
) -> None:
    program = (
        "import os, importlib.util as u; import jupyter_trainhub.registry.client; "
        "print(os.getuid(), u.find_spec('jupyterlab'), u.find_spec('kubernetes'))"
    )
    container = {"args": ["python3", "-c", program]}
    kubectl.apply(pod("snapshotter", built("snapshotter"), container=container))
    assert output(kubectl, "snapshotter").split() == ["65532", "None", "None"]
