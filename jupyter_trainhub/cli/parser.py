"""The command's arguments."""

from __future__ import annotations

import argparse

from jupyter_trainhub.cli import (
    idle,
    image,
    job,
    run,
    snapshotter,
    ssh,
    tensorboard,
    top,
    volume,
)
from jupyter_trainhub.cli import instance as instances
from jupyter_trainhub.cli.confirmation import add_yes

KINDS = ("instances", "jobs", "runs", "images", "volumes", "transfers", "tensorboards", "nodes")

# What kubectl's users type as well.
_SINGULAR = {kind.removesuffix("s"): kind for kind in KINDS}


def kind(text: str) -> str:
    """``job`` and ``jobs`` alike as ``jobs``. Raises ArgumentTypeError."""
    plural = _SINGULAR.get(text, text)
    if plural not in KINDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(KINDS)}")
    return plural


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands; ``command`` and for some ``action`` or ``kind`` say which."""
    parser = argparse.ArgumentParser(
        prog="trainhub",
        description="Dev instances, distributed jobs and TensorBoard on Kubernetes.",
    )
    parser.add_argument("--version", action="store_true", help="show the version and end")
    where = _where()
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    get = commands.add_parser("get", parents=[where, _output()], help="list or show objects")
    get.add_argument("kind", type=kind, metavar="|".join(KINDS))
    get.add_argument("name", nargs="?", help="one object; default: all")
    get.add_argument("--search", metavar="TEXT", help="those with these words")

    create = commands.add_parser("create", help="create a job, an instance or a TensorBoard")
    made = create.add_subparsers(dest="kind", metavar="job|instance|tensorboard", required=True)
    submitted = made.add_parser(
        "job",
        parents=[where, _output(), _pod()],
        help="submit a notebook, a Python script or a command",
        usage="trainhub create job [OPTIONS] (FILE [-- ARGUMENT ...] | -- PROGRAM [ARGUMENT ...])",
    )
    job.add_options(submitted)
    instance = made.add_parser(
        "instance", parents=[where, _output(), _pod()], help="create a dev instance"
    )
    instance.add_argument("--name", required=True, help="letters, digits and '_'")
    instance.add_argument(
        "--start",
        choices=("auto", "image"),
        help="auto (default): JupyterLab where the image has it; image: the image's own program",
    )
    instance.add_argument("--wait", action="store_true", help="return once it can be used")
    instance.add_argument(
        "--dry-run", action="store_true", help="tell what would become of it, and make nothing"
    )
    tensorboard.add_create_parser(made, where, _output())
    tensorboard.add_open_parser(commands, where)

    logs = commands.add_parser(
        "logs", parents=[where], help="print the log of a job or a TensorBoard"
    )
    logs.add_argument("name", metavar="JOB|tensorboard/NAME")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until the job has ended")
    logs.add_argument("--rank", type=int, metavar="N", help="one rank; default: all")
    logs.add_argument("--tail", type=int, metavar="N", help="the last lines of each rank only")
    logs.add_argument("--attempt", type=int, metavar="N", help="default: the newest")
    logs.add_argument("--previous", action="store_true", help="the container before this one")
    logs.add_argument("--timestamps", action="store_true", help="with the time of each line, UTC")

    for command, kinds, text in (
        ("stop", ("job", "instance", "tensorboard"), "end the pods and keep the record"),
        ("start", ("instance", "tensorboard"), "start what was stopped"),
        ("delete", ("job", "instance", "run", "volume", "image", "tensorboard"), "remove for good"),
    ):
        act = commands.add_parser(command, parents=[where], help=text)
        act.add_argument("kind", choices=kinds)
        if command == "start":
            act.add_argument("name")
            continue
        act.add_argument("names", nargs="+", metavar="NAME")
        add_yes(act)
        if command == "delete":
            act.add_argument(
                "--volumes", action="store_true", help="a job's checkpoints and models too"
            )

    instances.add_parsers(commands, where, _pod())
    execute = commands.add_parser(
        "exec",
        parents=[where],
        help="a shell in an instance or a pod of a job, or a program there",
        usage="trainhub exec [OPTIONS] INSTANCE|job/NAME[/RANK] [-- PROGRAM [ARGUMENT ...]]",
    )
    execute.add_argument("name", metavar="INSTANCE|job/NAME[/RANK]")
    execute.add_argument("--rank", type=int, metavar="N", help="of a job; default: 0")
    execute.add_argument("-t", "--tty", action="store_true", help="give the program a terminal")

    ssh.add_parsers(commands, where)
    idle.add_parsers(commands, where, _output())
    job.add_parsers(commands, where, _output())
    image.add_parsers(commands, where, _output())
    volume.add_parsers(commands, where, _output())
    run.add_parsers(commands, where, _output())
    snapshotter.add_parsers(commands, where)
    top.add_parsers(commands, where, _output())

    cluster = commands.add_parser("cluster", help="the embedded cluster of this machine")
    cluster.add_argument(
        "action",
        choices=("start", "stop", "status", "kubeconfig", "images", "load", "unload"),
        help="kubeconfig prints the path for kubectl: KUBECONFIG=$(trainhub cluster kubeconfig)",
    )
    cluster.add_argument(
        "image",
        nargs="?",
        help="load: what 'docker save' wrote, or an OCI archive or folder; unload: a name",
    )
    cluster.add_argument("--name", metavar="NAME:TAG", help="with load: what to call the image")
    cluster.add_argument("-o", "--output", choices=("table", "json"), default="table")
    user = cluster.add_argument_group("with kubeconfig")
    user.add_argument("--user", metavar="NAME", help="that user's, who is made; default: the admin")
    user.add_argument(
        "--group", action="append", metavar="NAME", help="a group of the user; may be repeated"
    )
    return parser


def _where() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("-n", "--namespace", help="the namespace; default: that of the context")
    parent.add_argument("--context", help="the context of the kubeconfig; default: its current one")
    parent.add_argument("--kubeconfig", metavar="FILE", help="the kubeconfig of the cluster")
    return parent


def _output() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "-o", "--output", choices=("table", "json"), default="table", help="how it is printed"
    )
    return parent


def _pod() -> argparse.ArgumentParser:
    parent = argparse.ArgumentParser(add_help=False)
    pod = parent.add_argument_group("each pod")
    pod.add_argument("--image", help="container image; default: the site's")
    pod.add_argument("--cpus", help="cores, such as 2 or 500m")
    pod.add_argument("--memory", help="such as 512Mi or 2Gi")
    pod.add_argument("--gpus", help="number of GPUs")
    pod.add_argument("--gpu-model", metavar="NAME", help="a model of GPU that the site names")
    pod.add_argument("--shared-memory", help="size of /dev/shm, such as 1Gi")
    pod.add_argument("--working-dir", help="folder in which the program starts")
    pod.add_argument(
        "--env", action="append", metavar="NAME=VALUE", help="a variable; may be repeated"
    )
    pod.add_argument(
        "--mount",
        action="append",
        metavar="path=PATH,SOURCE",
        help="a folder, its source host_path=PATH, claim=NAME[,sub_path=PATH] or "
        "nfs=SERVER:PATH, with ,read_only=true if so; may be repeated",
    )
    storages = pod.add_mutually_exclusive_group()
    storages.add_argument(
        "--storage",
        action="append",
        dest="storages",
        metavar="NAME",
        help="a folder that the site offers; may be repeated; default: those of the site",
    )
    storages.add_argument(
        "--no-storages",
        action="store_const",
        const=[],
        dest="storages",
        help="none of the folders that the site mounts by default",
    )
    for option, text in (
        ("--host-network", "use the network of the node, where the site allows it"),
        ("--always-pull", "look the image up in its registry at every start"),
    ):
        pod.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
    return parent
