"""The Job that copies an image between registries, in the namespace of its user. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_trainhub.manifests.labels import Object, labels
from jupyter_trainhub.manifests.registry_job import Access, Program, registry_job

_SECONDS = 24 * 3600
_GROUP = 65532


def copy_job(
    name: str,
    owner: str,
    *,
    image: str,
    source: tuple[str, Access],
    target: tuple[str, Access],
    platform: str,
    overwrite: bool,
    pull_secrets: Sequence[str] = (),
) -> tuple[Object, Object]:
    """The Job, suspended, and its Secret. A source has a digest, a target a tag.

    ``platform`` is ``all``, or such as ``linux/amd64``. As which user it runs the image says
    (65532), for no other is needed.
    """
    sides = (source[1], target[1])
    program = Program(
        image,
        [
            *("jupyter_trainhub.registry", "copy", source[0], target[0]),
            *("--platform", platform),
            *(() if overwrite else ("--new",)),
            *(argument for side in sides for argument in side.arguments()),
        ],
        {name: text for side in sides for name, text in side.files().items()},
        _SECONDS,
        pull_secrets,
    )
    return registry_job(
        {"name": name, "labels": labels("copy", name, owner)},
        program,
        container={
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
        },
        pod={
            "securityContext": {
                # The program may read the files of the Secret so.
                "fsGroup": _GROUP,
                "seccompProfile": {"type": "RuntimeDefault"},
            }
        },
    )
