"""Where images are: the registry of this site, and how any other is reached."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.hub.clock import moment
from jupyter_trainhub.hub.images.failures import failure, no_registry, translated
from jupyter_trainhub.hub.images.naming import (
    names_registry,
    path_part,
    reference,
    running_image,
    saved_image,
)
from jupyter_trainhub.hub.images.registries.hosting import Hosting, hosting
from jupyter_trainhub.hub.images.registries.lately import Lately
from jupyter_trainhub.hub.images.registries.passwords import secret_credentials, site_credentials
from jupyter_trainhub.hub.images.registries.schemes import Schemes
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.registry.client import Endpoint, Repository
from jupyter_trainhub.registry.credentials import Credential
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.reference import InvalidReference, Reference, parse

# Seconds for which what the cluster says is taken for granted, and what passwords are: who corrects
# one tries again at once.
_FRESH, _PASSWORDS_FRESH = 30.0, 3.0
# Seconds without a byte after which a registry that is only looked at counts as away.
_GLANCE = 5.0
# Where a registry answers that images call otherwise.
_ADDRESSES = {"docker.io": "registry-1.docker.io"}


@dataclass(frozen=True)
class Home:
    """The site's registry: ``prefix`` is how pods name it, ``endpoint`` where it answers for us."""

    prefix: str
    endpoint: Endpoint = field(repr=False)
    source: Literal["config", "cluster"]

    @property
    def domain(self) -> str:
        """The host in the names of its images."""
        return self.prefix.partition("/")[0]

    @property
    def path(self) -> str:
        """The path below which all images of the site are; may be empty."""
        return self.prefix.partition("/")[2]

    def holds(self, name: Reference) -> bool:
        """Whether an image is in the site's registry, below its path."""
        below = f"{self.path}/" if self.path else ""
        return name.domain == self.domain and name.path.startswith(below)


