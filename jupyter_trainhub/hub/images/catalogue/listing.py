"""Listing the images of a site, as far as its registries answer in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from itertools import islice
from typing import TypeVar

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.images.catalogue.asking import Asking, there
from jupyter_trainhub.hub.images.catalogue.facts import image_view
from jupyter_trainhub.hub.images.catalogue.reading import Reader
from jupyter_trainhub.hub.images.default import HOST
from jupyter_trainhub.hub.images.failures import translated
from jupyter_trainhub.hub.images.registries.manager import Home, Registries, hurried
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.registry.client import catalogue
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.reference import InvalidReference, Reference, parse
from jupyter_trainhub.specs.catalogue import ImageEntry

T = TypeVar("T")

# Seconds for which the site's registry, and those of official images, are waited for.
_PATIENCE = 10.0
_OFFICIAL_PATIENCE = 3.0
# Seconds for which what is known of an official image, or that it cannot be read, holds.
_OFFICIAL_FRESH = 60.0
# Seconds for which forms take a list, and for which they wait for a new one.
_FORM_FRESH = 10.0
_FORM_PATIENCE = 1.0
# Images of the site's registry that are listed.
_MOST = 2000

# How registries refuse to tell which repositories they have.
_UNTOLD = ("Unauthorized", "Forbidden", "NotFound", "Refused")


class Listing:
    """Lists images. Methods may be called by any thread, and block for some seconds at most.

    ``known`` gives names of images below a prefix that TrainHub knows by other ways, for registries
    that do not tell which repositories they have.
    """

    def __init__(
        self,
        config: TrainHubConfig,
        registries: Registries,
        reader: Reader,
        asking: Asking,
        known: Callable[[str], Iterable[str]],
    ) -> None:
        self._entries = ImageEntry.parse_all(config.images)
        self._registries = registries
        self._reader = reader
        self._asking = asking
        self._known = known
        self._latest: list[View] = []
        self._awaited: Future[View] | None = None

    def read(self) -> View:
        """``{items, registry}``: official images in their order, then others, the newest first."""
        official = [
            self._asking.once(entry.name, partial(self._official, entry), _OFFICIAL_FRESH)
            for entry in self._entries
        ]
        registry, others = self._registry()
        answers = there(official, time.monotonic() + _OFFICIAL_PATIENCE)
        items = [
            answer.result() if answer else _unread(entry, "its registry does not answer in time")
            for entry, answer in zip(self._entries, answers, strict=True)
        ]
        names = {view["name"] for view in items}
        others.sort(key=lambda view: (view["created"] or "", view["name"]), reverse=True)
        items += [view for view in others if view["name"] not in names]
        self._latest = items
        return {"items": items, "registry": registry}

    def latest(self) -> list[View]:
        """The images as forms offer them: a list of late, without waiting long for a new one."""
        asked = self._asking.once("forms", self.read, _FORM_FRESH)
        if asked is not self._awaited:
            self._awaited = asked  # nobody waits for it once more
            there([asked], time.monotonic() + _FORM_PATIENCE)
        return self._latest

    def official(self, image: Reference) -> ImageEntry | None:
        """The site's entry for an image, if it is an official one."""
        return next((entry for entry in self._entries if _parsed(entry.name) == image), None)

    def _official(self, entry: ImageEntry) -> View:
        image = _parsed(entry.name)
        if image is None or entry.name == HOST:
            return _unread(entry, None)
        try:
            repository = self._registries.glance(entry.name)
            found = self._reader.read(repository, image.digest or image.tag)
        except (RegistryError, TrainHubError) as error:
            return _unread(entry, error.message)
        view = image_view(image, found, title=entry.label, description=entry.description)
        # The very name that the site gives: forms and defaults use it.
        return view | {"name": entry.name}

    def _registry(self) -> tuple[View | None, list[View]]:
        """The site's registry as REST shows it, and the views of its images."""
        home = None
        try:
            home = self._registries.home()
            if home is None:
                return None, []
            with translated("registry"):
                views = self._images(home, time.monotonic() + _PATIENCE)
        except TrainHubError as error:
            name, source = (home.prefix, home.source) if home else (None, None)
            told = {"message": error.message, "remedy": error.remedy}
            return {"name": name, "source": source, **told}, []
        told = {"message": None, "remedy": None}
        return {"name": home.prefix, "source": home.source, **told}, views

    def _images(self, home: Home, deadline: float) -> list[View]:
        """Raises RegistryError where nothing can be read."""
        asked = self._asking.once("repositories", partial(self._repositories, home))
        paths, refused = _in_time([asked], deadline)[0]
        found = _in_time(self._asking.each(partial(self._tagged, home), paths), deadline)
        failures = [answer for answer in found if isinstance(answer, RegistryError)]
        images = [image for answer in found if isinstance(answer, list) for image in answer]
        if refused is not None:
            failures.append(refused)
        if failures and not images:
            raise failures[0]
        return _in_time(self._asking.each(self._view, images[:_MOST]), deadline)

    def _repositories(self, home: Home) -> tuple[list[str], RegistryError | None]:
        """Paths of repositories below the site's; and why they are but those that are known."""
        below = f"{home.path}/" if home.path else ""
        try:
            return [*islice(catalogue(hurried(home.endpoint), below), _MOST)], None
        except RegistryError as error:
            if error.reason not in _UNTOLD:
                raise
            known = filter(None, map(_parsed, self._known(home.prefix)))
            paths = sorted({image.path for image in known if home.holds(image)})
            return paths, error if error.reason == "Unauthorized" else None

    def _tagged(self, home: Home, path: str) -> list[Reference] | RegistryError:
        try:
            tags = [*self._registries.glance(f"{home.domain}/{path}").tags()]
        except RegistryError as error:
            return error
        return [Reference(home.domain, path, tag, "") for tag in tags]

    def _view(self, image: Reference) -> View:
        try:
            found = self._reader.read(self._registries.glance(str(image)), image.tag)
        except (RegistryError, TrainHubError) as error:
            return image_view(image, None, deletable=True, message=error.message)
        return image_view(image, found, deletable=True)


def _in_time(asked: list[Future[T]], deadline: float) -> list[T]:
    """All answers. Raises RegistryError where one is not there in time."""
    answers = there(asked, deadline)
    if None in answers:
        raise RegistryError(
            "the registry does not answer in time",
            remedy="Look again: what has been read by then is listed at once.",
            reason="Unavailable",
        )
    return [answer.result() for answer in answers if answer is not None]


def _unread(entry: ImageEntry, message: str | None) -> View:
    image = _parsed(entry.name) or Reference("", entry.name, "", "")
    view = image_view(
        image, None, title=entry.label, description=entry.description, message=message
    )
    return view | {"name": entry.name}


def _parsed(name: str) -> Reference | None:
    try:
        return parse(name)
    except InvalidReference:
        return None
