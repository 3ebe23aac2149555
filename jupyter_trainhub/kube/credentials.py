"""What a connection of our own to the API server needs: its address, headers and TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any

from jupyter_trainhub.errors import ClusterUnavailable


@dataclass(frozen=True)
class Credentials:
    """Where the API server is, and as whom to ask it.

    ``url`` has no slash at its end and may have a path, below which the API lies. ``headers`` hold
    the token, if there is one. ``ssl_context`` is None for plain HTTP. What it was made of is there
    for those who make their own: files with the certificate authorities, and with the client's
    certificate and key; and whether the server's certificate is verified.
    """

    url: str
    headers: dict[str, str] = field(repr=False)
    ssl_context: ssl.SSLContext | None = field(repr=False)
    ca_file: str | None = None
    certificate_files: tuple[str, str] | None = None
    verify: bool = True


class _Context(ssl.SSLContext):
    """A context that asks for another name than the address's (kubeconfig: tls-server-name)."""

    name: str | None = None

    def wrap_socket(self, *arguments: Any, **named: Any) -> ssl.SSLSocket:
        if self.name:
            named["server_hostname"] = self.name
        return super().wrap_socket(*arguments, **named)


def credentials(api_client: Any) -> Credentials:
    """The credentials of the ``kubernetes`` package's ``ApiClient``. Blocks.

    A token that is about to expire is renewed first, by reading a file or running a program as the
    kubeconfig says. Raises ClusterUnavailable where only a proxy leads to the API server.
    """
    configuration = api_client.configuration
    pool = api_client.rest_client.pool_manager
    if getattr(pool, "proxy", None) or getattr(pool, "proxy_url", None):
        raise ClusterUnavailable(
            "terminals, SSH and connections to instances cannot go through an HTTP proxy",
            reason="ProxyUnsupported",
            field="kubeconfig",
            remedy="Name the API server's host in NO_PROXY, or leave out the kubeconfig's "
            "proxy-url.",
        )
    # Renews what is about to expire, the client's certificate among it; so it comes first.
    settings = configuration.auth_settings().values()
    headers = dict(api_client.default_headers)
    headers |= {str(one["key"]).title(): str(one["value"]) for one in settings if one["value"]}
    url = str(configuration.host).rstrip("/")
    context = _ssl_context(configuration) if url.startswith("https:") else None
    certificate = (configuration.cert_file, configuration.key_file)
    return Credentials(
        url,
        headers,
        context,
        ca_file=configuration.ssl_ca_cert,
        certificate_files=certificate if all(certificate) else None,
        verify=configuration.verify_ssl,
    )


def _ssl_context(configuration: Any) -> ssl.SSLContext:
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    context.name = configuration.tls_server_name
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif configuration.ssl_ca_cert or configuration.ca_cert_data:
        context.load_verify_locations(configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    else:
        context.load_default_certs()
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context