class Registries:
    """Every registry as one user reaches it. Methods may be called by any thread, and block."""

    def __init__(self, client: KubeClient, config: TrainHubConfig, user: str) -> None:
        self._client = client
        self._config = config
        self._user = user
        self._schemes = Schemes(config.insecure_registries)
        self._credentials = Lately(lambda: site_credentials(client, config), _PASSWORDS_FRESH)
        self._hosting = Lately(lambda: hosting(client), _FRESH)

    def home(self) -> Home | None:
        """The site's registry: the configured one, else the one that the cluster hosts.

        None where there is neither. Raises InvalidField for a setting that is none, and
        ClusterUnavailable.
        """
        if self._config.registry:
            prefix = _prefix(self._config.registry)
            domain, _, path = prefix.partition("/")
            return Home(prefix, self._endpoint(domain, path, self._config.registry_url), "config")
        found = self._hosting()
        return Home(_prefix(found.name), self._hosted(found), "cluster") if found else None

    def require_home(self) -> Home:
        """The site's registry. Raises Conflict where there is none."""
        home = self.home()
        if home is None:
            raise no_registry()
        return home

    def repository(
        self,
        name: str,
        *,
        push: bool = False,
        secret: str | None = None,
        field: str = "image",
    ) -> Repository:
        """The repository of an image, or of a name without tag, with what it takes to use it.

        ``push`` leaves out mirrors, which are for reading. ``secret`` names a Secret with the
        password to use; ``field`` is the user's field that names the image. Raises InvalidField.
        """
        image = reference(name, field)
        endpoint = self._endpoint_of(image, push=push)
        if secret is not None:
            which = "secret" if push else "source_secret"
            own = secret_credentials(self._client, secret, which)
            # A mirror does not get the password of the registry here either.
            host = urlsplit(endpoint.url).netloc if endpoint.namespace else image.domain
            endpoint = replace(endpoint, credential=own.find(host, image.path))
        return _repository(image, endpoint)

    def glance(self, name: str, field: str = "image") -> Repository:
        """The repository of an image, to look at: a registry that does not answer is left soon."""
        image = reference(name, field)
        return _repository(image, hurried(self._endpoint_of(image)))

    def source(self, image_id: str) -> tuple[Repository, str]:
        """Where to read the image that a container runs, by its ``imageID``; and its digest.

        The site's registry is asked first: it may hold images of other registries (``?ns=``) to
        which this machine has no route. Raises Conflict and NotFound for an image that no registry
        knows.
        """
        image = running_image(image_id)
        endpoints = [self._endpoint_of(image)]
        home = self.home()
        if home is not None and image.domain != home.domain:
            endpoints.insert(0, replace(home.endpoint, namespace=image.domain))
        refused: RegistryError | None = None
        for endpoint in endpoints:
            try:
                if _repository(image, hurried(endpoint)).resolve(image.digest) is not None:
                    return _repository(image, endpoint), image.digest
            except RegistryError as error:
                refused = error
        if refused is not None and refused.reason != "NotFound":
            raise failure(refused)
        raise NotFound(
            f"no registry has the image {image}",
            reason="ImageNotInRegistry",
            field="image",
            remedy="Push the image to a registry, and start the instance from there.",
        )

    def default_image(self, instance: str) -> str:
        """What a new image of an instance is called. Raises Conflict where there is no registry."""
        return saved_image(self.require_home().prefix, self._user, instance, moment())

    def new_name(self, name: str) -> str:
        """The full name of an image to be made that the user calls ``name``.

        One without a registry is below the site's: ``desk:1`` is the user's own, ``vision/desk:1``
        is not.
        """
        home = self.home()
        if home is None or names_registry(name):
            return name
        return f"{home.prefix}/{name if '/' in name else f'{path_part(self._user)}/{name}'}"

    def _endpoint_of(self, image: Reference, *, push: bool = False) -> Endpoint:
        home = self.home()
        if home is not None and image.domain == home.domain:
            return home.endpoint
        hosted = self._hosting()
        if hosted is not None and image.domain == _prefix(hosted.name).partition("/")[0]:
            return self._hosted(hosted)
        mirror = "" if push else self._config.registry_mirrors.get(image.domain, "")
        if not mirror:
            return self._endpoint(image.domain, image.path)
        # The mirror has a password of its own, and does not get that of the registry.
        endpoint = self._endpoint(urlsplit(mirror).netloc, image.path, mirror)
        return replace(endpoint, namespace=image.domain)

    def _endpoint(self, domain: str, path: str, url: str = "") -> Endpoint:
        """Where ``domain`` answers, with the password that is for it and no other."""
        if url:
            verify = not self._schemes.may_be_insecure(urlsplit(url).netloc)
        else:
            url, verify = self._schemes.url(_ADDRESSES.get(domain, domain))
        return Endpoint(
            url=url,
            ca=self._config.registry_ca or None,
            verify=verify,
            credential=self._credentials().find(domain, path),
        )

    def _hosted(self, found: Hosting) -> Endpoint:
        """Where the cluster's registry answers.

        It may be the API server itself. That gets the kubeconfig's credentials, and no other does.
        """
        url = f"https://{found.host}"
        if _origin(url) != _origin(self._client.server):
            return self._endpoint(found.host, "")
        own = self._client.credentials()
        token = own.headers.get("Authorization", "").removeprefix("Bearer ")
        return Endpoint(
            url=url,
            ca=own.ca_file,
            verify=own.verify,
            # A token is a password in HTTP's basic scheme; the name is for messages alone.
            credential=Credential(self._user.replace(":", "-"), token) if token else None,
            certificate=own.certificate_files,
        )


def _repository(image: Reference, endpoint: Endpoint) -> Repository:
    # An address that is none, or a file without certificates, is told of here.
    with translated():
        return Repository(image.domain, image.path, endpoint)


def hurried(endpoint: Endpoint) -> Endpoint:
    """The same for those who only look: a registry that does not answer is left soon."""
    return replace(endpoint, timeout=_GLANCE, retries=())


def _prefix(text: str) -> str:
    """``text`` as a domain and a path, as images have them. Raises InvalidField."""
    try:
        found = parse(f"{text.rstrip('/')}/image")
    except InvalidReference as error:
        raise InvalidField(
            f"{text!r} is no place for images: {error}",
            field="registry",
            remedy="Write it as HOST[:PORT][/PATH], without https://.",
        ) from None
    return found.repository.removesuffix("/image")


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
