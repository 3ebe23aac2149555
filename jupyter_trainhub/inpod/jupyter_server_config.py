"""Configuration of an instance's Jupyter server: whom it lets in, and signals.

The file ``token`` beside this one is the credential. The proxy of a Kubernetes API server keeps the
``Authorization`` header to itself, so the token is taken from a header of our own too. As the most
important file on Jupyter's configuration path it wins over what the image and the user have set,
but leaves their other settings alone, a password among them.
"""

from __future__ import annotations

import secrets
import signal
from pathlib import Path

from jupyter_server.auth.identity import PasswordIdentityProvider
from tornado.web import RequestHandler
from traitlets.config import get_config

HEADER = "X-TrainHub-Token"


class TrainHubIdentityProvider(PasswordIdentityProvider):
    """Jupyter's own, with one more way to hand over the token."""

    def get_token(self, handler: RequestHandler) -> str | None:
        """The token of a request: from our header when it is right, else as Jupyter finds it."""
        shown = handler.request.headers.get(HEADER, "")
        if secrets.compare_digest(shown.encode(), self.token.encode()):
            return str(self.token)
        found: str | None = super().get_token(handler)
        return found


c = get_config()
c.ServerApp.identity_provider_class = TrainHubIdentityProvider
# In the section of this very class, which no setting for the classes above it can override.
c.TrainHubIdentityProvider.token = Path(__file__).with_name("token").read_text().strip()

# The shell that starts this server makes it ignore these; kernels and terminals would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
# Every instance would ask anew whether to fetch news, which a closed network has none of.
c.LabApp.news_url = None
