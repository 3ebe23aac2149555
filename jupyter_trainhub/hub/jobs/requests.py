"""From a spec, or from an attempt that failed, to everything that an attempt is made of."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import ClusterRefused, InvalidField
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.images.default import default_image
from jupyter_trainhub.hub.jobs.attempts import Attempts
from jupyter_trainhub.hub.jobs.frameworks import choose
from jupyter_trainhub.hub.jobs.program import whole_code
from jupyter_trainhub.kube.resources import CONFIG_MAPS
from jupyter_trainhub.manifests import claims
from jupyter_trainhub.manifests.frameworks import code
from jupyter_trainhub.manifests.frameworks.applied import run_name
from jupyter_trainhub.manifests.frameworks.code import Code, code_name
from jupyter_trainhub.manifests.frameworks.framework import Framework, JobRequest
from jupyter_trainhub.manifests.frameworks.port import choose_port, taken_ports
from jupyter_trainhub.manifests.frameworks.template import pod_template
from jupyter_trainhub.manifests.labels import (
    ADMISSION,
    PINNED,
    RUN,
    Object,
    json_annotation,
    owner,
    spec_of,
)
from jupyter_trainhub.manifests.labels import attempt as attempt_of
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.manifests.submission import EMPTY, Submission
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.names import JOB_PREFIX, attempt_name, to_kubernetes

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.policy import Policy

Existing = Mapping[str, Attempts]


class Requests:
    """Makes requests for attempts; reads the cluster and changes nothing."""

    def __init__(self, hub: Hub, policy: Policy) -> None:
        self._hub = hub
        self._policy = policy

    def first(
        self, spec: JobSpec, program: Code, submission: Submission | None, existing: Existing
    ) -> tuple[Framework, JobRequest]:
        """The first attempt at ``spec``, with a run of its own, and the framework for it.

        Raises InvalidField for what can never run here.
        """
        hub = self._hub
        spec, site = self._policy.admit_job(spec)
        framework = choose(spec, site, hub.discovery, hub.config)
        image = spec.image or default_image(hub.config.default_image, hub.nodes.visible())
        run = f"{spec.name}-{secrets.token_hex(4)}"
        name = to_kubernetes(JOB_PREFIX, spec.name)
        told = replace(submission or EMPTY, user=hub.user)
        request = JobRequest(
            spec=spec,
            name=name,
            attempt=1,
            run=run,
            owner=hub.user,
            image=image,
            files=program.files,
            argv=program.argv,
            port=choose_port(name, _ports(existing)),
            site=site,
            submission=replace(
                told,
                submitted_by=told.submitted_by or hub.user,
                at=told.at or now(),
                notebook=told.notebook or spec.notebook,
            ),
            annotations={ADMISSION: json.dumps({"image": image, "site": site.to_dict()})},
            claims=claims.claim_names(spec, run),
        )
        if hub.config.check_fit:
            template = pod_template(request, launched_as=framework.name)
            self._check_room(template["spec"], spec)
        return framework, request

    def _check_room(self, pod_spec: Object, spec: JobSpec) -> None:
        """Raise InvalidField where the cluster could never run ``spec``'s pods."""
        try:
            self._hub.nodes.check(pod_spec, spec.nodes)
        except InvalidField as error:
            if spec.virtual_cluster is None or error.field != "gpu_model":
                raise
            # It is the virtual cluster that chooses the nodes.
            raise InvalidField(
                error.message,
                field="virtual_cluster",
                remedy="Choose another virtual cluster, or ask the admin to label the nodes.",
            ) from error

    def next(self, attempts: Attempts, existing: Existing) -> JobRequest:
        """The attempt after the newest one: the same in everything but its name.

        Whoever asks for it need not be the job's user, nor have the same settings: what the site
        made of the spec is on the object. Raises NotFound without the code, and ClusterRefused
        where somebody has written over what the object tells.
        """
        try:
            return self._next(attempts, existing)
        except (KeyError, TypeError, ValueError) as error:
            name = attempts.newest["metadata"]["name"]
            raise ClusterRefused(
                f"{name} was changed by hand; it cannot be submitted again: {error}",
                remedy="Submit the job anew.",
            ) from None

    def _next(self, attempts: Attempts, existing: Existing) -> JobRequest:
        newest = attempts.newest
        metadata = newest["metadata"]
        spec = JobSpec.parse(spec_of(newest))
        admission = json_annotation(newest, ADMISSION)
        client = self._hub.client
        program = whole_code(client, client.get(CONFIG_MAPS, code_name(metadata["name"])))
        record = self._hub.client.get(CONFIG_MAPS, run_name(metadata["name"]))
        run = metadata["annotations"][RUN]
        attempt = attempt_of(newest) + 1
        name = attempt_name(to_kubernetes(JOB_PREFIX, spec.name), attempt)
        kept = (ADMISSION, PINNED)
        return JobRequest(
            spec=spec,
            name=name,
            attempt=attempt,
            run=run,
            owner=owner(newest),
            image=admission["image"],
            files=program.files,
            argv=program.argv,
            port=choose_port(name, _ports(existing)),
            site=Site.from_dict(admission["site"]),
            submission=Submission.from_files(code.contents(record)),
            annotations={key: text for key, text in metadata["annotations"].items() if key in kept},
            claims=claims.claim_names(spec, run),
        )


def _ports(existing: Existing) -> set[int]:
    return taken_ports([owner for attempts in existing.values() for owner in attempts.owners])
