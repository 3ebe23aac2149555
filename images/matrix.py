"""Builds, checks and pushes the images of matrix.ini with docker, podman or buildah.

``make -C images`` calls it; see README.md. Standard library only.
"""

from __future__ import annotations

import argparse
import configparser
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CONTEXT = FOLDER.parent
VERSION = json.loads((CONTEXT / "labextension" / "package.json").read_text())["version"]
# podman and buildah write OCI's format by default, which knows no HEALTHCHECK and no SHELL.
BUILD = {
    "docker": ["docker", "build"],
    "podman": ["podman", "build", "--format=docker", "--layers"],
    "buildah": ["buildah", "build", "--format=docker", "--layers"],
}
# Files that a build may need and the image must not hold: see README.md.
SECRETS = ("apt.conf", "pip.conf", "ca.pem")


class Matrix:
    """The images, as one command line asks for them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.images = configparser.ConfigParser()
        self.images.read(FOLDER / "matrix.ini")
        self.names = [name for name in self.images.sections() if name != "bases"]
        self.options = options

    def tag(self, name: str) -> str:
        """The full name of an image."""
        return f"{self.options.registry}/{name}:{self.options.tag}"

    def below(self, name: str) -> str:
        """The full name of what an image is built on."""
        on = self.images[name]["on"]
        if on in self.names:
            return self.tag(on)
        base: str = self.options.base or on
        return self.images["bases"].get(base, base)

    def chain(self, name: str) -> Iterator[str]:
        """The image and those below it, lowest first."""
        if self.images[name]["on"] in self.names:
            yield from self.chain(self.images[name]["on"])
        yield name

    def build(self, name: str) -> list[str]:
        """The command that builds one image, on what is there of those below it."""
        image, below = self.images[name], self.below(name)
        arguments = [f"BASE_IMAGE={below}", *image.get("args", "").split(), *self.options.arg]
        labels = {"version": VERSION, "base.name": below}
        command = [*BUILD[self.options.engine], f"--tag={self.tag(name)}"]
        command += [f"--file={FOLDER / image.get('folder', name) / 'Dockerfile'}"]
        command += [f"--label=org.opencontainers.image.{key}={labels[key]}" for key in labels]
        command += [f"--build-arg={argument}" for argument in arguments]
        for secret in SECRETS:
            if path := getattr(self.options, secret.replace(".", "_")):
                command.append(f"--secret=id={secret},src={Path(path).resolve()}")
        return [*command, *shlex.split(self.options.flags), str(CONTEXT)]

    def check(self, name: str) -> bool:
        """Whether the image is fit for what the matrix says; prints what is not."""
        sys.path.insert(0, str(CONTEXT))
        from jupyter_trainhub.manifests.fitness import COMMAND, fitness

        if self.options.engine == "buildah":
            container = output(["buildah", "from", self.tag(name)]).strip()
            try:
                printed = output(["buildah", "run", container, "--", *COMMAND])
            finally:
                output(["buildah", "rm", container])
        else:
            start = [self.options.engine, "run", "--rm", f"--entrypoint={COMMAND[0]}"]
            printed = output([*start, self.tag(name), *COMMAND[1:]])
        found = fitness(self.tag(name), self.tag(name), printed)
        wanted = self.images[name]["fit"].split()
        for item in found["items"]:
            print(f"  {item['state']:8}{item['title']:24}{item['value'] or item['message'] or ''}")
        unfit = [use for use in wanted if not found["ok"][use]]
        print(f"{self.tag(name)}: {'not ' if unfit else ''}fit for {', '.join(unfit or wanted)}")
        return not unfit


def output(command: list[str]) -> str:
    """What a command prints; it must succeed."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def run(command: list[str]) -> None:
    """Runs a command and shows it."""
    print(f"$ {shlex.join(command)}", flush=True)
    subprocess.run(command, check=True)


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("list", "build", "check", "push"))
    parser.add_argument("names", nargs="*", help="images; all when there is none")
    parser.add_argument("--engine", choices=sorted(BUILD), default="docker")
    parser.add_argument("--registry", default="localhost/trainhub")
    parser.add_argument("--tag", default=VERSION)
    parser.add_argument("--base", default="", help="one of [bases], or any image")
    parser.add_argument("--arg", action="append", default=[], help="NAME=VALUE for the Dockerfile")
    parser.add_argument("--flags", default="", help="more options of the engine's build")
    for secret in SECRETS:
        parser.add_argument(f"--{secret.replace('.', '-')}", default="", metavar="FILE")
    return parser.parse_args()


def main() -> int:
    """The exit code."""
    chosen = options()
    matrix = Matrix(chosen)
    names = chosen.names or matrix.names
    for name in names:
        if name not in matrix.names:
            print(f"error: no image {name!r}; there are {', '.join(matrix.names)}", file=sys.stderr)
            return 2
    try:
        if chosen.verb == "build":
            for link in dict.fromkeys(link for name in names for link in matrix.chain(name)):
                run(matrix.build(link))
        elif chosen.verb == "push":
            for name in names:
                run([chosen.engine, "push", matrix.tag(name)])
        elif chosen.verb == "check":
            fit = [matrix.check(name) for name in names]
            return 0 if all(fit) else 1
        else:
            for name in names:
                print(f"{name:14}{matrix.tag(name):42}on {matrix.below(name)}")
    except subprocess.CalledProcessError as error:
        print(f"error: {error.cmd[0]} failed with exit code {error.returncode}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
