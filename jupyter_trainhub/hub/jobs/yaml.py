"""The objects of a job as YAML: as they were applied, or as they are now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from jupyter_trainhub.errors import Forbidden, InvalidField, NotFound
from jupyter_trainhub.hub.jobs.attempts import Attempts
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import (
    CONFIG_MAPS,
    PERSISTENT_VOLUME_CLAIMS,
    PODS,
    SECRETS,
    SERVICES,
)
from jupyter_trainhub.manifests.frameworks.applied import APPLIED_FILE, run_name
from jupyter_trainhub.manifests.job_status import job_view
from jupyter_trainhub.manifests.labels import Object, selector, user_name
from jupyter_trainhub.manifests.redaction import redacted

# Objects within objects, at most; those of Kubernetes have some twenty.
_DEEPEST = 100

# What belongs to a job beside its owners, in the order in which it is shown.
_PARTS = (
    (SERVICES, "Service"),
    (CONFIG_MAPS, "ConfigMap"),
    (SECRETS, "Secret"),
    (PODS, "Pod"),
)


def job_yaml(client: KubeClient, attempts: Attempts, kind: str) -> str:
    """The objects, ``kind`` ``applied`` (of the newest attempt) or ``live``.

    Contents of files and values that look like secrets are left out. Raises InvalidField, and
    NotFound where nothing tells any more what was applied.
    """
    if kind == "live":
        return _live(client, attempts)
    if kind != "applied":
        raise InvalidField(
            f"{kind!r} cannot be shown", field="as", remedy="Ask for 'applied' or 'live'."
        )
    try:
        kept = client.get(CONFIG_MAPS, run_name(attempts.newest["metadata"]["name"]))
        text: str = kept["data"][APPLIED_FILE]
    except (NotFound, KeyError):
        raise NotFound(
            "what was applied is not kept in the cluster any more",
            field="as",
            remedy="Look at the objects as they are, or at the run's record.",
        ) from None
    return without_secrets(text)


def _live(client: KubeClient, attempts: Attempts) -> str:
    name = user_name(attempts.newest)
    remarks: list[str] = []

    def parts() -> Iterator[Object]:
        yield from attempts.owners
        for resource, kind in _PARTS:
            try:
                for item in client.list(resource, label_selector=selector("job", name)):
                    yield {"apiVersion": resource.version, "kind": kind, **item}
            except Forbidden:
                remarks.append(f"# You may not list {resource.plural}.\n")
        # Claims may be those of an earlier job.
        for volume in job_view(attempts.newest, [])["volumes"]:
            with contextlib.suppress(NotFound, Forbidden):
                yield {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    **client.get(PERSISTENT_VOLUME_CLAIMS, volume["claim"]),
                }

    return _dump(parts()) + "".join(remarks)


def without_secrets(applied: str) -> str:
    """What was applied, without what looks like a secret. Raises NotFound where it is not that."""
    import yaml

    try:
        _check(applied)
        found = list(yaml.load_all(applied, _faster("SafeLoader")))
        return _dump(item for item in found if isinstance(item, dict))
    except (yaml.YAMLError, ValueError):
        raise NotFound(
            "what was applied cannot be read: somebody has written over it",
            field="as",
            remedy="Look at the objects as they are, or at the run's record.",
        ) from None


def _check(applied: str) -> None:
    """Raise ValueError for YAML that is not as TrainHub writes it.

    Anybody may write a ConfigMap, and a few lines of YAML can stand for gigabytes, or take libyaml
    minutes: aliases, and lists within lists in brackets.
    """
    import yaml

    inside: list[bool] = []
    for event in yaml.parse(applied, _faster("SafeLoader")):
        if isinstance(event, yaml.CollectionStartEvent):
            inside.append(bool(event.flow_style))
        elif isinstance(event, yaml.CollectionEndEvent):
            inside.pop()
        if isinstance(event, yaml.AliasEvent) or len(inside) > _DEEPEST or sum(inside[-2:]) > 1:
            raise ValueError("it is not what TrainHub has written")


def _dump(items: Iterable[Object]) -> str:
    import yaml

    class Dumper(_faster("SafeDumper")):  # type: ignore[misc]
        """Long texts as they read, instead of in quotes, and nothing by reference."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def represent(dumper: Any, text: str) -> Any:
        style = "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent)
    text: str = yaml.dump_all(
        (redacted(item) for item in items),
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1 << 30,
    )
    return text


def _faster(name: str) -> Any:
    """PyYAML's class of that name, in C where it was built with it."""
    import yaml

    return getattr(yaml, f"C{name}", None) or getattr(yaml, name)
