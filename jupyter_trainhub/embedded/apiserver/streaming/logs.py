"""``pods/log``."""

from __future__ import annotations

import time

from tornado.iostream import StreamClosedError

from ...apimachinery import clock
from ...apimachinery.resources import PODS, Resource
from ...apimachinery.status import Cause, bad_request, invalid, invalid_object
from ...kubelet.container_logs import read, seek_last, show
from ...kubelet.kubelet import container_name
from ..handler import ApiHandler

_OPTIONS = Resource("", "v1", "pods", "PodLogOptions")
_SMALLEST = {"tailLines": 0, "sinceSeconds": 1, "limitBytes": 1}


class LogHandler(ApiHandler):
    """Writes a log, and what is added to it for as long as it is followed."""

    async def get(self, namespace: str, name: str) -> None:
        pod, query = self.context.store.get(PODS, namespace, name), self.query()
        numbers = _numbers(name, query)
        container = container_name(pod, query.get("container", ""))
        if not pod["spec"].get("nodeName"):
            # What a real server answers for a pod that no node runs.
            self.set_status(204)
            return
        previous = query.get("previous") in ("true", "1")
        path, running = self.context.kubelet.log(pod, container, previous)
        follow = query.get("follow") in ("true", "1")
        alive = running.alive if running else bool
        timestamps = query.get("timestamps") in ("true", "1")
        since = _since(query, numbers)
        left = numbers.get("limitBytes")
        self.set_header("Content-Type", "text/plain")
        client = self.request.connection
        fresh = True
        with path.open("rb") as file:
            # What is written from here on is not among the last lines.
            end = seek_last(file, numbers["tailLines"]) if "tailLines" in numbers else None
            try:
                await self.flush()
                async for lines in read(file, alive if follow else None, end):
                    text, fresh = show(lines, since, timestamps, fresh)
                    if left is not None:
                        text, left = text[:left], left - len(text)
                    if text:
                        self.write(text)
                        await self.flush()
                    if left is not None and left <= 0:
                        return
                    if client.stream.closed():  # type: ignore[union-attr]
                        return
            except StreamClosedError:
                return


def _numbers(name: str, query: dict[str, str]) -> dict[str, int]:
    """The options that are numbers.

    Raises:
        ApiError: 400 or 422, one is none, or too small.
    """
    numbers, causes = {}, []
    for option, least in _SMALLEST.items():
        if option not in query:
            continue
        try:
            numbers[option] = int(query[option])
        except ValueError as error:
            text = f'strconv.ParseInt: parsing "{query[option]}": invalid syntax'
            raise bad_request(text) from error
        if numbers[option] < least:
            detail = "must be greater than or equal to 0" if not least else "must be greater than 0"
            causes.append(invalid(option, numbers[option], detail))
    if "sinceSeconds" in query and "sinceTime" in query:
        text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        causes.append(Cause("FieldValueForbidden", text, ""))
    if causes:
        raise invalid_object(_OPTIONS, name, causes)
    return numbers


def _since(query: dict[str, str], numbers: dict[str, int]) -> bytes:
    """The second from which on lines are shown, as it stands in the file."""
    if "sinceSeconds" in numbers:
        return clock.at(time.time() - numbers["sinceSeconds"]).rstrip("Z").encode()
    if "sinceTime" not in query:
        return b""
    try:
        start = clock.parse(query["sinceTime"])
    except ValueError as error:
        raise bad_request(f"invalid sinceTime: {query['sinceTime']}") from error
    return clock.at(start.timestamp()).rstrip("Z").encode()
