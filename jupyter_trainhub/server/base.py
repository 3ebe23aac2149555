"""What the routes have in common: who may call, how a body is read, how an error is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from jupyter_server.base.handlers import APIHandler, JupyterHandler

from jupyter_trainhub.errors import ClusterUnavailable, Forbidden, InvalidField
from jupyter_trainhub.server.failures import answer, is_foreseen
from jupyter_trainhub.server.same_origin import is_same_origin

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.server.service import Service

T = TypeVar("T")


class TrainHubHandler(JupyterHandler):
    """Base of everything that TrainHub answers."""

    auth_resource: ClassVar[str]

    @property
    def service(self) -> Service:
        """What the routes share."""
        service: Service = self.settings["trainhub"].service
        return service

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Logs a defect with its traceback; an answer to the user is none."""
        if is_foreseen(value):
            self.log.info("%s %s: %s", self.request.method, self.request.path, value)
        else:
            super().log_exception(typ, value, tb)

    def _log(self) -> None:
        if self.get_status() == 503:
            # Whoever waits for a cluster or a pod asks every few seconds; Jupyter would log each
            # request, headers and all, as an error of the server.
            self.log.debug("503 %s %s", self.request.method, self.request.path)
        else:
            super()._log()


class ApiHandler(TrainHubHandler, APIHandler):
    """Base of the REST routes, whose verbs are all ``@web.authenticated`` and ``@authorized``."""

    _hub: Hub | None = None

    async def hub(self, *, start: bool = False) -> Hub:
        """The hub, connected to its cluster; ``start`` starts the embedded one for it.

        Raises ClusterUnavailable.
        """
        self._hub = await self.service.hub(start=start)
        return self._hub

    async def run(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """The result of a call that blocks, made in a thread.

        When it finds the cluster gone, the next request connects anew.
        """
        try:
            return await self.service.run(call, *arguments, **named)
        except ClusterUnavailable:
            if self._hub is not None:
                await self.service.lose(self._hub)
            raise

    def require_same_origin(self) -> None:
        """Raise Forbidden for what a page of another server asks with a browser's cookies.

        For reading that makes this server act: other requests have a token against that.
        """
        request = self.request
        if not self.token_authenticated and not is_same_origin(
            "GET", request.headers, request.host
        ):
            raise Forbidden(
                "the request comes from a page of another server",
                reason="CrossOrigin",
                remedy="Ask from JupyterLab, or with a token.",
            )

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises InvalidField when it is not one."""
        try:
            body = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise InvalidField(
                f"the body of the request is not JSON: {error}",
                field="body",
                remedy="Send a JSON object.",
            ) from None
        if not isinstance(body, dict):
            raise InvalidField(
                "the body of the request must be a JSON object",
                field="body",
                remedy="Send a JSON object.",
            )
        return body

    def state(self, *allowed: str) -> str:
        """The ``state`` that a PATCH asks for.

        Raises InvalidField when it is none of ``allowed``.
        """
        body = self.json_object()
        wanted = " or ".join(repr(state) for state in allowed)
        unknown = sorted(body.keys() - {"state"})
        if unknown:
            raise InvalidField(
                f"{unknown[0]!r} cannot be changed", field=unknown[0], remedy="Change only 'state'."
            )
        state = body.get("state")
        if state not in allowed:
            raise InvalidField(
                f"state must be {wanted}, not {state!r}",
                field="state",
                remedy=f"Send {{'state': …}} with {wanted}.",
            )
        return str(state)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Ends the request with the contract's JSON for whatever was raised."""
        exc_info = kwargs.get("exc_info")
        if exc_info is not None:
            status_code, body = answer(exc_info[1])
            self.set_status(status_code)
        else:
            body = {"message": self._reason, "reason": "", "details": {}}
        self.finish(json.dumps(body))

    def count(self, name: str, *, least: int) -> int | None:
        """A whole number from the query, None where it is absent. Raises InvalidField."""
        text = self.get_query_argument(name, None)
        if text is None:
            return None
        if not re.fullmatch("[0-9]{1,18}", text) or int(text) < least:
            raise InvalidField(
                f"{text!r} is not a whole number of at least {least}",
                field=name,
                remedy=f"Give a number, as in {name}={least}, or leave it out.",
            )
        return int(text)

    def flag(self, name: str) -> bool:
        """A yes or no from the query, no where it is absent. Raises InvalidField."""
        text = self.get_query_argument(name, "false")
        if text not in ("true", "false"):
            raise InvalidField(
                f"{name} must be true or false, not {text!r}",
                field=name,
                remedy=f"Send {name}=true, or leave it out.",
            )
        return text == "true"
