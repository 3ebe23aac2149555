"""Images from one registry to another: copied by this process, or by a Job in the cluster."""

from __future__ import annotations

import contextlib

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField, RegistryFailed
from jupyter_trainhub.hub.images.catalogue.reading import require
from jupyter_trainhub.hub.images.copies.arrival import arrived, outcome, require_free
from jupyter_trainhub.hub.images.copies.registry_jobs import RegistryJobs, access
from jupyter_trainhub.hub.images.failures import translated
from jupyter_trainhub.hub.images.naming import new_image, reference
from jupyter_trainhub.hub.images.registries.manager import Registries
from jupyter_trainhub.hub.images.transfers.manager import Transfers
from jupyter_trainhub.hub.images.transfers.tally import Tally
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.manifests.copy_job import copy_job
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.copying import copy
from jupyter_trainhub.registry.manifest import this_platform
from jupyter_trainhub.specs.transfer import CopySpec


class Relay:
    """Copies images as transfers. Methods may be called by any thread, and block."""

    def __init__(
        self,
        client: KubeClient,
        config: TrainHubConfig,
        registries: Registries,
        transfers: Transfers,
    ) -> None:
        self._config = config
        self._registries = registries
        self._transfers = transfers
        self._jobs = RegistryJobs(client)

    def copy(self, spec: CopySpec) -> View:
        """Begin to copy an image; the transfer.

        Raises InvalidField, NotFound, Forbidden, and AlreadyExists for a name that is taken.
        """
        spec = spec.model_copy(update={"image": self._registries.new_name(spec.image)})
        if spec.where == "cluster":
            self._require_image()
            self._named(spec)
        else:
            with contextlib.suppress(_Elsewhere):
                self._ends(spec)
        return self._transfers.start(
            "copy",
            self.run,
            title=f"Copy {spec.source} to {spec.image}",
            image=spec.image,
            source=spec.source,
            spec=spec.to_dict(),
        )

    def run(self, task: Task) -> View:
        """Copy the image that ``task`` is about; the transfer's result."""
        spec = CopySpec.parse(task.spec)
        image = reference(spec.image)
        task.step("upload")
        if spec.where == "cluster":
            return self._in_the_cluster(task, spec)
        try:
            source, digest, target = self._ends(spec)
        except _Elsewhere:
            return self._in_the_cluster(task, spec)
        with translated():
            copied = copy(
                source,
                digest,
                target,
                image.tag,
                platforms="all" if spec.platforms == "all" else this_platform(),
                progress=_tally(task),
                cancelled=task.cancelled,
            )
            return arrived(task, target, image, copied)

    def _in_the_cluster(self, task: Task, spec: CopySpec) -> View:
        """Have a Job copy it, in the user's namespace; the result, as the Job tells it."""
        source, target = self._named(spec)
        name = task.transfer.id
        job, secret = copy_job(
            name,
            task.transfer.owner,
            image=self._config.snapshotter_image,
            source=(str(reference(spec.source)), access("from", source)),
            target=(str(reference(spec.image)), access("to", target)),
            platform="all" if spec.platforms == "all" else "/".join(this_platform()),
            overwrite=spec.overwrite,
            pull_secrets=self._config.pull_secrets,
        )
        tally = _tally(task)

        def hear(line: Object) -> None:
            if "what" in line:
                tally(line["what"], line["done"], line["size"])

        with translated():
            try:
                self._jobs.start(job, secret)
                told = self._jobs.follow(name, hear, task.check)
            finally:
                self._jobs.delete(name)
        task.progress(bytes=told["size"], total_bytes=told["size"], sent=told["size"])
        return outcome(spec.image, told["digest"], told["size"])

    def _require_image(self) -> None:
        if not self._config.snapshotter_image:
            raise InvalidField(
                "this site does not copy images in the cluster",
                field="where",
                remedy="Choose here, or set TrainHubConfig.snapshotter_image.",
            )

    def _named(self, spec: CopySpec) -> tuple[Repository, Repository]:
        """The two repositories; nothing is asked of them."""
        new_image(spec.image)
        return (
            self._registries.repository(spec.source, secret=spec.source_secret, field="source"),
            self._registries.repository(spec.image, push=True, secret=spec.secret),
        )

    def _ends(self, spec: CopySpec) -> tuple[Repository, str, Repository]:
        """Where the image is, by its digest, and where it is to go.

        Raises _Elsewhere where a registry does not answer here, and a Job may try.
        """
        wanted, image = reference(spec.source, "source"), new_image(spec.image)
        source, target = self._named(spec)
        try:
            with translated("source"):
                digest = require(source, wanted.digest or wanted.tag)
            with translated():
                if not spec.overwrite:
                    require_free(target, image, digest)
                elif spec.where == "auto":
                    target.check_push()
        except RegistryFailed as error:
            is_away = error.reason == "RegistryUnavailable" and spec.where == "auto"
            if is_away and self._config.snapshotter_image:
                raise _Elsewhere from None
            raise
        return source, digest, target


def _tally(task: Task) -> Tally:
    """Tells ``task`` what has been copied: it is read and sent at once."""
    return Tally(lambda done, size: task.progress(bytes=done, total_bytes=size, sent=done))


class _Elsewhere(Exception):
    """A registry does not answer here."""
