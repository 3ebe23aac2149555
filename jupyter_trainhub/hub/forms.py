"""JSON Schemas of the forms, with what this site offers to one user."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.policy import gpu_models
from jupyter_trainhub.hub.storages import offered, virtual_clusters
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.manifests.frameworks.registry import frameworks
from jupyter_trainhub.specs.catalogue import GpuModel, ImageEntry, Preset
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.resources import PodSpec
from jupyter_trainhub.specs.storage import Storage
from jupyter_trainhub.specs.virtual_cluster import VirtualCluster

Schema = dict[str, Any]


def schemas(
    config: TrainHubConfig, user: str, groups: Collection[str], images: Sequence[View] = ()
) -> Schema:
    """``{instance, job, presets}`` for ``user``, a member of ``groups``; needs no cluster.

    ``images`` are views of those to offer, besides those that the site has set.

    Raises InvalidField when the site's storages do not fit the user.
    """
    storages = offered(config, user, groups)
    choices = _images(config, images)
    return {
        "instance": _schema(InstanceSpec, config, config.instance_defaults, storages, choices),
        "job": _job_schema(
            _schema(JobSpec, config, config.job_defaults, storages, choices),
            virtual_clusters(config, user, groups),
        ),
        "presets": {"instance": [_preset(entry) for entry in Preset.parse_all(config.presets)]},
    }


def _schema(
    spec: type[PodSpec],
    config: TrainHubConfig,
    defaults: dict[str, Any],
    storages: Sequence[Storage],
    images: Sequence[Schema],
) -> Schema:
    image = {"image": config.default_image} if config.default_image else {}
    mounted = {"storages": [storage.name for storage in storages if storage.default]}
    schema = spec.form_schema({**image, **mounted, **defaults})
    fields = schema["properties"]
    if images:
        fields["image"]["examples"] = [choice["const"] for choice in images]
        # What JSON Schema has no word for: the titles of the examples.
        fields["image"]["choices"] = images
    if storages:
        fields["storages"]["items"] = {
            "type": "string",
            "oneOf": [_choice(item.name, item.label, _where(item)) for item in storages],
        }
    else:
        del fields["storages"]
    models = gpu_models(config, instance=issubclass(spec, InstanceSpec))
    if models:
        fields["gpu_model"]["oneOf"] = [_model(model) for model in models]
    else:
        del fields["gpu_model"]
    if not config.allow_host_network:
        del fields["host_network"]
    if not config.allowed_mounts:
        del fields["mounts"]
    return schema


def _job_schema(schema: Schema, clusters: Sequence[VirtualCluster]) -> Schema:
    fields = schema["properties"]
    fields["framework"]["oneOf"] = _frameworks()
    if clusters:
        fields["virtual_cluster"]["oneOf"] = [
            # What JSON Schema has no word for: the SKU, of which the form computes amounts.
            {
                **_choice(cluster.name, cluster.label, cluster.description),
                "sku": cluster.sku.to_dict(),
                "least_skus_multi_node": cluster.least_skus_multi_node,
            }
            for cluster in clusters
        ]
    else:
        del fields["virtual_cluster"], fields["skus"]
    return schema


def _frameworks() -> list[Schema]:
    """The frameworks that there are, each once: which object runs it is the cluster's affair."""
    plain_first = sorted(frameworks(), key=lambda framework: framework.backend != "plain")
    titles: dict[str, Schema] = {}
    for framework in plain_first:
        choice = _choice(framework.name, framework.title, "")
        titles.setdefault(framework.name, {**choice, "multi_node": framework.multi_node})
    return list(titles.values())


def _images(config: TrainHubConfig, images: Sequence[View]) -> list[Schema]:
    entries = ImageEntry.parse_all(config.images)
    official = {entry.name for entry in entries}
    return [
        *(_choice(entry.name, entry.label, entry.description) for entry in entries),
        *(
            _choice(view["name"], view["title"], view["note"] or view["description"])
            for view in images
            if view["name"] not in official
        ),
    ]


def _choice(value: str, title: str, description: str) -> Schema:
    return {"const": value, "title": title, **({"description": description} if description else {})}


def _model(model: GpuModel) -> Schema:
    return _choice(model.name, model.label, model.description)


def _where(storage: Storage) -> str:
    facts = [storage.path, *(["read only"] if storage.read_only else [])]
    return ", ".join(facts) + (f": {storage.description}" if storage.description else "")


def _preset(preset: Preset) -> Schema:
    return {
        "name": preset.name,
        "title": preset.label,
        "description": preset.description,
        "values": preset.values,
    }
