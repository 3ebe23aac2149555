"""What has changed in a container, on a real overlay: a layer on the base makes the same again."""

from __future__ import annotations

import ast
import contextlib
import gzip
import io
import json
import os
import random
import re
import shutil
import socket
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.inpod import program
from tests.inpod.container import Container, apply, copy, finish, manifest

MIB = 1 << 20
ROOT = os.geteuid() == 0
Apply = Callable[[Container], None]


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    """A container that has not started."""
    made = Container(tmp_path / "container")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def _overlays(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("overlay")
    for name in ("lower", "upper", "work", "root"):
        (folder / name).mkdir()
    alone = [] if ROOT else ["--user", "--map-root-user"]
    options = "lowerdir=lower,upperdir=upper,workdir=work" + ("" if ROOT else ",userxattr")
    trial = ["unshare", *alone, "--mount", "mount", "-t", "overlay", "-o", options, "x", "root"]
    done = subprocess.run(trial, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no overlay can be mounted here: {done.stderr.strip()}")


def fill(base: Path) -> None:
    """A base image."""
    (base / "etc").mkdir()
    (base / "etc" / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    for name in ("kept", "removed", "replaced", "again", "moved", "closed"):
        (base / "data" / name / "inner").mkdir(parents=True)
        for number in range(3):
            (base / "data" / name / f"file{number}").write_text(f"{name} {number}\n")
        (base / "data" / name / "inner" / "deep").write_text("deep\n")
    (base / "data" / "link").symlink_to("kept/file0")
    os.link(base / "data" / "kept" / "file1", base / "data" / "hard")
    (base / "data" / "a-b").mkdir()  # sorts before "a/" and behind "a"
    (base / "data" / "a").mkdir()
    (base / "data" / "a" / "x").write_text("x")
    (base / "data" / "a-b" / "y").write_text("y")


def change(root: Path) -> None:
    """Every kind of change, in a container."""
    data = root / "data"
    (data / "new").write_text("new\n")
    os.utime(data / "new", (1e9, 1e9))  # an old time
    (data / "kept" / "file0").chmod(0o4711)
    with (data / "kept" / "file2").open("a") as file:
        file.write("more\n")
    (data / "moved" / "file0").rename(data / "moved" / "other")
    os.link(data / "moved" / "file1", data / "moved" / "hard")
    shutil.rmtree(data / "removed")
    shutil.rmtree(data / "replaced")
    (data / "replaced").write_text("now a file\n")
    shutil.rmtree(data / "again")
    (data / "again" / "inner").mkdir(parents=True)
    (data / "again" / "file1").write_text("new\n")
    (data / "link").unlink()
    (data / "link").mkdir()
    (data / "link" / "inside").symlink_to("/etc/passwd")
    shutil.copytree(data / "kept", data / "copied", symlinks=True)  # with its old times
    shutil.rmtree(data / "a")
    (data / "closed").chmod(0o700)
    (data / "sparse").write_bytes(b"begin")
    os.truncate(data / "sparse", 64 * MIB)
    with (data / "sparse").open("r+b") as file:
        file.seek(40 * MIB + 12345)
        file.write(os.urandom(MIB))
    (data / "hole").touch()
    os.truncate(data / "hole", 9 * MIB)
    (data / "large").write_bytes(os.urandom(5 * MIB + 1))
    Path(os.fsdecode(os.fsencode(data) + b"/\xff\xfe binary\n name")).write_text("x")
    (data / ("ä" * 60)).write_text("of two bytes each")
    (data / "long" / ("n" * 200) / ("m" * 90)).mkdir(parents=True)
    (data / "long" / ("n" * 200) / "target").symlink_to("t" * 300)
    (data / "name").write_text("")
    os.setxattr(data / "name", "user.mark", b"\x00\xff\n=binary")
    os.setxattr(data / "closed", "user.mark", b"folder")
    os.mkfifo(data / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        place = os.open(data, os.O_PATH)
        listener.bind(f"/proc/self/fd/{place}/socket")
        os.close(place)
    (data / ".wh.kept").write_text("would delete")
    if ROOT:
        os.chown(data / "kept" / "file1", 1234, 3000000, follow_symlinks=False)
        os.setxattr(data / "name", "security.capability",
                    bytes.fromhex("0100000200040000000000000000000000000000"))  # fmt: skip
        os.mknod(data / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))


def test_a_layer_on_its_base_is_what_the_container_was(
    container: Container, tmp_path: Path
) -> None:
    fill(container.base)
    container.start()
    change(container.root)
    measured = container.measure()
    done = container.layer(tmp_path / "layer.tar")
    copy(container.base, tmp_path / "again")
    apply(tmp_path / "layer.tar", tmp_path / "again")

    expected = manifest(container.root)
    del expected[b"data/.wh.kept"]
    assert manifest(tmp_path / "again") == expected
    assert (tmp_path / "layer.tar").stat().st_size < 10 * MIB
    assert done["excluded"] == ["/data/.wh.kept"]
    for key in ("files", "deleted"):
        assert measured[key] == done[key], key
    assert measured["deletions_known"] is True
    # Folders that are gone count as one: removed, a, and in `again` two files and one in `inner`.
    assert measured["deleted"] == 1 + 1 + 3 + 1
    assert abs(measured["bytes"] - done["bytes"]) < 1 << 16
    assert done["changed_while_read"] == done["unreadable"] == []


@pytest.mark.parametrize("seed", range(5))
def test_any_edits(container: Container, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    words = [chr(97 + letter) * size for letter in range(3) for size in (1, 2)] + ["a-", "a.b"]

    def anywhere(root: Path, depth: int) -> Path:
        return root / "d" / Path(*(chance.choice(words) for _ in range(depth)))

    def edit(root: Path) -> None:
        with contextlib.suppress(OSError):
            path = anywhere(root, chance.randint(1, 4))
            match chance.randint(0, 7):
                case 0 | 1:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(str(chance.random()))
                case 2:
                    path.mkdir(parents=True)
                case 3:
                    shutil.rmtree(path)
                case 4:
                    path.unlink()
                case 5:
                    path.rename(anywhere(root, chance.randint(1, 4)))
                case 6:
                    os.link(path, anywhere(root, chance.randint(1, 3)), follow_symlinks=False)
                case 7:
                    path.symlink_to(chance.choice(words))

    (container.base / "d").mkdir()
    for _ in range(150):
        edit(container.base)
    container.start()
    for _ in range(150):
        edit(container.root)
    container.layer(tmp_path / "layer.tar")
    copy(container.base, tmp_path / "again")
    apply(tmp_path / "layer.tar", tmp_path / "again")
    assert manifest(tmp_path / "again") == manifest(container.root)


def entries(layer: Path) -> list[str]:
    with tarfile.open(layer) as tar:
        return [member.name for member in tar]


def test_what_does_not_change_costs_nothing(container: Container, tmp_path: Path) -> None:
    fill(container.base)
    container.start()
    assert container.measure()["files"] == 0
    container.layer(tmp_path / "layer.tar")
    assert entries(tmp_path / "layer.tar") == []


def forged(container: Container, *records: bytes, marker: int | None = None) -> bytes:
    at = (container.folder / "state" / "started").stat().st_ctime_ns
    head = json.dumps({"started": at if marker is None else marker}).encode() + b"\n"
    return gzip.compress(head + b"".join(records))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda container: None, "is not ready yet"),
        (lambda container: b"\x1f\x8bno list", "there is no list"),
        (lambda container: forged(container, b"\0", marker=5), "there is no list"),
        (lambda container: forged(container), "is broken"),
        (lambda container: forged(container, b"data/\0\0data"), "is broken"),
    ],
    ids=["none", "no gzip", "an older container's", "empty", "half"],
)
def test_a_list_that_cannot_be_trusted_tells_of_no_deletions(
    container: Container, tmp_path: Path, make: Callable[[Container], bytes | None], why: str
) -> None:
    fill(container.base)
    container.start()
    (container.root / "data" / "kept" / "file0").unlink()
    (container.root / "data" / "kept" / "new").touch()
    content = make(container)
    (container.folder / "state" / "names.gz").unlink()
    if content is not None:
        (container.folder / "state" / "names.gz").write_bytes(content)
    measured = container.measure()
    assert measured["deletions_known"] is False
    assert why in measured["warnings"][0]
    container.layer(tmp_path / "layer.tar")
    assert "data/kept/new" in entries(tmp_path / "layer.tar")


def test_nothing_in_a_forged_list_leads_anywhere(container: Container, tmp_path: Path) -> None:
    container.start()
    odd = [b"..", b".", b"../../etc", b"a/b", b".wh..opq", b".wh.", b"x" * 3000, b"../", b"usr/"]
    names = b"".join(name + b"\0" for name in [*odd, b"gone"])
    (container.folder / "state" / "names.gz").write_bytes(forged(container, names + b"\0", b"\0"))
    container.layer(tmp_path / "layer.tar")
    whiteouts = [name for name in entries(tmp_path / "layer.tar") if ".wh." in name]
    assert whiteouts == [".wh.gone", ".wh." + "x" * 3000]


def test_without_a_marker_the_start_of_process_1_counts(
    container: Container, tmp_path: Path
) -> None:
    fill(container.base)
    container.start()
    shutil.rmtree(container.root / "data" / "removed")
    (container.root / "data" / "kept" / "new").touch()
    found = container.layer(tmp_path / "layer.tar", state="/nowhere")
    assert "data/kept/new" in entries(tmp_path / "layer.tar")
    assert (found["deleted"], found["deletions_known"]) == (0, False)
    assert found["warnings"] == [
        "What was deleted is not known: there is no list of what the container held when it "
        "started."
    ]


def test_a_clock_that_was_set_back_loses_nothing(container: Container) -> None:
    fill(container.base)
    container.start()
    marker = container.folder / "state" / "started"
    (container.root / "data" / "kept" / "new").touch()
    # The marker gets younger than that file, and the time since the machine's start says by what.
    marker.write_text(str(float(marker.read_text()) - 1000))
    found = container.measure()
    assert found["files"] > 1
    assert re.search(r"was set back by 100\d s", found["warnings"][0])


def test_patterns_leave_out_what_they_name(container: Container, tmp_path: Path) -> None:
    container.start()
    for name in ("tmp/a", "opt/.cache/pip/x", "opt/big/model", "opt/big/keep/model", "opt/b.conda",
                 "opt/x/b.conda/deep", "opt/kept"):  # fmt: skip
        path = container.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("12345")
    options = {
        "exclude": ["/tmp/**", "**/.cache/pip/**", "/opt/big", "*.conda", "/opt/k*"],
        "include": ["/opt/big/keep/**", "/opt/k*"],
    }
    measured = container.measure(**options)
    assert {item["pattern"]: (item["files"], item["bytes"]) for item in measured["excluded"]} == {
        "/tmp/**": (1, 5), "**/.cache/pip/**": (1, 5), "/opt/big": (1, 5), "*.conda": (2, 10),
    }  # fmt: skip
    done = container.layer(tmp_path / "layer.tar", **options)
    assert done["files"] == measured["files"] == 2
    with tarfile.open(tmp_path / "layer.tar") as tar:
        names = {member.name for member in tar if member.isfile()}
    assert names == {"opt/big/keep/model", "opt/kept"}
    # Without anything to include, what is left out is not even looked at.
    done = container.layer(tmp_path / "layer.tar", exclude=["/opt/**", "/tmp"])
    assert [name.rstrip("/") for name in entries(tmp_path / "layer.tar")] == [".", "opt"]
    assert done["excluded"] == ["/opt", "/tmp"]


KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n"
SECRETS = {
    "root/key.pem": ("# mine\n" + KEY, "private key", 2),
    "root/account.json": (json.dumps({"key": KEY.replace("OPENSSH ", "")}), "private key", 1),
    "root/env": ("A=1\n\nK=AKIAIOSFODNN7ABCDEFG\n", "AWS access key", 3),
    "root/hub": ("hf_" + "aB3" * 12, "Hugging Face token", 1),
    "root/git": ("https://ghp_" + "aB3" * 12 + "@github.com", "GitHub token", 1),
    "root/fine": ("github_pat_" + "aB3_" * 12, "GitHub token", 1),
    "root/lab": ("glpat-" + "aB3-" * 5, "GitLab token", 1),
    "root/api": ("sk-proj-" + "aB3" * 12, "API key", 1),
    "root/.ssh/id_rsa": ("whatever it holds", "credentials file", None),
    "root/.netrc": ("machine", "credentials file", None),
}
HARMLESS = {
    "root/.ssh/id_rsa.pub": "ssh-rsa AAAA",
    "root/.ssh/known_hosts": "host",
    "root/tokens.py": "if text.startswith('-----BEGIN RSA PRIVATE KEY-----'): 'hf_'",
    "root/docs.md": "AKIAIOSFODNN7EXAMPLE",
    "root/style.css": ".sk-toggleable__content-arrow-of-an-estimator-label {}",
    "root/binary": KEY + "\0",
    "usr-local/lib/python3/site-packages/tornado/test/test.key": KEY,
}


def test_secrets_are_found_and_left_out(container: Container, tmp_path: Path) -> None:
    container.start()
    contents = {name: text for name, (text, _, _) in SECRETS.items()} | HARMLESS
    for name, text in contents.items():
        path = container.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    options: dict[str, Any] = {"secret_paths": ["**/.ssh/**", "**/.netrc"]}
    expected = {("/" + name, kind, line) for name, (_, kind, line) in SECRETS.items()}

    def told(found: dict[str, Any]) -> set[tuple[str, str, int | None]]:
        assert not any(text in json.dumps(found) for text, _, _ in SECRETS.values())
        return {(item["path"], item["kind"], item["line"]) for item in found["secrets"]}

    def files(secrets: str, **more: Any) -> set[str]:
        done = container.layer(tmp_path / "layer.tar", secrets=secrets, **options, **more)
        assert told(done) == (set() if secrets == "include" else expected - kept)
        with tarfile.open(tmp_path / "layer.tar") as tar:
            return {member.name for member in tar if member.isfile()}

    kept: set[tuple[str, str, int | None]] = set()
    assert told(container.measure(**options)) == expected
    assert files("report") == files("include") == set(contents)
    assert files("exclude") == set(HARMLESS)
    # What the user wants explicitly is no secret by its name.
    kept = {item for item in expected if item[0].startswith("/root/.ssh/")}
    assert files("exclude", include=["/root/.ssh/**"]) == {*HARMLESS, "root/.ssh/id_rsa"}


def test_folders_are_shown_by_size(container: Container) -> None:
    container.start()
    for name, size in (("a/b/c/d/e/f", 500), ("a/b/c/x/y/z", 300), ("a/b/c/plain", 7)):
        path = container.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    for number in range(20):
        (container.root / f"many{number}").mkdir()
        (container.root / f"many{number}" / "file").write_bytes(bytes(100 + number))
    (container.root / "large").write_bytes(bytes(17 * MIB))
    measured = container.measure()
    first, *rest = measured["tree"]
    assert (first["path"], first["files"], first["bytes"]) == ("/a/b/c", 3, 807)
    assert [(node["path"], node["bytes"]) for node in first["children"]] == [
        ("/a/b/c/d/e", 500), ("/a/b/c/x/y", 300), (None, 7)
    ]  # fmt: skip
    assert [node["path"] for node in rest] == [f"/many{19 - place}" for place in range(11)] + [None]
    assert sum(node["bytes"] for node in measured["tree"]) == measured["bytes"]
    assert measured["large"] == [{"path": "/large", "bytes": 17 * MIB}]


def test_a_file_that_grows_is_saved_as_it_was(container: Container, tmp_path: Path) -> None:
    container.start()
    log = container.root / "log"
    log.write_bytes(b"a" * (8 * MIB))
    process = container.popen("tar")
    assert process.stdout is not None
    begun = process.stdout.read(4096)
    with log.open("ab") as file:
        file.write(b"b" * 100)
    rest, told = finish(process)
    with tarfile.open(fileobj=io.BytesIO(begun + rest)) as tar:
        content = tar.extractfile("log")
        assert content is not None
        assert content.read() == b"a" * (8 * MIB)
    assert json.loads(told.splitlines()[-1])["done"]["changed_while_read"] == ["/log"]


@pytest.mark.skipif(not ROOT, reason="only root can run it as another user")
def test_what_the_user_cannot_read_is_told(container: Container, tmp_path: Path) -> None:
    (container.base / "private").mkdir(mode=0o700)
    container.start()
    (container.root / "secret").write_text("x")
    (container.root / "secret").chmod(0)
    (container.root / "closed").mkdir(mode=0)
    (container.root / "open").write_text("x")
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    measured = container.measure(*nobody)
    assert measured["unreadable"] == {"files": 2, "paths": ["/secret", "/closed"]}
    done = container.layer(tmp_path / "layer.tar", *nobody)
    assert done["unreadable"] == ["/secret", "/closed"]
    assert [name.rstrip("/") for name in entries(tmp_path / "layer.tar")] == [".", "open"]


@pytest.mark.parametrize("closed", ["stdin", "stdout"])
def test_it_ends_when_nobody_waits_for_it(container: Container, closed: str) -> None:
    container.start()
    (container.root / "large").write_bytes(bytes(8 * MIB))
    process = container.popen("tar")
    assert process.stdout is not None
    process.stdout.read(1)  # it has begun, and waits for the pipe to be emptied
    stream = getattr(process, closed)
    stream.close()
    assert process.wait(5) != 0


def test_mounts_are_not_saved(container: Container, tmp_path: Path) -> None:
    (container.base / "mnt" / "data").mkdir(parents=True)
    container.start()
    (container.folder / "state" / "mine").write_text("in the state folder")
    (container.root / "dev" / "shm").stat()
    measured = container.measure(volumes=["/mnt/data"])
    paths = {item["path"]: item["kind"] for item in measured["not_saved"]}
    assert {"/usr": "volume", "/proc": "system", "/dev": "system"}.items() <= paths.items()
    assert paths["/trainhub-start"] == "system"
    assert measured["files"] == 0


def module() -> dict[str, Any]:
    """The program's functions."""
    names: dict[str, Any] = {"__name__": "rootfs_diff"}
    exec(compile(program("rootfs_diff.py"), "rootfs_diff.py", "exec"), names)
    return names


MOUNTINFO = b"""\
1 0 0:1 / / rw,relatime - tmpfs root rw
2 1 0:2 / /usr rw,relatime - overlay overlay rw,lowerdir=/proc/self/fd/3,upperdir=/proc/self/fd/4
3 1 0:3 / /home rw - overlay overlay rw,lowerdir=/l,upperdir=/not/there,workdir=/not/w
4 3 0:4 /x /home/a\\040b\\134 ro,relatime shared:5 - ext4 /dev/vda rw
5 1 0:5 / /seen rw - overlay overlay rw,lowerdir=/l,upperdir=/tmp,workdir=/w
6 1 0:6 / /image ro - overlay overlay ro,lowerdir=/l:/m
7 1 0:7 /sub /bound rw - overlay overlay rw,lowerdir=/l,upperdir=/not/there
8 1 0:8 / /csi rw - overlay overlay rw,lowerdir=/l,upperdir=/not/there
9 2 0:9 / /usr/masked rw - tmpfs tmpfs rw
"""


def test_what_belongs_to_the_root_file_system() -> None:
    names = module()
    found = names["foreign"](MOUNTINFO, ["/csi"])
    assert set(found) == {
        b"/home/a b\\", b"/seen", b"/image", b"/bound", b"/csi", b"/usr/masked"
    }  # fmt: skip
    assert found[b"/home/a b\\"].read_only
    assert names["by_folder"](found)[b"/home"] == {b"a b\\"}


def test_it_is_one_file_that_an_old_python_understands() -> None:
    tree = ast.parse(program("rootfs_diff.py"), feature_version=(3, 6))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert imports
    assert not any(node.level for node in imports)
    defined = [node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    assert len(defined) == len(set(defined)), "two modules use one name"
