"""Which images the instances, jobs and transfers of the namespace have to do with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.images.naming import saved_repository
from jupyter_trainhub.hub.images.transfers.records import Records
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import JOBS, STATEFUL_SETS
from jupyter_trainhub.manifests.job_status import ENDED, job_view
from jupyter_trainhub.manifests.labels import Object, owner, selector, user_name
from jupyter_trainhub.registry.reference import InvalidReference, Reference, parse


def images_in_use(client: KubeClient) -> Iterator[tuple[str, Reference]]:
    """Who needs which image, such as ``instance dev``: all instances, and jobs that go on.

    Raises Forbidden and ClusterUnavailable.
    """
    for found in client.list(STATEFUL_SETS, label_selector=selector("instance")):
        yield from _of(f"instance {user_name(found)}", found)
    for found in client.list(JOBS, label_selector=selector("job")):
        if job_view(found, [])["phase"] not in ENDED:
            yield from _of(f"job {user_name(found)}", found)


def users_of(client: KubeClient, image: Reference, digest: str) -> list[str]:
    """Who needs ``image``, by its tag or by the ``digest`` that it has."""
    return sorted(
        {
            user
            for user, other in images_in_use(client)
            if other.repository == image.repository
            and (other.digest == digest if other.digest else other.tag == image.tag)
        }
    )


def known_images(client: KubeClient, prefix: str) -> Iterator[str]:
    """Names of images and repositories that the namespace's objects tell of.

    ``prefix`` is where saved images go by default. What may not be read is passed over.
    """
    with contextlib.suppress(TrainHubError):
        for found in client.list(STATEFUL_SETS, label_selector=selector("instance")):
            yield saved_repository(prefix, owner(found), user_name(found))
    with contextlib.suppress(TrainHubError):
        yield from (str(image) for _, image in images_in_use(client))
    with contextlib.suppress(TrainHubError):
        yield from (transfer.image for transfer in Records(client).list() if transfer.image)


def _of(user: str, workload: Object) -> Iterator[tuple[str, Reference]]:
    for container in workload["spec"]["template"]["spec"].get("containers", []):
        try:
            yield user, parse(container.get("image", ""))
        except InvalidReference:
            continue
