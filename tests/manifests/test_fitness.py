"""What is made of the readings of an image."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.manifests.fitness import fitness
from jupyter_trainhub.manifests.sshd import Settings

FULL = """
shell=/bin/bash
ssh=/usr/bin/ssh
pdsh=/usr/bin/pdsh
manager=apt-get
uid=1000
user=ada
sudo=/usr/bin/sudo
sudo_works=yes
sshd=/usr/sbin/sshd
mpirun=/usr/bin/mpirun
mpi_version=mpirun (Open MPI) 4.1.4
nvcc_version=12.4.131
package.python=/usr/bin/python3 3.11.2
package.pip=24.0
package.ipykernel=6.29.5
package.jupyterlab=4.4.1
package.jupyter-trainhub=0.1.0
package.torch=2.6.0
package.torch-cuda=12.4
package.nvidia-nccl-cu12=2.21.5
lab=/usr/bin/jupyter-lab
"""
APT = "apt-get update && apt-get install -y --no-install-recommends {} "
APT += "&& rm -rf /var/lib/apt/lists/*"


def judged(printed: str | None) -> Any:
    return fitness("x", "example.com/x:1", printed)


def item(found: Any, name: str) -> Any:
    return next(item for item in found["items"] if item["name"] == name)


def without(*names: str) -> str:
    """The full image less some readings."""
    lines = FULL.splitlines()
    return "\n".join(line for line in lines if line.partition("=")[0] not in names)


def test_an_image_with_everything() -> None:
    found = judged(FULL)
    assert found["ok"] == {"instance": True, "job": True, "mpi": True, "ssh": True}
    assert {item["state"] for item in found["items"]} == {"ok"}
    assert item(found, "cuda")["value"] == "12.4.131"
    assert item(found, "nccl")["value"] == "2.21.5"
    assert found["dockerfile"] == ""


@pytest.mark.parametrize(
    ("gone", "name", "unfit", "remedy"),
    [
        (["lab", "package.jupyterlab"], "jupyterlab", {"instance"}, "'jupyterlab>=4'"),
        (["package.ipykernel"], "ipykernel", {"instance"}, "install --no-cache-dir ipykernel"),
        (["sshd"], "sshd", {"ssh", "mpi"}, APT.format("openssh-server")),
        (["ssh"], "ssh-client", {"mpi"}, APT.format("openssh-client")),
        (["pdsh"], "pdsh", {"mpi"}, APT.format("pdsh")),
        (["mpirun", "mpi_version"], "open-mpi", {"mpi"}, APT.format("openmpi-bin")),
        (["sudo", "sudo_works"], "sudo", {"ssh", "mpi"}, "NOPASSWD: ALL'"),
        (["package.python"], "python", {"instance", "job"}, APT.format("python3 python3-pip")),
    ],
)
def test_what_is_missing_and_what_it_is_missed_for(
    gone: list[str], name: str, unfit: set[str], remedy: str
) -> None:
    found = judged(without(*gone))
    missing = item(found, name)
    assert missing["state"] == "missing"
    assert remedy in missing["remedy"]
    assert missing["remedy"].startswith("RUN ")
    assert {use for use, ok in found["ok"].items() if not ok} == unfit


@pytest.mark.parametrize(
    ("more", "name", "value", "remedy"),
    [
        ("sshd_option=/e/a.conf passwordauthentication no", "sshd-password", "no", "/e/a.conf"),
        ("sshd_option=/e/c Port 2222", "port-22", "2222", "#&/I' /e/c"),
        ("sshd_option=/e/c ListenAddress [::]:2200", "port-22", "2200", "/e/c"),
    ],
)
def test_an_sshd_that_is_set_otherwise(more: str, name: str, value: str, remedy: str) -> None:
    found = judged(f"{FULL}{more}\nsshd_option=/e/c UsePAM no\n")
    assert (item(found, name)["state"], item(found, name)["value"]) == ("wrong", value)
    assert remedy in item(found, name)["remedy"]
    assert found["ok"]["ssh"] is False


def test_what_may_not_be_read_is_unknown_and_forbids_nothing() -> None:
    found = judged(FULL + "sshd_unreadable=/etc/ssh/sshd_config\n")
    assert item(found, "sshd-password")["state"] == "unknown"
    assert "/etc/ssh/sshd_config" in item(found, "port-22")["message"]
    assert found["ok"]["ssh"] is True


@pytest.mark.parametrize(
    ("replaced", "name", "words"),
    [
        ("package.python=/usr/bin/python3 3.7.9", "python", "3.8"),
        ("package.jupyterlab=3.6.7", "jupyterlab", "JupyterLab 4"),
        ("mpi_version=HYDRA build details:", "open-mpi", "not Open MPI"),
        ("mpi_version=mpirun (Open MPI) 3.1.6", "open-mpi", "older"),
        ("user=", "user", "/etc/passwd"),
        ("sudo_works=", "sudo", None),
    ],
)
def test_what_is_there_but_will_not_do(replaced: str, name: str, words: str | None) -> None:
    found = item(judged(without(replaced.partition("=")[0]) + f"\n{replaced}\n"), name)
    assert found["state"] == "wrong"
    assert words is None or words in found["message"]


def test_root_needs_no_sudo() -> None:
    found = judged(without("sudo", "sudo_works", "uid", "user") + "\nuid=0\nuser=root\n")
    assert item(found, "sudo")["state"] == "none"
    assert found["ok"]["ssh"] is True


def test_a_pytorch_for_another_cuda_is_told() -> None:
    found = judged(without("nvcc_version") + "\nnvcc_version=11.8.89\n")
    assert "12.4" in item(found, "cuda")["message"]
    found = judged(without("nvcc_version", "package.torch-cuda"))
    assert item(found, "cuda")["state"] == "none"
    assert "CPU" in item(found, "cuda")["message"]


def test_all_remedies_together_as_one_dockerfile() -> None:
    printed = without("sshd", "pdsh", "package.pip", "package.ipykernel", "lab")
    assert judged(printed + "\npackage.managed=yes\n")["dockerfile"] == (
        "FROM example.com/x:1\n"
        "USER root\n"
        f"RUN {APT.format('python3-pip openssh-server pdsh')} && python3 -m pip install "
        "--no-cache-dir --break-system-packages 'jupyterlab>=4' ipykernel\n"
        "USER 1000\n"
    )


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("microdnf", "RUN microdnf install -y openssh-clients && microdnf clean all"),
        ("apk", "RUN apk add --no-cache openssh-client"),
        ("micromamba", "RUN micromamba install -y -c conda-forge openssh && micromamba clean -afy"),
    ],
)
def test_each_package_manager_is_spoken_to_in_its_words(manager: str, line: str) -> None:
    found = judged(without("manager", "ssh") + f"\nmanager={manager}\n")
    assert item(found, "ssh-client")["remedy"] == line


@pytest.mark.parametrize("manager", ["apk", ""])
def test_what_no_package_brings_is_said(manager: str) -> None:
    found = judged(without("manager", "pdsh") + f"\nmanager={manager}\n")
    assert item(found, "pdsh")["remedy"] is None
    assert "another base" in item(found, "pdsh")["message"]
    assert found["dockerfile"] == ""


def test_an_image_without_a_shell() -> None:
    found = judged(None)
    assert item(found, "shell")["state"] == "missing"
    assert {item["state"] for item in found["items"][1:]} == {"unknown"}
    assert not any(found["ok"].values())
    assert found["dockerfile"].splitlines()[1].startswith("COPY --from=")


@pytest.mark.parametrize(
    ("settings", "takes"),
    [
        ([], True),
        (["PasswordAuthentication yes", "PasswordAuthentication no"], True),
        (["PasswordAuthentication no"], False),
        (["PasswordAuthentication no", "UsePAM yes"], True),
        (["PasswordAuthentication no", "UsePAM yes", "KbdInteractiveAuthentication no"], False),
        (["PasswordAuthentication no", "UsePAM yes", "ChallengeResponseAuthentication no"], False),
        (["AuthenticationMethods publickey"], False),
        (["AuthenticationMethods publickey,password"], True),
    ],
)
def test_whether_sshd_takes_passwords(settings: list[str], takes: bool) -> None:
    lines = [("sshd_option", f"/etc/ssh/sshd_config {setting}") for setting in settings]
    assert Settings.parse(lines).takes_passwords() is takes


@pytest.mark.parametrize(
    ("settings", "ports"),
    [
        ([], ["22"]),
        (["Port 22", "Port 2222"], ["22", "2222"]),
        (["ListenAddress 10.0.0.1", "Port 2222"], ["2222"]),
        (["ListenAddress 10.0.0.1:22", "Port 2222"], ["22"]),
        (["ListenAddress ::1", "ListenAddress [::1]:2200"], ["2200", "22"]),
    ],
)
def test_the_ports_of_sshd(settings: list[str], ports: list[str]) -> None:
    lines = [("sshd_option", f"/etc/ssh/sshd_config {setting}") for setting in settings]
    assert Settings.parse(lines).ports() == ports
