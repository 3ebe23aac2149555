"""The changes of a running pod, taken by exec."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile

import pytest

from jupyter_trainhub.inpod import program
from tests.conftest import Kubectl, eventually
from tests.inpod.container import LOADER, finish

pytestmark = pytest.mark.cluster

# Ends with 0 if its user owns the files that will be changed.
MAY_CHANGE = """
import os, sysconfig
package = os.path.join(sysconfig.get_path("stdlib"), "wsgiref")
raise SystemExit(os.geteuid() not in (0, os.stat(package).st_uid))
"""
# Changes files of the image and makes new ones; prints where, and all folders beside these.
CHANGE = """
import json, os, shutil, sysconfig, time
package = os.path.realpath(os.path.join(sysconfig.get_path("stdlib"), "wsgiref"))
made = "/opt/made"
os.chmod(os.path.join(package, "util.py"), 0o640)
os.utime(os.path.join(package, "headers.py"), (1e9, 1e9))
os.rename(os.path.join(package, "simple_server.py"), os.path.join(package, "moved.py"))
shutil.copytree(package, made, symlinks=True)
os.link(made + "/util.py", made + "/hard.py")
with open(made + "/old", "w") as file:
    file.write("old")
os.utime(made + "/old", (1e9, 1e9))
with open(made + "/large", "wb") as file:
    file.write(bytes(32 << 20))
beside = set()
for folder in (package, made):
    while folder != "/":
        folder, name = os.path.split(folder)
        beside |= {os.path.join(folder, other) for other in os.listdir(folder)}
keep = {place[:end] for place in (package + "/", made + "/")
        for end, letter in enumerate(place) if letter == "/"}
print(json.dumps([package, sorted(beside - keep)]))
"""
# Prints how many processes run the program.
COUNT = """
import glob
found = 0
for path in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        found += b"rootfs" + b"_diff" in open(path, "rb").read()
    except OSError:
        pass
print(found)
"""


@pytest.fixture
def pod(kubectl: Kubectl, image: str) -> str:
    """A pod that has noted when it started."""
    command = ["sh", "-c", "read -r up _ </proc/uptime; echo $up >/state/started; exec sleep 600"]
    kubectl.apply({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "main", "image": image, "command": command,
                            "volumeMounts": [{"name": "state", "mountPath": "/state"}]}],
            "volumes": [{"name": "state", "emptyDir": {}}],
        },
    })  # fmt: skip
    eventually(lambda: kubectl.get("pod", "x")["status"].get("phase") == "Running", 60)
    eventually(lambda: kubectl.run("exec", "x", "--", "cat", "/state/started").stdout)
    return "x"


def begin(kubectl: Kubectl, pod: str, exclude: list[str]) -> subprocess.Popen[bytes]:
    source = program("rootfs_diff.py")
    python = ["python3", "-I", "-S", "-c", LOADER, str(len(source)), "tar"]
    process = subprocess.Popen(
        kubectl.arguments("exec", "-i", pod, "--", *python),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    options = {"state": "/state", "exclude": exclude, "volumes": ["/state"]}
    process.stdin.write(source + json.dumps(options).encode() + b"\n")
    process.stdin.flush()
    return process


def test_it_finds_what_changed_and_leaves_nothing_running(kubectl: Kubectl, pod: str) -> None:
    if kubectl.run("exec", pod, "--", "python3", "-c", MAY_CHANGE).returncode != 0:
        pytest.skip("the user of the image may not change its files")
    package, beside = json.loads(kubectl("exec", pod, "--", "python3", "-c", CHANGE))
    layer, told = finish(begin(kubectl, pod, beside))
    done = json.loads(told.splitlines()[-1])["done"]
    assert (done["unreadable"], done["changed_while_read"]) == ([], [])
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        found = {f"/{member.name}": member for member in tar}
    changed = {os.path.basename(path) for path in found if os.path.dirname(path) == package}
    expected = {"util.py", "headers.py", "moved.py"}
    if done["deletions_known"]:  # there is no list of names, and not every runtime shows them
        expected.add(".wh.simple_server.py")
    assert changed - {"__pycache__"} == expected
    assert found[f"{package}/util.py"].mode == 0o640
    assert found[f"{package}/moved.py"].size > 0
    assert found["/opt/made/old"].mtime == 1e9
    assert found["/opt/made/handlers.py"].mtime < found["/opt/made/large"].mtime
    links = [found[f"/opt/made/{name}.py"] for name in ("hard", "util")]
    assert [member.linkname for member in links] == ["", "opt/made/hard.py"]
    assert found["/opt/made/large"].size == 32 << 20

    cut = begin(kubectl, pod, beside)
    assert cut.stdout is not None
    cut.stdout.read(1)
    count = ("exec", pod, "--", "python3", "-c", COUNT)
    assert int(kubectl(*count)) == 1
    cut.kill()
    cut.wait()
    eventually(lambda: int(kubectl(*count)) == 0, 20)
