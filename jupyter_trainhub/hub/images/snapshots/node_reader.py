"""Saving an instance by a Job on its node: what the cluster's snapshotter does with a transfer."""

from __future__ import annotations

import contextlib
import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import ClusterUnavailable, Conflict, Forbidden
from jupyter_trainhub.hub.images.catalogue.reading import read
from jupyter_trainhub.hub.images.copies.registry_jobs import JobEnded, RegistryJobs, access
from jupyter_trainhub.hub.images.failures import taken
from jupyter_trainhub.hub.images.snapshots.ending import stopped
from jupyter_trainhub.hub.images.snapshots.measurement import progress_told, reading_told
from jupyter_trainhub.hub.images.snapshots.publication import Publication, saved_image
from jupyter_trainhub.hub.images.transfers.handover import HandBack
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.manifests.labels import DOMAIN, Object
from jupyter_trainhub.manifests.reader_job import (
    FACTS,
    Reading,
    container_of,
    job_name,
    reader_job,
)
from jupyter_trainhub.specs.names import SNAPSHOT_PREFIX, to_kubernetes
from jupyter_trainhub.specs.snapshot import SnapshotSpec

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.registry.client import Repository


class NodeReader:
    """Saves instances of one user's namespace, which ``hub`` is on; Jobs are made elsewhere.

    The record of a transfer is its user's writing, and nothing in it is believed: the image that
    the instance runs, and where it runs, is what the cluster says.
    """

    def __init__(self, hub: Hub, jobs: RegistryJobs) -> None:
        self._hub = hub
        self._config = hub.config
        self._jobs = jobs

    def run(self, task: Task) -> Object:
        """Save the instance that ``task`` is about; the transfer's result. Blocks.

        A Job that is there from before, of the same attempt, is gone on with. Raises HandBack,
        TrainHubError, RegistryError and Cancelled; the Job is deleted in any case.
        """
        transfer, spec = task.transfer, SnapshotSpec.parse(task.spec)
        instance = str(transfer.instance)
        if transfer.id != to_kubernetes(SNAPSHOT_PREFIX, instance):
            raise Forbidden(
                "the record does not belong to its instance", remedy="Save the instance anew."
            )
        target, tag = self._hub.snapshots.target(str(spec.image))
        self._require_allowed(target.name)
        name = job_name(self._hub.namespace, transfer.id)
        task.step("read")
        try:
            facts = self._present(name, transfer.started) or self._begin(name, task, spec)
            told = self._followed(name, task, facts)
            base = self._hub.snapshots.base(facts)
            publication = Publication(target, tag, base, task)
            publication.add_base()
            saved = saved_image(publication, self._hub.namespace, task, base, told["layer"])
        finally:
            self._jobs.delete(name)
        result = {**saved, **reading_told(told, task.state.get("warnings") or [])}
        return self._hub.snapshots.after(task, result)

    def _require_allowed(self, repository: str) -> None:
        patterns = self._config.snapshotter_destinations
        if not patterns:
            patterns = [f"{self._hub.registries.require_home().prefix}/*"]
        own = [pattern.replace("{namespace}", self._hub.namespace) for pattern in patterns]
        if not any(fnmatchcase(repository, pattern) for pattern in own):
            raise Forbidden(
                f"the cluster's snapshotter does not save to {repository}",
                field="image",
                remedy=f"Choose a name such as {own[0]}.",
            )

    def _require_own(self, target: Repository, digest: str, spec: SnapshotSpec) -> None:
        """Overwrite what this namespace has saved; others' images, and the site's, are not its."""
        if not spec.overwrite:
            raise taken(str(spec.image))
        if read(target, digest).labels.get(f"{DOMAIN}/namespace") != self._hub.namespace:
            raise Forbidden(
                f"the cluster's snapshotter does not overwrite {spec.image}, which was saved "
                "elsewhere",
                field="image",
                remedy="Choose another name.",
            )

    def _present(self, name: str, attempt: str) -> Object | None:
        """The facts in the Job of this attempt, where an earlier process has made it."""
        job = self._jobs.find(name)
        if job is None or job["metadata"].get("deletionTimestamp") or job["spec"].get("suspend"):
            return None
        facts: Object = json.loads(job["metadata"]["annotations"][FACTS])
        return facts if facts["attempt"] == attempt else None

    def _begin(self, name: str, task: Task, spec: SnapshotSpec) -> Object:
        """Have the instance's changes read, and sent to the registry; what it runs."""
        hub, transfer, snapshots = self._hub, task.transfer, self._hub.snapshots
        instance = str(transfer.instance)
        pod = hub.instances.running(instance)
        container = container_of(pod)
        facts = {
            **snapshots.base_facts(pod),
            "container": container,
            "attempt": transfer.started,
        }
        base = snapshots.base(facts)
        target, tag = snapshots.target(str(spec.image))
        target.check_push()
        present = target.resolve(tag)
        if present is not None:
            self._require_own(target, present.digest, spec)
        choice = snapshots.choice(spec)
        reading = Reading(
            name,
            f"{hub.namespace}/{transfer.id}",
            transfer.owner,
            self._config.snapshotter_image,
            pod["spec"]["nodeName"],
            container,
            target.name,
            access("to", target),
            len(base.manifest["layers"]),
            base.keep,
            json.loads(choice.line(pod)),
            facts,
            self._config.snapshot_compression,
            self._config.snapshot_max_bytes,
            self._config.pull_secrets,
        )
        self._jobs.start(*reader_job(reading))
        return facts

    def _followed(self, name: str, task: Task, facts: Object) -> Object:
        """What the program told at its end."""
        instance = str(task.transfer.instance)

        def hear(line: Object) -> None:
            if isinstance(measured := line.get("measured"), dict):
                task.keep(warnings=measured.get("warnings"))
                task.progress(total_files=measured["files"], total_bytes=measured["bytes"])
            elif "sent" in line:
                task.progress(sent=line["sent"])
            else:
                task.progress(**progress_told(line))

        try:
            told: Object = self._jobs.follow(name, hear, task.check)["done"]
        except JobEnded as error:
            with contextlib.suppress(ClusterUnavailable):
                if self._has_ended(instance, facts):
                    raise stopped(instance) from None
            # A node that shows the pod no processes is as one without overlays.
            cannot = error.reason in ("Unsupported", "InstanceEnded")
            if cannot and task.spec.get("engine") == "auto":
                raise HandBack(error.message) from None
            raise
        if self._has_ended(instance, facts):
            raise stopped(instance)
        task.progress(
            files=told["files"], bytes=told["bytes"], path=None, sent=told["layer"]["size"]
        )
        return told

    def _has_ended(self, instance: str, facts: Object) -> bool:
        """Whether its container is another one by now: then not all of it may have been read."""
        try:
            present = container_of(self._hub.instances.running(instance))
        except Conflict:
            return True
        return present != str(facts["container"])
