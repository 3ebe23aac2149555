"""Images: `save`, `load`, `export`, `copy`, `tag`, `changes`, `recipe` and `check`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.cli import output
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.descriptions import text

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.views import View

_SHOWN = 20  # paths that were not saved
_WIDTH = 100  # columns of the line that is drawn over the last


def add_parsers(commands: Any, where: ArgumentParser, form: ArgumentParser) -> None:
    """Add the commands; ``where`` names a cluster, ``form`` says how answers are printed."""
    save = _command(commands, "save", "instance", [where, form], "save an instance as an image")
    save.add_argument("name")
    save.add_argument("--image", metavar="NAME:TAG", help="what to call it; default: a new name")
    save.add_argument("--note", default="", help="what the image is for")
    save.add_argument(
        "--exclude", action="append", metavar="GLOB", default=[],
        help="leave these files out, such as '/home/*/data'; may be repeated",
    )  # fmt: skip
    save.add_argument(
        "--include", action="append", metavar="GLOB", default=[],
        help="save these although the site leaves them out; may be repeated",
    )  # fmt: skip
    save.add_argument(
        "--secrets",
        choices=("ask", "exclude", "include"),
        default="ask",
        help="what to do with keys and tokens; ask (default): save nothing if there are some",
    )
    save.add_argument("--overwrite", action="store_true", help="take the name from another image")
    save.add_argument("--engine", choices=("auto", "pod", "node"), default="auto")
    save.add_argument("--stop", action="store_true", help="stop the instance afterwards")
    save.add_argument(
        "--dry-run", action="store_true", help="tell what would be saved, and save nothing"
    )

    load = _command(commands, "load", "image", [where], "put an archive's image in the registry")
    load.add_argument("path", help="what 'docker save' wrote, or an OCI archive")
    load.add_argument("--image", metavar="NAME:TAG", help="what to call it; default: as it says")
    load.add_argument("--entry", metavar="NAME", help="which one, of an archive with several")
    load.add_argument("--overwrite", action="store_true", help="take the name from another image")

    export = commands.add_parser(
        "export", parents=[where], help="write an image to an archive, a run's record to a folder"
    )
    export.add_argument("kind", choices=("image", "run"))
    export.add_argument("image", metavar="NAME")
    export.add_argument("path", metavar="FILE|FOLDER")
    export.add_argument("--format", choices=("docker", "oci"), default="docker")
    export.add_argument("--overwrite", action="store_true", help="replace the file")

    copy = _command(commands, "copy", "image", [where], "copy an image to another registry")
    copy.add_argument("source")
    copy.add_argument("image", metavar="DESTINATION")
    copy.add_argument(
        "--platforms", choices=("all", "this"), default="all", help="of an image that has several"
    )
    copy.add_argument("--source-secret", metavar="NAME", help="a Secret with the source's password")
    copy.add_argument("--secret", metavar="NAME", help="a Secret with the destination's password")
    copy.add_argument("--where", choices=("auto", "here", "cluster"), default="auto")
    copy.add_argument("--overwrite", action="store_true", help="take the name from another image")

    tag = _command(commands, "tag", "image", [where, form], "give an image another name")
    tag.add_argument("name")
    tag.add_argument("new_name", metavar="NEW")
    tag.add_argument("--overwrite", action="store_true", help="take the name from another image")

    changes = _command(commands, "changes", "image", [where, form], "what it has beyond its base")
    changes.add_argument("name")
    recipe = _command(commands, "recipe", "image", [where], "a Dockerfile that makes its like")
    recipe.add_argument("name")
    recipe.add_argument("--folder", type=Path, help="write its files there; default: print them")
    check = commands.add_parser(
        "check", parents=[where, form], help="whether an image has what instances and jobs need"
    )
    check.add_argument("kind", choices=("image", "instance"))
    check.add_argument("name")


def _command(
    commands: Any, name: str, noun: str, parents: list[ArgumentParser], text: str
) -> ArgumentParser:
    parser: ArgumentParser = commands.add_parser(name, parents=parents, help=text)
    parser.add_argument("kind", choices=(noun,))
    return parser


def save(options: Namespace) -> int:
    """``trainhub save``: 1 when it fails."""
    from jupyter_trainhub.hub.images.descriptions import describe_measurement
    from jupyter_trainhub.specs.snapshot import SnapshotSpec

    names = ("image", "note", "exclude", "include", "secrets", "overwrite", "engine")
    then = "stop" if options.stop else "keep"
    spec = SnapshotSpec.parse({**_fields(options, *names), "then": then})
    hub = _connect(options)
    if options.dry_run:
        found = hub.snapshots.measure(options.name, spec)
        if options.output == "json":
            output.print_json(found)
        else:
            print(text(describe_measurement(found)))
        return 0
    ended = follow(hub, hub.snapshots.save(options.name, spec))
    return _ended(ended, options)


def load(options: Namespace) -> int:
    """``trainhub load``."""
    from jupyter_trainhub.specs.transfer import LoadSpec

    hub = _connect(options)
    spec = LoadSpec.parse(
        {
            "path": str(Path(options.path).expanduser().absolute()),
            **_fields(options, "image", "entry", "overwrite"),
        }
    )
    return _ended(follow(hub, hub.archives.load(spec, _roots())), options)


def export(options: Namespace) -> int:
    """``trainhub export``."""
    from jupyter_trainhub.specs.transfer import ExportSpec

    hub = _connect(options)
    spec = ExportSpec.parse(
        {
            "path": str(Path(options.path).expanduser().absolute()),
            **_fields(options, "image", "format", "overwrite"),
        }
    )
    return _ended(follow(hub, hub.archives.export(spec, _roots())), options)


def copy(options: Namespace) -> int:
    """``trainhub copy``."""
    from jupyter_trainhub.specs.transfer import CopySpec

    hub = _connect(options)
    names = ("source", "image", "platforms", "source_secret", "secret", "where", "overwrite")
    return _ended(follow(hub, hub.relay.copy(CopySpec.parse(_fields(options, *names)))), options)


def tag(options: Namespace) -> int:
    """``trainhub tag``."""
    view = _connect(options).catalogue.tag(
        options.name, options.new_name, overwrite=options.overwrite
    )
    if options.output == "json":
        output.print_json(view)
    else:
        print(f"image {view['name']} tagged")
    return 0


def changes(options: Namespace) -> int:
    """``trainhub changes``."""
    from jupyter_trainhub.hub.images.descriptions import describe_changes

    found = _connect(options).catalogue.changes(options.name)
    if options.output == "json":
        output.print_json(found)
    else:
        print(text(describe_changes(found)))
    return 0


def recipe(options: Namespace) -> int:
    """``trainhub recipe``: its files, printed one after the other or written to a folder."""
    found = _connect(options).catalogue.recipe(options.name)
    notes = found.get("notes", [])
    files = {name: body for name, body in found.items() if name != "notes" and body}
    if options.folder is not None:
        taken = [name for name in files if (options.folder / name).exists()]
        if taken:
            raise InvalidField(
                f"{options.folder / taken[0]} exists",
                field="folder",
                remedy="Name a folder without it.",
            )
        options.folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        if options.folder is not None:
            (options.folder / name).write_text(body)
            print(options.folder / name)
        else:
            print(f"# ---- {name}\n{body}")
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    return 0


def check(options: Namespace) -> int:
    """``trainhub check``: 1 when instances cannot be made of it."""
    from jupyter_trainhub.hub.images.descriptions import describe_fitness

    fitness = _connect(options).fitness.check(**{options.kind: options.name})
    if options.output == "json":
        output.print_json(fitness)
    else:
        print(text(describe_fitness(fitness)))
        if fitness["dockerfile"]:
            print(f"\n{fitness['dockerfile']}")
    return 0 if fitness["ok"]["instance"] else 1


def follow(hub: Hub, transfer: View) -> View:
    """Draw the progress of a transfer until it has ended; an interruption cancels it."""
    from jupyter_trainhub.hub.images.transfers.waiting import wait_transfer

    drawn, told = sys.stderr.isatty(), ""

    def tell(view: View) -> None:
        nonlocal told
        told = _tell(view, told, drawn)

    ended = wait_transfer(hub.transfers, transfer, tell)
    if drawn and told:
        print(file=sys.stderr)
    return ended


def _tell(transfer: View, told: str, drawn: bool) -> str:
    from jupyter_trainhub.hub.images.descriptions import progress_line

    line = progress_line(transfer)
    if line != told:
        end = "" if drawn else "\n"
        start = f"\r{' ' * _WIDTH}\r" if drawn else ""
        print(f"{start}{line[:_WIDTH] if drawn else line}", end=end, file=sys.stderr, flush=True)
    return line


def _ended(transfer: View, options: Namespace) -> int:
    """What came of it: the image's name on standard output, all else on standard error."""
    result = transfer["result"] or {}
    skipped = result.get("skipped", [])
    for entry in skipped[:_SHOWN]:
        print(f"not saved: {entry['path']}: {entry['reason']}", file=sys.stderr)
    if len(skipped) > _SHOWN:
        print(f"not saved: {len(skipped) - _SHOWN} more, see -o json", file=sys.stderr)
    for warning in result.get("warnings", []):
        print(f"warning: {warning}", file=sys.stderr)
    if getattr(options, "output", "table") == "json":
        output.print_json(transfer)
    elif transfer["phase"] == "Succeeded":
        print(result.get("image") or transfer["image"] or options.path)
    if transfer["phase"] == "Succeeded":
        return 0
    why = transfer["message"] or transfer["phase"].lower()
    print(f"error: {why} {transfer['remedy'] or ''}".rstrip(), file=sys.stderr)
    return 130 if transfer["phase"] == "Cancelled" else 1


def _connect(options: Namespace) -> Hub:
    from jupyter_trainhub.cli import commands

    return commands.connect(options)


def _fields(options: Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(options, name) for name in names}


def _roots() -> list[Path]:
    # Who types the command may read and write whatever the account may.
    return [Path("/")]
