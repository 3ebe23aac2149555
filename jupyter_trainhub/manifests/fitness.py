"""What an image is fit for: dev instances, jobs, SSH, MPI; and what would make it so.

Judges what ``inpod/fitness.sh`` finds in a container.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TypedDict

from jupyter_trainhub.inpod import program
from jupyter_trainhub.manifests.dockerfile import Addition, Builder
from jupyter_trainhub.manifests.fitness_readings import Readings
from jupyter_trainhub.manifests.fitness_rules import Item, Use, judge
from jupyter_trainhub.manifests.labels import Object

# The command that finds out, in a container that runs.
COMMAND = ["/bin/sh", "-c", program("fitness.sh").decode(), "fitness.sh"]

# What has to be right for a job, which needs no JupyterLab.
_FOR_JOBS = ("shell", "python")
# busybox looks at the name by which it is called.
_SHELL = "COPY --from=docker.io/library/busybox:musl /bin/busybox /bin/sh"
_BAD = ("missing", "wrong")

Judged = list[tuple[Item, Addition | None]]


class Fitness(TypedDict):
    """What REST shows: ``target`` is the image or the instance, ``items`` are views of Item.

    ``ok`` is for ``instance``, ``job``, ``mpi`` and ``ssh``; ``dockerfile`` has all remedies and is
    empty when there is nothing to do.
    """

    target: str
    ok: dict[str, bool]
    items: list[Object]
    dockerfile: str


def fitness(target: str, image: str, printed: str | None) -> Fitness:
    """The fitness of ``target``, which has this ``image``.

    ``printed`` is the script's output; None where the image has no shell to run it.
    """
    if printed is None:
        builder, judged = Builder(), _unseen(judge(Readings()))
    else:
        readings = Readings.parse(printed)
        builder, judged = readings.builder(), judge(readings)
    items = [_with_remedy(item, addition, builder) for item, addition in judged]
    return Fitness(
        target=target,
        ok={
            "instance": _fit(items, "instance"),
            "job": all(item.state not in _BAD for item in items if item.name in _FOR_JOBS),
            "mpi": _fit(items, "mpi"),
            "ssh": _fit(items, "ssh"),
        },
        items=[asdict(item) for item in items],
        dockerfile=builder.file(
            image,
            [addition for item, addition in judged if addition and item.state in _BAD],
            copies=[_SHELL] if printed is None else [],
        ),
    )


def _unseen(judged: Judged) -> Judged:
    why = "Without a shell nothing can be found out."
    missing = "The image has no shell (/bin/sh): it can be started, but not be entered."
    return [
        (
            replace(item, state="missing", value=None, message=missing, remedy=_SHELL)
            if item.name == "shell"
            else replace(item, state="unknown", value=None, message=why),
            None,
        )
        for item, _ in judged
    ]


def _with_remedy(item: Item, addition: Addition | None, builder: Builder) -> Item:
    if addition is None or item.state in ("ok", "unknown"):
        return item
    if builder.can(addition):
        return replace(item, remedy=builder.line(addition))
    hint = "Its package manager has no package for it: build the image on another base."
    return replace(item, message=f"{item.message} {hint}" if item.message else hint)


def _fit(items: list[Item], use: Use) -> bool:
    return all(item.state not in _BAD for item in items if use in item.needed_for)
