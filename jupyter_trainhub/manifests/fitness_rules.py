"""What makes an image fit, a rule for each thing, on what ``inpod/fitness.sh`` has found."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jupyter_trainhub.manifests.dockerfile import Addition
from jupyter_trainhub.manifests.fitness_readings import Readings
from jupyter_trainhub.manifests.sshd import PORT

State = Literal["ok", "missing", "wrong", "unknown", "none"]
Use = Literal["instance", "ssh", "mpi", "gpu"]

# The runner of notebooks needs it, and jupyter_trainhub's front end the other.
OLDEST_PYTHON = (3, 8)
OLDEST_LAB = (4,)
# Older ones name their options otherwise.
OLDEST_MPI = (4,)
_SSHD_CONFIG = "/etc/ssh/sshd_config"
_SHELL_USES: tuple[Use, ...] = ("instance", "ssh", "mpi")


@dataclass(frozen=True)
class Item:
    """One thing that an image may need.

    ``none``: it is not there, and need not be. ``unknown``: it could not be found out. ``remedy``
    is one line of a Dockerfile.
    """

    name: str
    title: str
    state: State
    value: str | None = None
    needed_for: Sequence[Use] = ()
    message: str | None = None
    remedy: str | None = None


Judged = tuple[Item, Addition | None]


def judge(readings: Readings) -> list[Judged]:
    """Every item, with what would add it to the image."""
    return [
        (Item("shell", "Shell", "ok", readings["shell"] or "/bin/sh", _SHELL_USES), None),
        _user(readings),
        _python(readings),
        _lab(readings),
        _kernel(readings),
        _trainhub(readings),
        _program("sshd", "SSH server", readings, ("ssh", "mpi")),
        _password(readings),
        _port(readings),
        _sudo(readings),
        _program("ssh-client", "SSH client", readings, ("mpi",), reading="ssh"),
        _program("pdsh", "pdsh", readings, ("mpi",)),
        _open_mpi(readings),
        _cuda(readings),
        _nccl(readings),
    ]


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, to be compared: ``4.1.0rc2`` is (4, 1, 0)."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _program(
    name: str, title: str, readings: Readings, uses: Sequence[Use], *, reading: str = ""
) -> Judged:
    path = readings[reading or name]
    return Item(name, title, "ok" if path else "missing", path or None, uses), Addition((name,))


def _user(readings: Readings) -> Judged:
    uid, name = readings["uid"], readings["user"]
    if name or not uid:
        state: State = "ok" if uid else "unknown"
        return Item("user", "User name", state, f"{name} ({uid})" if uid else None, ("ssh",)), None
    message = "The user id has no name in /etc/passwd: sshd and sudo refuse it."
    add = "adduser -D -u" if readings["manager"] == "apk" else "useradd --create-home --uid"
    item = Item("user", "User name", "wrong", uid, ("ssh",), message)
    return item, Addition(command=f"{add} {uid} trainhub")


def _python(readings: Readings) -> Judged:
    version = readings["package.python"].rpartition(" ")[2]
    uses: Sequence[Use] = ("instance",)
    if version and numbers(version) < OLDEST_PYTHON:
        message = "TrainHub's programs need Python 3.8 or later."
        return Item("python", "Python", "wrong", version, uses, message), None
    state: State = "ok" if version else "missing"
    return Item("python", "Python", state, version or None, uses), Addition(("python",))


def _lab(readings: Readings) -> Judged:
    version = readings.package("jupyterlab")
    uses: Sequence[Use] = ("instance",)
    addition = Addition(python=("jupyterlab>=4",))
    if not readings["lab"]:
        message = "Its instances can be entered by terminal, IDE and SSH only."
        if version:
            message = "It is installed, but jupyter-lab is not on the path."
        state: State = "wrong" if version else "missing"
        return Item("jupyterlab", "JupyterLab", state, version or None, uses, message), addition
    if version and numbers(version) < OLDEST_LAB:
        message = "It is older than JupyterLab 4."
        return Item("jupyterlab", "JupyterLab", "wrong", version, uses, message), addition
    return Item("jupyterlab", "JupyterLab", "ok", version or readings["lab"], uses), None


def _kernel(readings: Readings) -> Judged:
    version = readings["package.ipykernel"] or readings["lab.ipykernel"]
    state: State = "ok" if version else "missing"
    item = Item("ipykernel", "Python kernel", state, version or None, ("instance",))
    return item, Addition(python=("ipykernel",))


def _trainhub(readings: Readings) -> Judged:
    version = readings.package("jupyter-trainhub")
    message = None if version else "With it, jobs can be submitted from inside the instance."
    state: State = "ok" if version else "none"
    item = Item("trainhub", "TrainHub", state, version or None, (), message)
    return item, Addition(python=("jupyter_trainhub",))


def _password(readings: Readings) -> Judged:
    settings, title = readings.settings, "SSH login by password"
    if not readings["sshd"]:
        return Item("sshd-password", title, "none", None, ("ssh",)), None
    if settings.unreadable:
        return _unread("sshd-password", title, readings), None
    if settings.takes_passwords():
        return Item("sshd-password", title, "ok", "yes", ("ssh",)), None
    message = "The settings of sshd allow keys only."
    first = next((file for file, _, _ in settings.found), _SSHD_CONFIG)
    # Of each setting the first one counts.
    command = f"sed -i '1i PasswordAuthentication yes' {shlex.quote(first)}"
    return Item("sshd-password", title, "wrong", "no", ("ssh",), message), Addition(command=command)


def _port(readings: Readings) -> Judged:
    settings, title = readings.settings, "SSH port"
    if not readings["sshd"]:
        return Item("port-22", title, "none", None, ("ssh", "mpi")), None
    if settings.unreadable:
        return _unread("port-22", title, readings), None
    ports = settings.ports()
    if PORT in ports:
        return Item("port-22", title, "ok", ", ".join(ports), ("ssh", "mpi")), None
    files = shlex.join(settings.files("port", "listenaddress"))
    command = f"sed -i -E 's/^[[:space:]]*(Port|ListenAddress)[[:space:]=]/#&/I' {files}"
    message = "sshd listens on another port; it is looked for on port 22."
    item = Item("port-22", title, "wrong", ", ".join(ports), ("ssh", "mpi"), message)
    return item, Addition(command=command)


def _unread(name: str, title: str, readings: Readings) -> Item:
    message = f"The user of the image may not read {readings.settings.unreadable[0]}."
    return Item(name, title, "unknown", None, ("ssh",), message)


def _sudo(readings: Readings) -> Judged:
    path, title = readings["sudo"], "sudo without a password"
    if readings["uid"] in ("0", ""):
        message = None if path else "It runs as root anyway."
        return Item("sudo", title, "ok" if path else "none", path or None, (), message), None
    uses: Sequence[Use] = ("ssh", "mpi")
    who = readings["user"] or f"#{readings['uid']}"
    rule = shlex.quote(f"{who} ALL=(ALL) NOPASSWD: ALL")
    command = f"echo {rule} >/etc/sudoers.d/trainhub && chmod 0440 /etc/sudoers.d/trainhub"
    addition = Addition(() if path else ("sudo",), command=command)
    if not path:
        message = "Without it, sshd cannot be started and packages cannot be installed."
        return Item("sudo", title, "missing", None, uses, message), addition
    if readings["sudo_works"]:
        return Item("sudo", title, "ok", path, uses), None
    return Item("sudo", title, "wrong", path, uses, readings["sudo_error"] or None), addition


def _open_mpi(readings: Readings) -> Judged:
    banner, title = readings["mpi_version"], "Open MPI"
    addition = Addition(("open-mpi",))
    if not readings["mpirun"]:
        return Item("open-mpi", title, "missing", None, ("mpi",)), addition
    version = banner.rpartition(" ")[2]
    if "Open MPI" not in banner and "OpenRTE" not in banner:
        message = "Its mpirun is not Open MPI's."
        return Item("open-mpi", title, "wrong", banner or None, ("mpi",), message), None
    if numbers(version) < OLDEST_MPI:
        message = "It is older than Open MPI 4."
        return Item("open-mpi", title, "wrong", version, ("mpi",), message), None
    return Item("open-mpi", title, "ok", version, ("mpi",)), None


def _cuda(readings: Readings) -> Judged:
    own = readings["nvcc_version"] or readings["cuda_version"]
    torch, built = readings["package.torch"], readings["package.torch-cuda"]
    message = None
    if torch and not built:
        message = f"PyTorch {torch} in it is built for CPUs only."
    elif built and own and numbers(built)[0] != numbers(own)[0]:
        message = f"PyTorch in it is built for CUDA {built}: its extensions cannot be compiled."
    version = own or built
    return Item(
        "cuda", "CUDA", "ok" if version else "none", version or None, ("gpu",), message
    ), None


def _nccl(readings: Readings) -> Judged:
    bundled = [
        version
        for name, version in readings.values.items()
        if name.startswith("package.nvidia-nccl-")
    ]
    version = readings["nccl_version"] or (bundled[0] if bundled else None)
    return Item("nccl", "NCCL", "ok" if version else "none", version, ("gpu",)), None
