"""Files of OpenSSH's: blocks, the user's own configuration, known hosts, tokens."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jupyter_trainhub.errors import Conflict, InvalidField
from jupyter_trainhub.specs.place import Place
from jupyter_trainhub.ssh import atomic_file, authorized_keys, known_hosts, ssh_config
from jupyter_trainhub.ssh.host_key import new_key, public_key
from jupyter_trainhub.ssh.identity import Home
from jupyter_trainhub.ssh.jupyter_server import (
    base_url,
    is_open,
    keep_token,
    read_token,
    token_file,
)
from jupyter_trainhub.ssh.ssh_config import Host

STRANGE = ["/a b/c", "/it's", '/"q"', "/100%h", "/back\\slash", "/#x", "/tab\there"]


def host(name: str = "lab", path: str = "/home/ada", **more: bool) -> Host:
    proxy = [f"{path}/trainhub", "ssh-proxy", name]
    return Host(Place.parse(name), "trainhub-1", proxy, f"{path}/key", f"{path}/hosts", **more)


def as_ssh_reads(arguments: list[str]) -> dict[str, str]:
    printed = subprocess.run(
        ["ssh", "-G", *arguments], capture_output=True, text=True, check=True
    ).stdout
    return dict(line.split(" ", 1) for line in printed.splitlines() if " " in line)


@pytest.mark.parametrize("path", STRANGE)
def test_ssh_reads_paths_as_they_are(path: str, tmp_path: Path) -> None:
    made = host(path=path)
    (tmp_path / "config").write_text(made.block())
    for arguments in (["-F", str(tmp_path / "config")], made.arguments()):
        read = as_ssh_reads([*arguments, "trainhub-lab"])
        # ssh replaces tokens here as it does before it opens the file.
        assert read["identityfile"].replace("%%", "%") == f"{path}/key"
        assert read["userknownhostsfile"].replace("%%", "%") == f"{path}/hosts"
        assert read["hostkeyalias"] == "trainhub-1"
        shell = read["proxycommand"].replace("%%", "%")
        words = subprocess.run(
            ["sh", "-c", f"printf '%s\\n' {shell}"], capture_output=True, text=True, check=True
        )
        assert words.stdout.splitlines() == list(made.proxy)


def test_no_two_places_share_a_name() -> None:
    names = ["lab", "Lab", "LAB", "l_ab", "_lab", "_Lab", "jobLab_", "job_a", "jobA"]
    names += ["job/lab", "job/Lab/0", "job/lab/1", "job/a-b", "job/aB"]
    places = [Place.parse(name) for name in names]
    called = [{ssh_config.host(place), ssh_config.lower_host(place)} for place in places]
    assert len(set.union(*called)) == sum(map(len, called))
    assert all(ssh_config.lower_host(place).islower() for place in places)
    assert ssh_config.lower_host(Place.parse("lab")) == "trainhub-lab"
    assert ssh_config.host(Place.parse("job/Tr-1/2")) == "trainhub-job.Tr-1.2"
    assert host("Lab").block().startswith("Host trainhub-Lab trainhub--lab\n")


def test_the_images_sshd_has_keys_and_accounts_of_its_own() -> None:
    block = host(sshd=True).block()
    assert block.startswith("Host trainhub-lab-sshd\n")
    assert "HostKeyAlias trainhub-1-sshd" in block
    assert "StrictHostKeyChecking accept-new" in block
    assert "Identit" not in block


def test_blocks_are_replaced_and_others_kept(tmp_path: Path) -> None:
    home = Home(tmp_path / ".ssh")
    assert ssh_config.write(home, [host("a").block(), host("b").block()]) == [
        home.hosts,
        home.config,
    ]
    assert ssh_config.write(home, [host("b").block()]) == []
    assert ssh_config.write(home, [host("a", path="/new").block()]) == [home.hosts]
    text = home.hosts.read_text()
    assert text.count("Host trainhub-a\n") == text.count("Host trainhub-b\n") == 1
    assert "/new/key" in text
    assert as_ssh_reads(["-F", str(home.hosts), "trainhub-b"])["identityfile"] == "/home/ada/key"
    assert home.hosts.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "before",
    [b"", b"Host x\n  Port 1", b"# caf\xe9\r\nHost *\r\n", b"Include other\n\nHost y\n"],
)
def test_the_users_configuration_is_only_added_to(tmp_path: Path, before: bytes) -> None:
    home = Home(tmp_path / ".ssh")
    home.folder.mkdir()
    real = tmp_path / "dotfiles"
    real.write_bytes(before)
    real.chmod(0o644)
    home.config.symlink_to(real)
    for _ in range(2):
        ssh_config.write(home, [host().block()])
    assert real.read_bytes() == b"Include config.d/trainhub\n" + (b"\n" + before if before else b"")
    assert home.config.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o644
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".dotfiles")]


def test_a_host_key_is_pinned_once(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    one, two = (public_key(new_key()) for _ in range(2))
    assert known_hosts.pin(path, "trainhub-1", one)
    assert known_hosts.pin(path, "trainhub-2", two)
    assert not known_hosts.pin(path, "trainhub-1", one)
    with pytest.raises(Conflict, match="has changed"):
        known_hosts.pin(path, "trainhub-1", two)
    assert known_hosts.pin(path, "trainhub-1", two, again=True)
    found = subprocess.run(
        ["ssh-keygen", "-F", "trainhub-1", "-f", path], capture_output=True, text=True
    )
    assert found.stdout.splitlines()[1:] == [f"trainhub-1 {two}"]


def test_a_key_pair_is_made_once_and_is_private(tmp_path: Path) -> None:
    home = Home(tmp_path / ".ssh")
    public = home.public_key()
    assert home.public_key() == public
    assert home.identity.stat().st_mode & 0o777 == 0o600
    assert home.folder.stat().st_mode & 0o777 == 0o700
    shown = subprocess.run(
        ["ssh-keygen", "-y", "-f", home.identity], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split()[:2] == public.split()
    home.identity.write_text("no key")
    with pytest.raises(InvalidField, match="not a private key"):
        home.public_key()


def test_only_keys_are_let_in_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / "authorized_keys"
    public = public_key(new_key())
    for _ in range(2):
        assert authorized_keys.add(path, f"{public} ada@home\n").startswith("SHA256:")
    assert path.read_text() == f"{public}\n"
    for wrong in ("", "ssh-ed25519", f'command="x" {public}', new_key()):
        with pytest.raises(InvalidField):
            authorized_keys.add(path, wrong)
    assert atomic_file.read(path) == f"{public}\n"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://hub.example.org/user/ada/lab", "https://hub.example.org/user/ada/"),
        ("http://localhost:8888", "http://localhost:8888/"),
    ],
)
def test_addresses_of_jupyter_servers(text: str, url: str) -> None:
    assert base_url(text) == url


@pytest.mark.parametrize(
    "text", ["hub.example.org", "https://h/?token=x", "https://ada:x@h/", "ssh://h", "https://"]
)
def test_addresses_with_secrets_are_refused(text: str) -> None:
    with pytest.raises(InvalidField):
        base_url(text)


def test_tokens_are_kept_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    url = "https://hub.example.org/user/ada/"
    keep_token(url, "secret")
    path = token_file(url)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_token(path) == "secret"
    path.chmod(0o640)
    with pytest.raises(InvalidField, match="other users may read"):
        read_token(path)


@pytest.mark.parametrize(
    ("url", "open_"),
    [
        ("http://hub.example.org/", True),
        ("http://10.0.0.1:8888/", True),
        ("https://hub.example.org/", False),
        ("http://localhost:8888/", False),
        ("http://[::1]:8888/", False),
    ],
)
def test_a_way_that_others_can_read_is_known(url: str, open_: bool) -> None:
    assert is_open(url) is open_


def test_a_line_of_known_hosts_is_read_as_it_was_written() -> None:
    public = public_key(new_key())
    alias = known_hosts.alias("0f8c-1")
    assert known_hosts.parse_line(known_hosts.line(alias, public)) == (alias, public)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "trainhub-1",
        "trainhub-1 ssh-ed25519 AAAA\n",
        "trainhub-1\n  ProxyCommand id ssh-ed25519 AAAA",
        "trainhub-1 ssh-ed25519 AAAA\n* ssh-ed25519 BBBB",
        "github.com ssh-ed25519 AAAA",
    ],
)
def test_a_servers_answer_adds_no_settings_of_its_own(text: str) -> None:
    with pytest.raises(InvalidField) as refused:
        known_hosts.parse_line(text)
    assert refused.value.field == "server"
