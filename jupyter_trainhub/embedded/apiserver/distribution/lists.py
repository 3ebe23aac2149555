"""What there is: repositories, tags, and manifests about other manifests."""

from __future__ import annotations

from ...runtime import host_image
from ...runtime.manifests import MEDIA_TYPES
from .handler import DistributionError, DistributionHandler, require_digest


class CatalogHandler(DistributionHandler):
    """`/v2/_catalog`."""

    def get(self) -> None:
        """The repositories."""
        prefix = f"{self.get_query_argument('ns', host_image.DOMAIN)}/"
        index = self.images.repositories.index()
        names = [name.removeprefix(prefix) for name in index if name.startswith(prefix)]
        self.answer({"repositories": self.page(names)})


class TagsHandler(DistributionHandler):
    """`/v2/NAME/tags/list`."""

    def get(self, name: str) -> None:
        """The tags of a repository."""
        repository = self.repository(name)
        record = self.images.repositories.index().get(repository)
        if record is None:
            raise DistributionError(404, "NAME_UNKNOWN", f"there is no repository {repository}")
        tags = [tag for tag in record.tags if not record.pulled.get(tag)]
        self.answer({"name": name, "tags": self.page(tags)})


class ReferrersHandler(DistributionHandler):
    """`/v2/NAME/referrers/DIGEST`."""

    def get(self, name: str, digest: str) -> None:
        """Descriptors of the manifests that are about another one, as an index."""
        require_digest(digest)
        kind = self.get_query_argument("artifactType", "")
        found = list(self.images.manifests.referrers(self.repository(name), digest))
        if kind:
            found = [entry for entry in found if entry["artifactType"] == kind]
            self.set_header("OCI-Filters-Applied", "artifactType")
        index = {"schemaVersion": 2, "mediaType": MEDIA_TYPES[1], "manifests": found}
        self.answer(index, media_type=MEDIA_TYPES[1])
