"""``instances/{name}/ssh``: how to reach an instance by SSH; ``ssh/keys``: who may log in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_trainhub.errors import Conflict, InvalidField
from jupyter_trainhub.server.base import ApiHandler

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

RESOURCE = "trainhub:instances"


def authorized_keys() -> Path:
    """The file of the public keys with which this server's user may log in to instances."""
    return Path(jupyter_data_dir()) / "trainhub_authorized_keys"


class InstanceSshHandler(ApiHandler):
    """How to reach one instance by SSH."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """``Ssh``. The instance's host key is made with the first question."""
        hub = await self.hub()
        sshd = await self._sshd(hub, name)
        server = f"{self.request.protocol}://{self.request.host}{self.base_url}"
        self.finish(await self.run(_view, hub, name, server, sshd))

    async def _sshd(self, hub: Hub, name: str) -> bool:
        try:
            return (await hub.looks.interfaces(name))["sshd"]
        except Conflict:
            # It does not run, so nothing is known of its image.
            return False


class SshKeysHandler(ApiHandler):
    """The public keys with which the user may log in."""

    auth_resource = RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Adds ``{public_key}``; answers ``{fingerprint}``."""
        from jupyter_trainhub.ssh.authorized_keys import add

        text = self.json_object().get("public_key")
        if not isinstance(text, str):
            raise InvalidField(
                "a public key is missing",
                field="public_key",
                remedy="Send the text of a .pub file.",
            )
        self.finish({"fingerprint": await self.run(add, authorized_keys(), text)})


def _view(hub: Hub, name: str, server: str, sshd: bool) -> dict[str, Any]:
    from jupyter_trainhub.ssh.host_key import host_key, public_key
    from jupyter_trainhub.ssh.view import ssh_view

    view = hub.instances.get(name)
    return {
        **ssh_view(
            name,
            view["uid"],
            public_key(host_key(hub.client, name)),
            server=server,
            folder=view["spec"].get("working_dir") or "/",
            sshd=hub.instances.running(name)["status"]["podIP"] if sshd else None,
        )
    }
